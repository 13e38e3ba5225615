"""Request ids: what an operation is called on the wire (spec/cvat-protocol.md §7.2).

An id is made of its parts, so starting the same work twice gives the same id, and the row's unique key turns the
second start away. Clients treat ids as opaque, but old ones still ask with the spelling of CVAT before 2.28; both are
read here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from uuid import UUID

from labelkeep.errors import BadInput

TARGETS = frozenset({"project", "task", "job", "store"})  # the last is ours: CVAT has no work on the whole
_LEGACY = re.compile(
    r"(?P<action>create|import|export):(?P<target>project|task|job)-(?P<which>[0-9a-f-]+?)"
    r"(?:-(?P<subresource>backup|dataset|annotations))?(?:-in-(?P<format>.+)-format)?(?:-by-(?P<user>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Key:
    """The parts of a request id, in the order they are written. What is empty is left out."""

    action: str
    target: str
    target_id: int | None = None
    id: str | None = None
    user_id: int | None = None
    lightweight: bool | None = None
    format: str | None = None
    subresource: str | None = None

    def __str__(self) -> str:
        return "&".join(f"{item.name}={_escape(value)}" for item in fields(self) if (value := getattr(self, item.name)))


def create_task(task_id: int) -> str:
    """The id of attaching data to a task."""
    return str(Key("create", "task", target_id=task_id))


def export_backup(target: str, target_id: int, user_id: int, *, lightweight: bool = False) -> str:
    """The id of making a backup of a project or task for one user."""
    key = Key("export", target, target_id, user_id=user_id, lightweight=lightweight or None, subresource="backup")
    return str(key)


def make_backup(target: str, target_id: int, user_id: int | None) -> str:
    """The id of making a backup that is kept, for one user or (None) for the schedule."""
    return str(Key("backup", target, target_id=target_id, user_id=user_id))


def restore_backup(target: str, backup: UUID | str, user_id: int, how: str) -> str:
    """The id of restoring a backup for one user; `how` stands for the choices that were made."""
    return str(Key("restore", target, id=f"{backup}-{how}", user_id=user_id))


def transfer_backup(target: str, target_id: int, backup: UUID | str, user_id: int, how: str) -> str:
    """The id of transferring a backup into a project or task that is there."""
    return str(Key("transfer", target, target_id, f"{backup}-{how}", user_id))


def import_backup(target: str, upload: UUID | str) -> str:
    """The id of restoring an uploaded archive as a project or task; `upload` makes it unique."""
    return str(Key("import", target, id=str(upload), subresource="backup"))


def parse(text: str) -> Key:
    """Read a request id in either spelling.

    Raises:
        BadInput: it is neither.
    """
    try:
        return _parse_legacy(text) if ":" in text.partition("=")[0] else _parse(text)
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput(f"{text!r} is not a request id") from error


def _parse(text: str) -> Key:
    parts = dict(part.split("=", 1) for part in text.split("&"))
    if "" in parts.values() or parts["target"] not in TARGETS:
        raise ValueError(text)
    return Key(
        action=parts.pop("action"),
        target=parts.pop("target"),
        target_id=_integer(parts.pop("target_id", None)),
        id=parts.pop("id", None),
        user_id=_integer(parts.pop("user_id", None)),
        lightweight=_true(parts.pop("lightweight", None)),
        format=_unescape(parts.pop("format", None)),
        **parts,
    )


def _parse_legacy(text: str) -> Key:
    match = _LEGACY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    which = match["which"]
    by_number = which.isdigit()
    return Key(
        action=match["action"],
        target=match["target"],
        target_id=int(which) if by_number else None,
        id=None if by_number else str(UUID(which)),
        user_id=_integer(match["user"]),
        format=match["format"].replace("@", ".").replace("_", " ") if match["format"] else None,
        subresource=match["subresource"],
    )


def _escape(value: object) -> str:
    return str(value).replace(".", "~").replace(" ", "_")


def _unescape(text: str | None) -> str | None:
    return text.replace("~", ".").replace("_", " ") if text else None


def _integer(text: str | None) -> int | None:
    return int(text) if text else None


def _true(text: str | None) -> bool | None:
    if text not in (None, "True"):
        raise ValueError(text)
    return True if text else None
