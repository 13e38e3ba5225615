"""What every transaction that writes keeps to, and what is said when the database could not carry one out.

SQLite lets one transaction write at a time. PostgreSQL lets many, and each of their statements sees what was committed
when it began: between reading a row and acting upon it, others may change it. So whoever decides by a row either lets
the database decide (a constraint, an UPDATE with the condition in it), or holds the row first and reads it then. Rows
are held in this order, so that no two transactions wait for each other:

    operation → user → organization → project → task → job

What lies below a project or a task that stands alone is written by those who hold it (`projects.holding`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
    transaction,
)
from django.db.models import QuerySet

from labelkeep.errors import BadInput, LabelkeepError, NotFound, StoreFull, Unavailable

_GAVE_WAY = frozenset({"40001", "40P01"})  # serialization failure, deadlock
_WAITED = "55P03"  # too long for a lock
_POINTED_AT = "23503"  # a foreign key would lead nowhere
_ATTEMPTS = 10
_INPUT = {
    "22003": "A number is larger than any that can be stored.",
    "22001": "A text is longer than any that can be stored there.",
}
_BUSY = "The database is busy; try again."
_FULL = "The disk of the database is full. Remove what is not needed, and prune."
_DISK_FULL = "53100"
_AWAY = "The database does not answer; try again."


def hold(rows: QuerySet[Any], *, to_remove: bool = False) -> None:
    """Let nobody else change these rows until this transaction ends; waits for those who hold one.

    `to_remove`: also let nobody point at them anew. With SQLite a transaction is alone from its first statement.
    """
    if connections[rows.db].features.has_select_for_update:
        list(rows.order_by("pk").select_for_update(no_key=not to_remove).values_list("pk", flat=True))


def is_passing(error: Error) -> bool:
    """Whether the same transaction may succeed in a moment: others were first, or the database is being started."""
    return isinstance(error, OperationalError | InterfaceError)


def gave_way(error: Error) -> bool:
    """Whether the database ended the transaction for the sake of another. None of it was carried out."""
    return _state(error) in _GAVE_WAY


def remove(carry_out: Callable[[], object]) -> None:
    """Carry out a removal in a transaction, and again when somebody has meanwhile made what belongs to the removed."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic():
                carry_out()
            return
        except DatabaseError as error:
            if attempt == _ATTEMPTS or not (gave_way(error) or _leads_nowhere(error)):
                raise


def told(error: Error) -> LabelkeepError | None:
    """A failure of the database in our words; None: it is nobody's doing but ours."""
    if isinstance(error, DataError):
        return BadInput(_INPUT.get(_state(error), "A text has a character that cannot be stored."))
    if isinstance(error, IntegrityError):
        return NotFound("What this belongs to was removed in the meantime.") if _leads_nowhere(error) else None
    if isinstance(error, OperationalError) and ("disk is full" in str(error) or _state(error) == _DISK_FULL):
        return StoreFull(_FULL)
    if isinstance(error, OperationalError) and ("locked" in str(error) or _state(error) in {*_GAVE_WAY, _WAITED}):
        return Unavailable(_BUSY)
    if isinstance(error, InterfaceError) or _is_disconnected(error):
        return Unavailable(_AWAY)
    if isinstance(error, DatabaseError) and "did not affect any rows" in str(
        error
    ):  # Model.save, of a row that is gone
        return NotFound()
    return None


def _leads_nowhere(error: Error) -> bool:
    return _state(error) == _POINTED_AT or (isinstance(error, IntegrityError) and "FOREIGN KEY" in str(error))


def _state(error: Error) -> str:
    """SQL's code of what happened; SQLite's driver has none."""
    return getattr(error.__cause__, "sqlstate", None) or ""


def _is_disconnected(error: Error) -> bool:
    """PostgreSQL only: no connection, or one that ended. The driver's own errors of this kind have no code."""
    if not isinstance(error, OperationalError) or not hasattr(error.__cause__, "sqlstate"):
        return False
    state = _state(error)
    return not state or state[:2] in ("08", "57") or state == "53300"
