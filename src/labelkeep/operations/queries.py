"""Reading operations: whose they are, and where they stand in the queue."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from labelkeep.accounts.actor import Actor, Scope
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, NotFound
from labelkeep.operations import keys
from labelkeep.operations.models import Operation, Status

UNKNOWN = "There is no request with specified id"
_COUNTED = 1000  # places in the queue that are told exactly


def visible_operations(actor: Actor, now: datetime) -> QuerySet[Operation]:
    """The actor's own, admins: all; in the organization that the request names. Never the sending of a letter.

    What has expired is gone, whether or not it was swept already.
    """
    found = Operation.objects.filter(target__in=keys.TARGETS).exclude(expiry_date__lt=now)
    if actor.organization is Scope.SANDBOX:
        found = found.filter(organization_id=None)
    elif not isinstance(actor.organization, Scope):
        found = found.filter(organization_id=actor.organization.pk)
    return found if actor.is_admin else found.filter(owner=actor.user)


def get_operation(actor: Actor, key: str, action: str = "request:view") -> Operation:
    """The operation of a request id, in any spelling that CVAT ever had for it.

    Raises:
        NotFound: none has this id.
        Forbidden: it is somebody else's.
    """
    rows = Operation.objects.select_related("owner").filter(target__in=keys.TARGETS)
    operation = rows.filter(key=key).first() or rows.filter(key=_canonical(key)).first()
    if operation is None:
        raise NotFound(UNKNOWN)
    require(actor, action, Subject(owner=operation.owner_id))
    return operation


def get_request(actor: Actor, key: str, now: datetime, action: str = "request:view") -> Operation:
    """As `get_operation`; but what has expired is gone, whether or not it was swept already."""
    operation = get_operation(actor, key, action)
    if operation.expiry_date is not None and operation.expiry_date < now:
        raise NotFound(UNKNOWN)
    return operation


def queue() -> dict[UUID, int]:
    """Place of each queued operation, 1 is next; those far behind are left out. One query."""
    waiting = Operation.objects.filter(status=Status.QUEUED).order_by("created_date")
    return {pk: place for place, pk in enumerate(waiting.values_list("pk", flat=True)[:_COUNTED], start=1)}


def _canonical(key: str) -> str:
    try:
        return str(keys.parse(key))
    except BadInput:
        return key
