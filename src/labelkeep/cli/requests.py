"""`labelkeep requests`: what is being done, and what was."""

from __future__ import annotations

from typing import Annotated

import typer

from labelkeep.cli.doors import segment
from labelkeep.cli.screen import Columns, moment
from labelkeep.cli.session import Session, with_session

app = typer.Typer(help="Look at operations, wait for them, cancel them.", no_args_is_help=True)
Key = Annotated[str, typer.Argument(help="The request's id, as `labelkeep requests list` shows it.")]


def _done(told: dict[str, float]) -> str:
    return f"{told['progress'] or 0:.0%}"


COLUMNS: Columns = {
    "id": "id",
    "status": "status",
    "done": _done,
    "by": "owner.username",
    "created": lambda told: moment(told["created_date"]),
    "message": "message",
}
LINES: Columns = {
    **COLUMNS,
    "seconds left": "seconds_left",
    "number in the queue": "queue_position",
    "ended": lambda told: moment(told["finished_date"]),
}


@app.command("list")
@with_session
def list_requests(session: Session, status: Annotated[str | None, typer.Option(help="Only those.")] = None) -> None:
    """List operations, the newest first."""
    session.screen.rows(session.rows("/api/requests", status=status), COLUMNS)


@app.command("show")
@with_session
def show(session: Session, key: Key) -> None:
    """Show how an operation stands."""
    session.screen.one(session.get(f"/api/requests/{segment(key)}"), LINES)


@app.command("wait")
@with_session
def wait(session: Session, key: Key) -> None:
    """Wait for the end of an operation and print its result."""
    result = session.follow(key, "the operation")
    assert result is not None
    session.screen.said("Finished", result)


@app.command("cancel")
@with_session
def cancel(session: Session, key: Key) -> None:
    """Cancel an operation. What it has made so far goes."""
    session.post(f"/api/requests/{segment(key)}/cancel")
    session.screen.said("Cancelled", {"rq_id": key})
