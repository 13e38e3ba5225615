"""`labelkeep backup`: make backups that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from labelkeep.cli.screen import size
from labelkeep.cli.session import Session, Wait, with_session
from labelkeep.cli.targets import Project, Target, Task, target
from labelkeep.errors import BadInput, LabelkeepError, Partial

Note = Annotated[str, typer.Option(help="A note to keep with it.")]
All = Annotated[bool, typer.Option("--all", help="Each project, and each task that is in none.")]
Full = Annotated[bool, typer.Option("--full", help="With media that lie in a cloud storage.")]


@with_session
def backup(
    session: Session,
    project: Project = None,
    task: Task = None,
    everything: All = False,
    note: Note = "",
    full: Full = False,
    wait: Wait = True,
) -> None:
    """Back a project or task up. It is checked as it is made; the last thing printed is its id."""
    how = {"note": note, "lightweight": not full}
    if not everything:
        chosen = target(session, project, task)
        return _told(session, session.follow(_start(session, chosen, how), f"the backup of {chosen}", wait=wait))
    if project is not None or task is not None:
        raise BadInput("--all is about all of them: name no project and no task")
    _all(session, list(_all_targets(session)), how, wait)


def _start(session: Session, chosen: Target, how: dict[str, Any]) -> str:
    return session.start("/api/backups", {**chosen.parameter, **how})


def _told(session: Session, result: dict[str, Any] | None) -> None:
    """Print a backup that is made; nothing where nobody waited."""
    if result is None:
        return
    made = session.get(f"/api/backups/{result['backup']}")
    new, whole = size(made["new_bytes"]), size(made["size"])
    session.screen.said(
        f"Backed up {made['kind']} {made['source']['name']}, {whole}, {new} of it new: {made['id']}", made
    )


def _all_targets(session: Session) -> Iterable[Target]:
    for project in session.rows("/api/projects", sort="id"):
        yield Target("project", project["id"], project["name"])
    alone = '{"==": [{"var": "project_id"}, null]}'
    for task in session.rows("/api/tasks", sort="id", filter=alone):
        if task.get("size"):
            yield Target("task", task["id"], task["name"])


def _all(session: Session, chosen: list[Target], how: dict[str, Any], wait: bool) -> None:
    """Start all, then wait for each; one that fails is named and stops no other.

    Raises:
        Partial: some failed. LabelkeepError: all did.
    """
    started, failed = [], 0
    for one in chosen:
        try:
            started.append((one, _start(session, one, how)))
        except LabelkeepError as error:
            failed += 1
            session.screen.warn(f"{one}: {error}")
    for one, key in started:
        try:
            _told(session, session.follow(key, f"the backup of {one}", wait=wait))
        except LabelkeepError as error:
            if error.exit_code == 130:
                raise
            failed += 1
            session.screen.warn(str(error))
    if failed:
        kind = Partial if failed < len(chosen) else LabelkeepError
        raise kind(f"{failed} of {len(chosen)} could not be backed up")
