"""Webhooks are made, changed, given a new secret, and removed."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require, require_member
from labelkeep.errors import BadInput, LabelkeepError
from labelkeep.media import guard
from labelkeep.schedules.models import Webhook
from labelkeep.schedules.signing import secret_of
from labelkeep.schedules.webhooks import EVENTS, get_webhook

MOST = 50  # of one owner


def create_webhook(
    *, actor: Actor, now: datetime, url: str, events: Sequence[str] = (), enabled: bool = True
) -> tuple[Webhook, str]:
    """A new webhook, for the organization that the request names, else for all that its owner may see; and its secret.

    Raises:
        Forbidden: the actor has no say over backups there. BadInput: the url, an event, or too many webhooks.
    """
    require_member(actor)
    require(actor, "backup:update", Subject(organization_id=actor.organization_id, owner=actor.id))
    if Webhook.objects.filter(owner=actor.user).count() >= MOST:
        raise BadInput([f"You have {MOST} webhooks, which is as many as there can be."])
    webhook = Webhook.objects.create(
        owner=actor.user,
        organization_id=actor.organization_id,
        url=_checked_url(url),
        salt=secrets.token_hex(32),
        events=_checked_events(events),
        enabled=enabled,
        created_date=now,
    )
    return webhook, secret_of(webhook)


def update_webhook(
    *,
    actor: Actor,
    id: int,
    url: str | None = None,
    events: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> Webhook:
    """Change what is not None.

    Raises:
        NotFound, Forbidden: as `get_webhook`. BadInput: as `create_webhook`.
    """
    webhook = get_webhook(actor, id, "backup:update")
    if url is not None:
        webhook.url = _checked_url(url)
    if events is not None:
        webhook.events = _checked_events(events)
    if enabled is not None:
        webhook.enabled = enabled
    webhook.save(update_fields=["url", "events", "enabled"])
    return webhook


def renew_secret(*, actor: Actor, id: int) -> str:
    """A new secret; the old one signs nothing any more.

    Raises:
        NotFound, Forbidden: as `get_webhook`.
    """
    webhook = get_webhook(actor, id, "backup:update")
    webhook.salt = secrets.token_hex(32)
    webhook.save(update_fields=["salt"])
    return secret_of(webhook)


def delete_webhook(*, actor: Actor, id: int) -> None:
    """Remove a webhook, and what it was still to be told.

    Raises:
        NotFound, Forbidden: as `get_webhook`.
    """
    get_webhook(actor, id, "backup:update").delete()


def _checked_url(url: str) -> str:
    try:
        guard.parse(url)
    except LabelkeepError as error:
        raise BadInput({"url": ["Enter a whole address that begins with https:// or http://."]}) from error
    return url.strip()


def _checked_events(events: Sequence[str]) -> list[str]:
    if unknown := [event for event in events if event not in EVENTS]:
        raise BadInput({"events": [f"{unknown[0]!r} is none of {', '.join(EVENTS)}."]})
    return sorted(set(events))
