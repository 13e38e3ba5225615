"""`labelkeep diff`: what has changed since a backup. `labelkeep history`, `blame` and `revert`: single objects."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from labelkeep.cli.doors import segment
from labelkeep.cli.screen import Columns, moment, printable
from labelkeep.cli.session import Session, with_session
from labelkeep.errors import BadInput, StoreError

Backup = Annotated[str, typer.Argument(metavar="BACKUP", help="The backup's id.")]
Other = Annotated[str, typer.Argument(metavar="[OTHER]", help="Another backup's id; else what it is now.")]
Match = Annotated[str, typer.Option(help="How objects are found again: auto, number or overlap.")]
InTask = Annotated[str | None, typer.Option("--task", help="Of this task alone, by its number or uuid in the backup.")]
OnFrame = Annotated[int | None, typer.Option("--frame", help="Of this frame alone.")]
Details = Annotated[bool, typer.Option("--details", help="Tell single objects, too.")]
Picture = Annotated[
    Path | None, typer.Option(help="Draw --frame of --task before and after, into this file (PNG).", dir_okay=False)
]
Job = Annotated[int, typer.Argument(metavar="JOB", help="A job, by its number.")]
ObjectId = Annotated[int, typer.Argument(metavar="OBJECT", help="An object, by the id that annotations have.")]
Frame = Annotated[int, typer.Argument(metavar="FRAME", help="A frame of the task, from 0.")]
Revision = Annotated[int, typer.Argument(metavar="REVISION", help="As it was after this save.")]

VERSIONS: Columns = {
    "revision": lambda version: version["revision"] or "",
    "date": lambda version: moment(version["created_date"]),
    "by": "actor.username",
    "what": lambda version: version["changes"] if version["since"] == version["revision"] else _since(version),
    "in backups": lambda version: len(version["backups"]) or "",
}
BLAME: Columns = {
    "object": "id",
    "kind": lambda line: line["kind"][:-1],
    "revision": "revision",
    "date": lambda line: moment(line["created_date"]),
    "by": "actor.username",
}


def _since(version: Any) -> str:
    words = ", ".join(version["changes"]) or "restored"
    return f"{words} (between {version['since']} and {version['revision']})" if version["since"] else words


@with_session
def diff(
    session: Session,
    backup: Backup,
    other: Other = "",
    match: Match = "auto",
    task: InTask = None,
    frame: OnFrame = None,
    details: Details = False,
    picture: Picture = None,
) -> None:
    """Tell what has changed between a backup and another one, or since it was made."""
    path = f"/api/backups/{segment(backup)}/diff"
    query: dict[str, Any] = {"with": other or "now", "match": match, "task": task, "frame": frame}
    if picture is not None:
        _draw(session, path, query, picture)
    elif not session.screen.as_json:
        _print(session.ask("GET", f"{path}/text", None, {**query, "details": details}).pieces)
    elif details:
        session.screen.rows(session.rows(path, **query, details=True), {})
    else:
        session.screen.said("", session.get(path, **query))


@with_session
def history(session: Session, job: Job, object_id: ObjectId) -> None:
    """Tell what an object was, who changed it, and when: through saves, and through backups."""
    session.screen.rows(session.get(f"/api/jobs/{job}/history", object=object_id)["versions"], VERSIONS)


@with_session
def blame(session: Session, job: Job, frame: Frame) -> None:
    """Tell who changed each object on a frame last."""
    session.screen.rows(session.get(f"/api/jobs/{job}/blame", frame=frame)["objects"], BLAME)


@with_session
def revert(session: Session, job: Job, object_id: ObjectId, revision: Revision) -> None:
    """Let one object be as it was after an earlier save; nothing else changes, and history goes on."""
    told = session.post(f"/api/jobs/{job}/revert", {"object": object_id, "revision": revision})
    last = told["versions"][-1]
    made = last["revision"]
    session.screen.said(f"Object {object_id} is as it was after revision {revision}; this is revision {made}", last)


def _draw(session: Session, path: str, query: dict[str, Any], target: Path) -> None:
    if query["task"] is None or query["frame"] is None:
        raise BadInput("--picture draws one frame of one task: say --task and --frame")
    image = session.ask("GET", f"{path}/picture", None, query).read()
    try:
        target.write_bytes(image)
    except OSError as error:
        raise StoreError(f"{target} cannot be written: {error}") from error
    session.screen.said(f"Drawn: {target}", {"picture": str(target)})


def _print(pieces: Iterable[bytes]) -> None:
    """Text as it comes, letters that are cut in two put together."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in pieces:
        print(printable(decoder.decode(piece)), end="", flush=True)
