"""`labelkeep schedule`: when backups are made; `labelkeep retention`: which of them are kept, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from labelkeep.cli.screen import Columns, moment, text_of
from labelkeep.cli.session import Session, with_session
from labelkeep.cli.targets import Project, Task, maybe_target, target
from labelkeep.errors import BadInput, NotFound

WHOSE = "Of a project or task; else of the organization that --org names, else of the whole server."

app = typer.Typer(help=f"When backups are made. {WHOSE}", no_args_is_help=True)
retention = typer.Typer(help="Which backups are kept, and why.", no_args_is_help=True)

On = Annotated[bool | None, typer.Option("--on/--off", help="Whether backups are made at all.")]
Frequency = Annotated[str | None, typer.Option(help="hourly, daily, weekly, monthly or cron.")]
Time = Annotated[str | None, typer.Option(help="The time of day, HH:MM; hourly: its minutes.")]
Weekday = Annotated[int | None, typer.Option(help="Weekly: 1 (Monday) to 7.")]
Day = Annotated[int | None, typer.Option(help="Monthly: 1 to 31; a shorter month: its last.")]
Cron = Annotated[str | None, typer.Option(help="The expression of a schedule by cron.")]
Zone = Annotated[str | None, typer.Option(help="The time zone, such as Europe/Berlin.")]
Skip = Annotated[bool | None, typer.Option(help="Make none where nothing has changed.")]
Full = Annotated[bool | None, typer.Option("--full/--lightweight", help="With media in cloud storages, or without.")]
Inherit = Annotated[list[str], typer.Option(metavar="FIELD", help="A field to be as the scope above says; repeat it.")]
Last = Annotated[int | None, typer.Option("--keep-last", help="Keep so many of the newest.")]
Hourly = Annotated[int | None, typer.Option("--keep-hourly", help="Keep the newest of so many hours.")]
Daily = Annotated[int | None, typer.Option("--keep-daily", help="Keep the newest of so many days.")]
Weekly = Annotated[int | None, typer.Option("--keep-weekly", help="Keep the newest of so many weeks.")]
Monthly = Annotated[int | None, typer.Option("--keep-monthly", help="Keep the newest of so many months.")]
Yearly = Annotated[int | None, typer.Option("--keep-yearly", help="Keep the newest of so many years.")]
MaxAge = Annotated[int | None, typer.Option("--max-age-days", help="Keep nothing that is older.")]

DECISIONS: Columns = {
    "backup": "backup",
    "created": lambda one: moment(one["created_date"]),
    "": lambda one: "keep" if one["keep"] else "remove",
    "because": "reasons",
}


@app.command("show")
@with_session
def show(session: Session, project: Project = None, task: Task = None) -> None:
    """Show what holds, where it comes from, and the next moments."""
    _print(session, session.get(_path(session, project, task)))


@app.command("set")
@with_session
def set_schedule(
    session: Session,
    project: Project = None,
    task: Task = None,
    on: On = None,
    frequency: Frequency = None,
    time: Time = None,
    weekday: Weekday = None,
    day: Day = None,
    cron: Cron = None,
    zone: Zone = None,
    skip_if_unchanged: Skip = None,
    full: Full = None,
    keep_last: Last = None,
    keep_hourly: Hourly = None,
    keep_daily: Daily = None,
    keep_weekly: Weekly = None,
    keep_monthly: Monthly = None,
    keep_yearly: Yearly = None,
    max_age_days: MaxAge = None,
    inherit: Inherit = [],  # noqa: B006
) -> None:
    """Set some of it. What is kept is set as a whole: each rule that is not named keeps nothing."""
    policy = _policy(keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, max_age_days)
    given = {
        "enabled": on,
        "frequency": frequency or ("cron" if cron else None),
        "time": time,
        "weekday": weekday,
        "day": day,
        "cron": cron,
        "zone": zone,
        "skip_if_unchanged": skip_if_unchanged,
        "lightweight": None if full is None else not full,
        "retention": policy,
    }
    unknown = [name for name in inherit if name not in given]
    if unknown:
        raise BadInput(f"there is no {unknown[0]} to inherit: the fields are {', '.join(given)}")
    changes = {name: value for name, value in given.items() if value is not None} | dict.fromkeys(inherit)
    if not changes:
        raise BadInput("say what to set; `labelkeep schedule set --help` lists it")
    _print(session, session.patch(_path(session, project, task), changes))


@app.command("clear")
@with_session
def clear(session: Session, project: Project = None, task: Task = None) -> None:
    """Go back, in everything, to what the scope above says."""
    path = _path(session, project, task)
    session.delete(path)
    _print(session, session.get(path))


@retention.command("show")
@with_session
def show_retention(session: Session, project: Project = None, task: Task = None) -> None:
    """Show which backups of a project or task the policy keeps, and why."""
    _decisions(session, session.get(f"{target(session, project, task).path}/backup-retention"))


@retention.command("try")
@with_session
def try_retention(
    session: Session,
    project: Project = None,
    task: Task = None,
    keep_last: Last = None,
    keep_hourly: Hourly = None,
    keep_daily: Daily = None,
    keep_weekly: Weekly = None,
    keep_monthly: Monthly = None,
    keep_yearly: Yearly = None,
    max_age_days: MaxAge = None,
) -> None:
    """Show what another policy would keep. Nothing is removed."""
    policy = _policy(keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly, max_age_days)
    path = f"{target(session, project, task).path}/backup-retention"
    _decisions(session, session.post(path, {"retention": policy or {}}))


def _policy(*rules: int | None) -> dict[str, int] | None:
    names = ("last", "hourly", "daily", "weekly", "monthly", "yearly", "max_age_days")
    given = {name: rule for name, rule in zip(names, rules, strict=True) if rule is not None}
    return given or None


def _path(session: Session, project: str | None, task: int | None) -> str:
    about = maybe_target(session, project, task)
    if about is not None:
        return f"{about.path}/backup-schedule"
    if not session.organization:
        return "/api/server/backup-schedule"
    for organization in session.rows("/api/organizations", slug=session.organization):
        return f"/api/organizations/{organization['id']}/backup-schedule"
    raise NotFound(f"there is no organization {session.organization!r}")


def _print(session: Session, told: dict[str, Any]) -> None:
    def line(name: str) -> Any:
        def shown(_: Any) -> str:
            value = told["effective"][name]
            words = "no" if value is False else _rules(value) if name == "retention" else text_of(value)
            return f"{words}  ({told['origin'][name]})" if words else ""

        return shown

    lines: dict[str, Any] = {name.replace("_", " "): line(name) for name in told["effective"]}
    lines["next"] = lambda _: [moment(slot) for slot in told["next_slots"][:3]]
    session.screen.one(told, lines)


def _rules(policy: dict[str, int | None]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in policy.items() if count)


def _decisions(session: Session, told: dict[str, Any]) -> None:
    if session.screen.as_json:
        session.screen.one(told, {})
    else:
        print(f"Policy: {_rules(told['policy'])}")
        session.screen.rows(told["decisions"], DECISIONS)
