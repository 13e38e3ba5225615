"""The transitions of an operation's row, each one conditional UPDATE, so that of two processes one wins.

Whoever carries an operation out holds it under a *generation*. Claiming and cancelling add one to it; every later
write of the holder names the generation it was given, and changes nothing when that is no longer the row's. A holder
that slept through its lease therefore publishes nothing (design.md, invariant 8).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from labelkeep.operations import registry
from labelkeep.operations.expiry import expiry_of
from labelkeep.operations.models import Operation, Status

LEASE = timedelta(seconds=15)
ATTEMPTS = registry.ATTEMPTS
_LOOK_AHEAD = 8  # rows looked at for one claim; others may be claiming the same ones


def due(now: datetime) -> QuerySet[Operation]:
    """What may be claimed now: queued and not waiting to be tried again, or started by someone who went silent."""
    under_way = Operation.objects.filter(status__in=(Status.QUEUED, Status.STARTED))  # few rows, by the index
    return under_way.filter(Q(lease_until=None) | Q(lease_until__lte=now)).order_by("created_date")


def claim_next(worker: str, now: datetime) -> Operation | None:
    """Claim the oldest operation that is due, or return None. Those out of attempts are failed on the way."""
    for operation in due(now)[:_LOOK_AHEAD]:
        if operation.attempts >= registry.attempts_of(operation.kind):
            if fail(operation, _why_given_up(operation), now):
                registry.discard(operation)
        elif claim(operation, worker, now):
            return operation
    return None


def claim(operation: Operation, worker: str, now: datetime) -> bool:
    """Take an operation that was read before. False: it has changed since, somebody else has it or is at it."""
    with transaction.atomic():
        if not _is_free(operation):
            return False
        taken = Operation.objects.filter(
            pk=operation.pk, generation=operation.generation, status=operation.status, lease_until=operation.lease_until
        ).update(
            status=Status.STARTED,
            generation=F("generation") + 1,
            attempts=F("attempts") + 1,
            worker=worker,
            lease_until=now + LEASE,
            started_date=now,
            progress=0.0,
            message="",
        )
    if taken:
        operation.refresh_from_db()
    return bool(taken)


def _is_free(operation: Operation) -> bool:
    """Where transactions run side by side: whether nobody is changing the row just now. Nobody waits for another."""
    if not connection.features.has_select_for_update_skip_locked:
        return True
    return Operation.objects.select_for_update(skip_locked=True).filter(pk=operation.pk).exists()


def held(operation: Operation) -> QuerySet[Operation]:
    """The row, if it is still held under the generation that the given object carries."""
    return Operation.objects.filter(pk=operation.pk, generation=operation.generation, status=Status.STARTED)


def renew(operation: Operation, now: datetime, **changes: Any) -> bool:
    """Hold on for another lease, and write progress with it. False: it is not ours any more."""
    return bool(held(operation).update(lease_until=now + LEASE, **changes))


def finish(operation: Operation, result: dict[str, Any], now: datetime) -> bool:
    """Record the result. False: it is not ours any more, nothing was recorded."""
    return _end(operation, Status.FINISHED, now, result=result, progress=1.0, message="")


def fail(operation: Operation, message: str, now: datetime, result: dict[str, Any] | None = None) -> bool:
    """Record why it failed. False: it is not ours any more, nothing was recorded."""
    return _end(operation, Status.FAILED, now, result=result or {}, message=message)


def give_back(
    operation: Operation, *, not_before: datetime | None = None, message: str = "", spent: bool = False
) -> bool:
    """Queue it again: the worker is stopping, or (`spent`: counted as an attempt) it will be tried again later."""
    return bool(
        held(operation).update(
            status=Status.QUEUED,
            attempts=F("attempts") if spent else F("attempts") - 1,
            worker="",
            lease_until=not_before,
            started_date=None,
            progress=0.0,
            message=message,
        )
    )


def cancel(operation: Operation, now: datetime) -> bool:
    """Cancel a queued or started operation at once: its holder is fenced off. False: it had ended already."""
    under_way = Operation.objects.filter(pk=operation.pk, status__in=(Status.QUEUED, Status.STARTED))
    return bool(
        under_way.update(
            status=Status.CANCELLED,
            generation=F("generation") + 1,
            message="Cancelled.",
            worker="",
            lease_until=None,
            finished_date=now,
            expiry_date=expiry_of(operation, Status.CANCELLED, now),
        )
    )


def release(dead: Q, now: datetime) -> int:
    """Make due at once what workers known to be dead have started. Returns how many operations that are."""
    past = now - timedelta(microseconds=1)
    return Operation.objects.filter(dead, status=Status.STARTED).update(lease_until=past)


def _end(operation: Operation, status: Status, now: datetime, **changes: Any) -> bool:
    row = Operation.objects.filter(pk=operation.pk, generation=operation.generation, status=operation.status)
    return bool(
        row.update(
            status=status,
            worker="",
            lease_until=None,
            finished_date=now,
            expiry_date=expiry_of(operation, status, now),
            **changes,
        )
    )


def _why_given_up(operation: Operation) -> str:
    last = f" The last one was at {operation.progress:.0%}: {operation.message}" if operation.message else ""
    return f"Given up: the worker died in each of {operation.attempts} attempts.{last}"
