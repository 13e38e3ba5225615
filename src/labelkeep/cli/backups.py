"""`labelkeep backups`: the backups that are kept. `labelkeep forget` lets some go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from labelkeep.cli.doors import segment
from labelkeep.cli.downloading import download as fetch
from labelkeep.cli.downloading import name_of
from labelkeep.cli.screen import Columns, moment, size
from labelkeep.cli.session import Session, Yes, with_session
from labelkeep.cli.targets import ProjectOption, Task, maybe_target
from labelkeep.errors import LabelkeepError, Partial

app = typer.Typer(help="List backups, look at them, pin, note, download and delete them.", no_args_is_help=True)
Id = Annotated[str, typer.Argument(metavar="BACKUP", help="The backup's id, as `labelkeep backups list` shows it.")]
Ids = Annotated[list[str], typer.Argument(metavar="BACKUP...", help="Ids, as `labelkeep backups list` shows them.")]
Gone = Annotated[
    bool | None, typer.Option("--gone/--living", help="Only of what is deleted, or only of what is still there.")
]
State = Annotated[str | None, typer.Option(help="Only complete, checking or damaged ones.")]
Trigger = Annotated[str | None, typer.Option(help="Only those by hand (manual), or by schedule, safety or copy.")]
Search = Annotated[str | None, typer.Option(help="Only with this in name, note or owner.")]


def _state(backup: Any) -> str:
    marks = [
        "pinned" if backup["pinned"] else "",
        "protected" if backup["protected"] else "",
        "source deleted" if backup["source"]["is_gone"] else "",
        "needs its cloud storage" if backup["media"]["referenced"]["count"] else "",
        "media missing" if backup["media"]["missing"]["count"] else "",
    ]
    return ", ".join(word for word in [backup["state"], *marks] if word)


COLUMNS: Columns = {
    "id": "id",
    "of": lambda backup: f"{backup['kind']} {backup['source']['name']}",
    "created": lambda backup: moment(backup["created_date"]),
    "by": "trigger",
    "size": lambda backup: size(backup["size"]),
    "new": lambda backup: size(backup["new_bytes"]),
    "state": _state,
    "note": "note",
}


def _media(which: str) -> Any:
    def told(backup: Any) -> str:
        amount = backup["media"][which]
        return f"{amount['count']} files, {size(amount['bytes'])}" if amount["count"] else ""

    return told


LINES: Columns = {
    **COLUMNS,
    "holds": "counts",
    "media included": _media("included"),
    "media referred to": _media("referenced"),
    "media missing": _media("missing"),
    "owner": "owner.username",
    "stores": "stores",
    "presence proved": lambda backup: moment(backup["checked_date"]),
    "read back": lambda backup: moment(backup["verified_date"]),
    "protected": "protected",
    "findings": lambda backup: [finding["message"] for finding in backup["findings"]],
}


@app.command("list")
@with_session
def list_backups(
    session: Session,
    project: ProjectOption = None,
    task: Task = None,
    gone: Gone = None,
    state: State = None,
    trigger: Trigger = None,
    search: Search = None,
) -> None:
    """List backups, the newest first; also those of deleted projects."""
    about = maybe_target(session, project, task)
    wanted = {"is_gone": gone, "state": state, "trigger": trigger, "search": search}
    session.screen.rows(session.rows("/api/backups", **(about.parameter if about else {}), **wanted), COLUMNS)


@app.command("show")
@with_session
def show(session: Session, backup: Id) -> None:
    """Show all that is known of a backup."""
    session.screen.one(session.get(_path(backup)), LINES)


@app.command("pin")
@with_session
def pin(session: Session, backup: Id) -> None:
    """Keep a backup whatever the policy says."""
    session.screen.said(f"Pinned {backup}", session.patch(_path(backup), {"pinned": True}))


@app.command("unpin")
@with_session
def unpin(session: Session, backup: Id) -> None:
    """Take the pin off a backup."""
    session.screen.said(f"Took the pin off {backup}", session.patch(_path(backup), {"pinned": False}))


@app.command("note")
@with_session
def note(
    session: Session, backup: Id, text: Annotated[str, typer.Argument(help="The note; empty takes it off.")]
) -> None:
    """Write a note on a backup."""
    session.screen.said(f"Noted on {backup}", session.patch(_path(backup), {"note": text}))


@app.command("download")
@with_session
def download(
    session: Session,
    backup: Id,
    file: Annotated[Path | None, typer.Argument(help="Where to; else here, under its own name.")] = None,
    yes: Yes = False,
) -> None:
    """Download a backup as an archive that CVAT reads. One that was cut off goes on where it stopped."""
    path = f"{_path(backup)}/archive"
    target = file or Path(name_of(session, path))
    if target.is_dir():
        target = target / name_of(session, path)
    if target.exists():
        session.screen.confirm(f"{target} is there already. Replace it?", yes)
    length = fetch(session, path, target)
    session.screen.said(f"Downloaded {target}, {size(length)}", {"file": str(target), "size": length})


@app.command("delete")
@with_session
def forget(session: Session, backups: Ids, yes: Yes = False) -> None:
    """Drop backups from the list. The room of what nothing else needs is freed later."""
    found = [session.get(_path(backup)) for backup in backups]
    names = ", ".join(f"{one['kind']} {one['source']['name']} of {moment(one['created_date'])}" for one in found)
    session.screen.confirm(f"Delete {len(found)} of the backups ({names})?", yes)
    failed = [backup for backup in backups if not _is_forgotten(session, backup)]
    if failed:
        kind = Partial if len(failed) < len(backups) else LabelkeepError
        raise kind(f"{len(failed)} of {len(backups)} are still there")


def _is_forgotten(session: Session, backup: str) -> bool:
    try:
        session.delete(_path(backup))
    except LabelkeepError as error:
        session.screen.warn(f"{backup}: {error}")
        return False
    session.screen.said(f"Deleted {backup}", {"id": backup, "deleted": True})
    return True


def _path(backup: str) -> str:
    return f"/api/backups/{segment(backup)}"
