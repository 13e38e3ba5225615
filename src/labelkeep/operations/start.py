"""Start an operation: write the row that is the promise to carry it out."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from labelkeep.errors import AlreadyRunning
from labelkeep.operations import engine
from labelkeep.operations.models import Operation, Status

if TYPE_CHECKING:
    from labelkeep.accounts.actor import Actor

UNDER_WAY = (Status.QUEUED, Status.STARTED)


def start(
    *,
    kind: str,
    key: str,
    actor: Actor | None,
    now: datetime,
    target: str = "",
    subresource: str = "",
    params: dict[str, Any] | None = None,
    project_id: int | None = None,
    task_id: int | None = None,
    job_id: int | None = None,
    organization_id: int | None = None,
) -> Operation:
    """Queue an operation; it is carried out once the caller's transaction, if there is one, has committed.

    `kind` names the handler (`registry.handler`) and begins with the action: `export:backup`. `key` is the request id
    (`keys`). Without an actor it is the server's own, shown to admins alone. `params` is what the handler needs, as
    JSON, without secrets. A row of the same key that has ended is replaced.

    Raises:
        AlreadyRunning: an operation of this key is queued or started; it carries the key.
    """
    action, _, about = kind.partition(":")
    operation = Operation(
        key=key,
        kind=kind,
        action=action,
        target=target or about,
        subresource=subresource,
        params=params or {},
        owner=actor.user if actor else None,
        project_id=project_id,
        task_id=task_id,
        job_id=job_id,
        organization_id=organization_id,
        created_date=now,
    )
    try:
        with transaction.atomic():
            _make_room(key)
            operation.save(force_insert=True)
            engine.current().enqueue(operation)
    except IntegrityError as error:
        raise AlreadyRunning(key) from error
    return operation


def _make_room(key: str) -> None:
    if Operation.objects.filter(key=key, status__in=UNDER_WAY).exists():
        raise AlreadyRunning(key)
    Operation.objects.filter(key=key).exclude(status__in=UNDER_WAY).delete()
