"""How long the row of an ended operation is kept (spec/cvat-protocol.md §7.3), and the sweep that removes old ones.

What an operation made is not touched: a backup stays until it is forgotten, only the request that made it goes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from labelkeep.operations.models import Operation, Status

_KEPT = {"export": timedelta(hours=24), "create": timedelta(hours=24), "import": timedelta(hours=1)}
_FAILED_KEPT = timedelta(days=30)


def expiry_of(operation: Operation, status: Status, now: datetime) -> datetime:
    """When an operation that ends now in this status may be forgotten."""
    if status is Status.FAILED:
        return now + _FAILED_KEPT
    return now + _KEPT.get(operation.action, timedelta(hours=24))


def remove_expired(now: datetime) -> int:
    """Remove the rows whose time has come; returns how many. Rows under way have no expiry and stay."""
    ended = (Status.FINISHED, Status.FAILED, Status.CANCELLED)
    removed, _ = Operation.objects.filter(status__in=ended, expiry_date__lt=now).delete()
    return removed
