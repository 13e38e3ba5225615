"""Webhooks: who sees them, and which of them an event is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, allowed, require, require_member
from labelkeep.accounts.visibility import Lookups, where
from labelkeep.errors import NotFound
from labelkeep.schedules import delivering
from labelkeep.schedules.models import Alert, Webhook

EVENTS = ("backup.completed", *(f"backup.{kind}" for kind in Alert.Kind.values))
PING = "ping"
_LOOKUPS = Lookups("organization", owner=("owner",))


def visible_webhooks(actor: Actor) -> QuerySet[Webhook]:
    """The webhooks that the actor may see, in the organization that the request names.

    Raises:
        Forbidden: the organization is not his.
    """
    require_member(actor)
    found = Webhook.objects.filter(where(actor, "backup:view", _LOOKUPS))
    return found if actor.is_anywhere else found.filter(organization=actor.organization_id)


def get_webhook(actor: Actor, id: int, action: str = "backup:view") -> Webhook:
    """A webhook, when the actor may do `action` to it.

    Raises:
        NotFound: there is none. Forbidden: he may not.
    """
    webhook = Webhook.objects.select_related("owner").filter(pk=id).first()
    if webhook is None:
        raise NotFound("No Webhook matches the given query.")
    require(actor, action, subject_of_webhook(webhook))
    return webhook


def subject_of_webhook(webhook: Webhook) -> Subject:
    """Whose it is."""
    return Subject(organization_id=webhook.organization_id, owner=webhook.owner_id)


def tell(event: str, subject: Subject, data: Mapping[str, Any], now: datetime) -> int:
    """Queue a delivery for each webhook whose owner may see the backups of this subject. Returns how many.

    In the transaction of what it tells of, so both are there or neither.
    """
    told = 0
    for webhook in _listening(subject).select_related("owner"):
        wanted = not webhook.events or event in webhook.events
        if wanted and allowed(Actor.of(webhook.owner), "backup:view", subject):
            delivering.queue(webhook, event, data, now)
            told += 1
    return told


def _listening(subject: Subject) -> QuerySet[Webhook]:
    """Those of admins, of the subject's people and of the organization's: whose others are need not be asked."""
    people = {subject.owner, subject.assignee, *subject.above} - {None}
    whose = Q(owner__is_superuser=True) | Q(owner__in=people)
    here = Q(organization=None)
    if subject.organization_id is not None:
        whose |= Q(owner__memberships__organization=subject.organization_id)
        here |= Q(organization=subject.organization_id)
    return Webhook.objects.filter(whose, here, enabled=True, owner__is_active=True).distinct()
