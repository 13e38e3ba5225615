"""`labelkeep undo`: what was deleted, and bringing it back."""

from __future__ import annotations

from typing import Annotated

import typer

from labelkeep.cli.screen import Columns, moment
from labelkeep.cli.session import Session, with_session
from labelkeep.errors import BadInput

COLUMNS: Columns = {
    "id": "id",
    "what": lambda removal: f"{removal['what']} {removal['subject_id']}",
    "name": "name",
    "by": "owner.username",
    "deleted": lambda removal: moment(removal["created_date"]),
    "until": lambda removal: moment(removal["until"]),
    "undone": lambda removal: moment(removal["undone_date"]),
}
Number = Annotated[int | None, typer.Argument(help="The number of a deletion, as `labelkeep undo --list` shows it.")]
Listed = Annotated[bool, typer.Option("--list", help="List what was deleted, the latest first.")]


@with_session
def undo(session: Session, removal: Number = None, listed: Listed = False) -> None:
    """Bring back a project, task, ground truth job or label that was deleted, where it was and as it was."""
    if listed == (removal is not None):
        raise BadInput("say which deletion is to be undone, or --list")
    if listed:
        return session.screen.rows(session.rows("/api/removals"), COLUMNS)
    back = session.post(f"/api/removals/{removal}/undo")
    session.screen.said(f"Brought back {back['what']} {back['name']}: {back['subject_id']}", back)
