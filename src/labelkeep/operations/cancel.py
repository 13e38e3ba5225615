"""Cancel an operation, queued or started; the verb behind every front."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.operations import claims, registry
from labelkeep.operations.models import Operation


def cancel_operation(*, actor: Actor, operation: Operation, now: datetime) -> None:
    """Cancel at once: from here on nothing that a worker still does for it can be published.

    A worker that has it notices within a second and frees its space; one that does not react is ended after a short
    grace (`pulse`). CVAT cancels queued requests only; a started one that nobody wants would hold its space to the
    end.

    Raises:
        Forbidden: it is somebody else's.
        BadInput: it has ended already.
    """
    require(actor, "request:cancel", Subject(owner=operation.owner_id))
    if not claims.cancel(operation, now):
        raise BadInput("Only requests that have not yet ended can be cancelled")
    registry.discard(operation)
