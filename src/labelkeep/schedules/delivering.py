"""Deliver what webhooks are told: an operation without an owner for each, tried again with pauses that double.

So a receiver that is away for some hours misses nothing, and no backup waits for one. The body says when it was sent,
and is signed anew for each attempt: what somebody has recorded is soon too old to be played again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F

from labelkeep import clock
from labelkeep.errors import LabelkeepError, Unavailable
from labelkeep.media import guard, remote
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.schedules import signing
from labelkeep.schedules.models import Delivery, Webhook

KIND = "webhook:delivery"
ATTEMPTS = 16  # with pauses that double from two seconds: about eighteen hours
LIMITS = remote.Limits(most=0, silence=10.0, answer=15.0)

log = structlog.get_logger(__name__)


def queue(webhook: Webhook, event: str, data: Mapping[str, Any], now: datetime) -> Delivery:
    """Promise to tell a webhook something."""
    with transaction.atomic():
        delivery = Delivery.objects.create(webhook=webhook, event=event, data=dict(data), created_date=now)
        start_delivery(delivery, now)
    return delivery


def start_delivery(delivery: Delivery, now: datetime) -> None:
    """Queue it.

    Raises:
        AlreadyRunning: it is on its way.
    """
    start(kind=KIND, key=key_of(delivery), actor=None, now=now, params={"delivery": str(delivery.pk)})


def key_of(delivery: Delivery) -> str:
    """The key of its operation."""
    return f"{KIND}:{delivery.pk}"


def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    rows = Delivery.objects.select_related("webhook")
    delivery = rows.filter(pk=operation.params["delivery"], webhook__enabled=True).first()
    if delivery is None:
        Delivery.objects.filter(pk=operation.params["delivery"]).update(error="The webhook is disabled")
        return {"sent": False}
    now = clock.now()
    try:
        status = _send(delivery, now)
    except LabelkeepError as error:
        _note(delivery, now, None, str(error))
        raise
    problem = "" if 200 <= status < 300 else f"The receiver answered {status}"
    _note(delivery, now, status, problem)
    if problem:
        raise Unavailable(problem)
    return {"sent": True}


def settle(operation: Operation) -> None:
    """The operation has ended: what was not delivered will not be."""
    waiting = Delivery.objects.filter(pk=operation.params["delivery"], state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.FAILED)


def _send(delivery: Delivery, now: datetime) -> int:
    body, webhook = body_of(delivery, now), delivery.webhook
    headers = {
        "Content-Type": "application/json",
        "X-Labelkeep-Event": delivery.event,
        "X-Labelkeep-Delivery": str(delivery.pk),
        "X-Labelkeep-Signature": signing.signature(signing.secret_of(webhook), body),
    }
    allowed = guard.Guard.of(settings.CONFIGURATION.allow_private_addresses)
    return remote.post(guard.parse(webhook.url), body, headers, guard=allowed, limits=LIMITS)


def body_of(delivery: Delivery, now: datetime) -> bytes:
    """What is sent."""
    return orjson.dumps(
        {
            "event": delivery.event,
            "delivery": str(delivery.pk),
            "webhook": delivery.webhook_id,
            "created_date": delivery.created_date.isoformat(),
            "sent_date": now.isoformat(),
            "data": delivery.data,
        }
    )


def _note(delivery: Delivery, now: datetime, status: int | None, problem: str) -> None:
    if problem:
        origin = guard.parse(delivery.webhook.url).origin
        log.warning("webhook.failed", webhook=delivery.webhook_id, origin=origin, status=status)
    Delivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") + 1,
        attempted_date=now,
        status=status,
        error=problem,
        state=Delivery.State.WAITING if problem else Delivery.State.DELIVERED,
    )
