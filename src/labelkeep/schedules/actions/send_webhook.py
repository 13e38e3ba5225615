"""Have a webhook told something now: a ping, or once more what it was to be told before."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.errors import AlreadyRunning, Conflict, NotFound
from labelkeep.schedules.delivering import queue, start_delivery
from labelkeep.schedules.models import Delivery, Webhook
from labelkeep.schedules.webhooks import PING, get_webhook

DISABLED = "The webhook is disabled. Enable it first."


def ping_webhook(*, actor: Actor, id: int, now: datetime) -> Delivery:
    """Send something that means nothing, to see whether it arrives.

    Raises:
        NotFound, Forbidden: as `get_webhook`. Conflict: it is disabled.
    """
    return queue(_enabled(actor, id), PING, {}, now)


def redeliver(*, actor: Actor, id: UUID, now: datetime) -> Delivery:
    """Send a delivery again, whatever became of it; one that is on its way goes on.

    Raises:
        NotFound, Forbidden: as `get_webhook`. Conflict: the webhook is disabled.
    """
    delivery = Delivery.objects.filter(pk=id).first()
    if delivery is None:
        raise NotFound("No Delivery matches the given query.")
    _enabled(actor, delivery.webhook_id)
    with suppress(AlreadyRunning), transaction.atomic():
        start_delivery(delivery, now)
        delivery.state = Delivery.State.WAITING
        delivery.save(update_fields=["state"])
    return delivery


def _enabled(actor: Actor, id: int) -> Webhook:
    webhook = get_webhook(actor, id, "backup:update")
    if not webhook.enabled:
        raise Conflict(DISABLED)
    return webhook
