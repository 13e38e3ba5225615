"""`labelkeep transfer`: data of a backup back into a project or task that is there."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from labelkeep.cli.backups import Id
from labelkeep.cli.doors import segment
from labelkeep.cli.restore import Frames, Jobs, Labels, OnlyPlan, Tasks, UserMap, counted, pairs, range_of
from labelkeep.cli.session import Session, Wait, Yes, with_session
from labelkeep.cli.targets import ProjectOption, target

IntoTask = Annotated[int | None, typer.Option(help="Into this task, by its number.")]
Mode = Annotated[
    str,
    typer.Option(
        help="append adds what is not there, replace also takes out what the backup has not, skip adds tasks."
    ),
]


@with_session
def transfer(
    session: Session,
    backup: Id,
    project: ProjectOption = None,
    into_task: IntoTask = None,
    mode: Mode = "append",
    user_map: UserMap = [],  # noqa: B006
    task: Tasks = [],  # noqa: B006
    job: Jobs = [],  # noqa: B006
    label: Labels = [],  # noqa: B006
    frames: Frames = [],  # noqa: B006
    plan: OnlyPlan = False,
    yes: Yes = False,
    wait: Wait = True,
) -> None:
    """Transfer a backup, or a part of it, into a project or task that is there. A safety backup is made first.

    What would change is counted and shown before; a second time changes nothing.
    """
    chosen = target(session, project, into_task)
    body = {
        **chosen.parameter,
        "mode": mode,
        "users": dict(pairs(user_map)),
        "tasks": task,
        "jobs": job,
        "labels": label,
        "frames": [range_of(text) for text in frames],
    }
    path = f"/api/backups/{segment(backup)}/transfer"
    planned = session.post(f"{path}-plan", body)
    if plan:
        return session.screen.said(_sentence("Would transfer", planned), planned)
    session.screen.confirm(f"{_sentence('Transfer', planned)} into {chosen}?", yes)
    result = session.follow(session.start(path, body), f"the transfer into {chosen}", wait=wait)
    if result is not None:
        session.screen.said(_sentence("Transferred", planned), result)


def _sentence(verb: str, planned: dict[str, Any]) -> str:
    parts = [f"add {counted(planned['added'])}", f"remove {counted(planned['removed'])}"]
    new = f", new tasks: {counted(planned['new'])}" if planned["new"] else ""
    return f"{verb}: {'; '.join(parts)}; {counted(planned['same'])} the same{new}"
