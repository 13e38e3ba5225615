"""`labelkeep restore`: a new project or task from a backup, or from a part of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from labelkeep.cli.doors import segment
from labelkeep.cli.screen import size, text_of
from labelkeep.cli.session import Session, Wait, Yes, with_session
from labelkeep.errors import BadInput

What = Annotated[
    str, typer.Argument(metavar="BACKUP", help="A backup's id, as `labelkeep backups list` shows it; or an archive.")
]
Name = Annotated[str, typer.Option(help="What it shall be called; else as it was.")]
UserMap = Annotated[
    list[str], typer.Option(metavar="OLD=NEW", help="A username of the backup and the one here; repeat it.")
]
Tasks = Annotated[list[int], typer.Option("--task", help="Only this task, by its number in the backup; repeat it.")]
Jobs = Annotated[list[int], typer.Option("--job", help="Only this job, by its number in the backup; repeat it.")]
Labels = Annotated[list[str], typer.Option("--label", help="Only what has this label, by its name; repeat it.")]
Frames = Annotated[list[str], typer.Option(metavar="FIRST-LAST", help="Only these frames of each task; repeat it.")]
OnlyPlan = Annotated[bool, typer.Option("--plan", help="Say what would be made, and make nothing.")]
_ORDER = ("tasks", "jobs", "frames", "files", "tags", "shapes", "tracks", "issues")


@with_session
def restore(
    session: Session,
    backup: What,
    name: Name = "",
    user_map: UserMap = [],  # noqa: B006
    task: Tasks = [],  # noqa: B006
    job: Jobs = [],  # noqa: B006
    label: Labels = [],  # noqa: B006
    frames: Frames = [],  # noqa: B006
    plan: OnlyPlan = False,
    yes: Yes = False,
    wait: Wait = True,
) -> None:
    """Restore a backup as a new project or task, whose number is printed last. Nothing that is there is changed.

    On a terminal it says what it would make, and asks. An archive, from CVAT or from another Labelkeep, is judged whole
    before anything is made of it.
    """
    archive = Path(backup)
    if archive.is_file():
        return _archive(session, archive, any([name, user_map, task, job, label, frames, plan]), wait)
    body = {
        "name": name,
        "users": dict(pairs(user_map)),
        "tasks": task,
        "jobs": job,
        "labels": label,
        "frames": [range_of(text) for text in frames],
    }
    if plan or (sys.stdin.isatty() and not yes):
        planned = session.post(f"{_path(backup)}/restore-plan", body)
        _print_plan(session, planned)
        if plan:
            return
        session.screen.offer(f"Restore {planned['kind']} {planned['name']}?", yes)
    key = session.start(f"{_path(backup)}/restore", body)
    _told(session, session.follow(key, f"the restore of {backup}", wait=wait))


def _archive(session: Session, archive: Path, has_choices: bool, wait: bool) -> None:
    """Restore a file, all of it."""
    from labelkeep.cli.uploading import upload

    if has_choices:
        raise BadInput("an archive is restored whole, as it is; parts and other names are for backups that are here")
    _told(session, session.follow(upload(session, archive), f"the restore of {archive.name}", wait=wait))


def _path(backup: str) -> str:
    return f"/api/backups/{segment(backup)}"


def _told(session: Session, result: dict[str, Any] | None) -> None:
    """Print what is made, and warn of what was not carried; nothing where nobody waited."""
    if result is None:
        return
    _warn(session, result["not_carried"])
    made = session.get(f"/api/{result['kind']}s/{result['id']}")
    session.screen.said(f"Restored {result['kind']} {made['name']}: {result['id']}", result)


def _warn(session: Session, findings: Iterable[dict[str, str]]) -> None:
    for finding in findings:
        session.screen.warn(f"not restored: {finding['message']}")


def _print_plan(session: Session, planned: dict[str, Any]) -> None:
    """What would be made: the object with `--json`, else lines for people."""
    what = f"A new {planned['kind']} {planned['name']}: {counted(planned['counts'])}, {size(planned['size'])} of media"
    session.screen.said(what, planned)
    if session.screen.as_json:
        return
    for task in planned["tasks"]:
        session.screen.said(f"  task {task['id']} {text_of(task['name'])}: {counted(task['counts'])}")
    for label, counts in planned["labels"].items():
        session.screen.said(f"  label {text_of(label)}: {counted(counts)}")
    _warn(session, planned["not_carried"])


def counted(counts: dict[str, int]) -> str:
    """The larger things first; what there is none of is not named."""
    order = [name for name in _ORDER if name in counts] + sorted(counts.keys() - set(_ORDER))
    words = [f"{counts[name]} {name if counts[name] != 1 else name[:-1]}" for name in order if counts[name]]
    return ", ".join(words) or "nothing"


def pairs(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    """OLD=NEW, taken apart. Raises BadInput."""
    for text in texts:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise BadInput(f"--user-map {text!r} is not OLD=NEW")
        yield old, new


def range_of(text: str) -> tuple[int, int]:
    """FIRST-LAST or one frame. Raises BadInput."""
    first, _, last = text.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise BadInput(f"--frames {text!r} is not FIRST-LAST, two numbers of frames")
    return int(first), int(last or first)
