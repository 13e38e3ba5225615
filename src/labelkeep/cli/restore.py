"""`labelkeep restore`: a new project or task from a backup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from labelkeep.cli.backups import Id
from labelkeep.cli.doors import segment
from labelkeep.cli.session import Session, Wait, with_session
from labelkeep.errors import BadInput

Name = Annotated[str, typer.Option(help="What it shall be called; else as it was.")]
UserMap = Annotated[
    list[str], typer.Option(metavar="OLD=NEW", help="A username of the backup and the one here; repeat it.")
]


@with_session
def restore(session: Session, backup: Id, name: Name = "", user_map: UserMap = [], wait: Wait = True) -> None:  # noqa: B006
    """Restore a backup as a new project or task, whose number is printed last. Nothing that is there is changed."""
    body = {"name": name, "users": dict(_pairs(user_map))}
    key = session.start(f"/api/backups/{segment(backup)}/restore", body)
    result = session.follow(key, f"the restore of {backup}", wait=wait)
    if result is None:
        return
    for finding in result["not_carried"]:
        session.screen.warn(f"not restored: {finding['message']}")
    made = session.get(f"/api/{result['kind']}s/{result['id']}")
    session.screen.said(f"Restored {result['kind']} {made['name']}: {result['id']}", result)


def _pairs(texts: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in texts:
        old, equals, new = text.partition("=")
        if not (old and equals and new):
            raise BadInput(f"--user-map {text!r} is not OLD=NEW")
        yield old, new
