"""/api/backup-webhooks: addresses that are told what happens to backups. Ours, not CVAT's.

Each delivery is signed: `X-Labelkeep-Signature` is `sha256=` and the HMAC-SHA256 of the body with the webhook's secret,
which is shown once. The body has `sent_date`: a receiver refuses what is older than some minutes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict, cast
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import BasicUser, ListView, View, basic_user, iso
from labelkeep.api.schema import Detail, Method, Moment
from labelkeep.api.shapes import UNSET, Unset
from labelkeep.operations.models import Operation, Status
from labelkeep.schedules.actions.keep_webhook import create_webhook, delete_webhook, renew_secret, update_webhook
from labelkeep.schedules.actions.send_webhook import ping_webhook, redeliver
from labelkeep.schedules.delivering import key_of
from labelkeep.schedules.models import Delivery, Webhook
from labelkeep.schedules.signing import shown
from labelkeep.schedules.webhooks import get_webhook, visible_webhooks

Event = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={
            "enum": ["backup.completed", "backup.overdue", "backup.failed", "backup.damaged", "backup.shrunk"]
        }
    ),
]


class NewWebhook(msgspec.Struct, kw_only=True):
    """Whom to tell: an http(s) address; of what: all events where none is named."""

    url: str
    events: list[Event] = []
    enabled: bool = True


class WebhookPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    url: str | Unset = UNSET
    events: list[Event] | Unset = UNSET
    enabled: bool | Unset = UNSET


class WebhookRead(TypedDict):
    """A webhook. `url` is shown without user, password and query; `organization_id` null: all that its owner sees."""

    id: int
    url: str
    owner: BasicUser | None
    organization_id: int | None
    events: list[str]
    enabled: bool
    created_date: Moment


class Secret(TypedDict):
    """What deliveries are signed with from now on; never shown again."""

    secret: str


class WebhookMade(WebhookRead):
    """A new webhook, with its secret: never shown again."""

    secret: str


class DeliveryRead(TypedDict):
    """One thing that a webhook is told. `next_date` is when it is tried again, while it is waiting."""

    id: str
    event: str
    data: dict[str, Any]
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    status: int | None
    error: str
    created_date: Moment
    attempted_date: Moment | None
    next_date: Moment | None


def webhook_json(webhook: Webhook, request: Request) -> WebhookRead:
    """A webhook without its secrets."""
    return {
        "id": webhook.pk,
        "url": shown(webhook.url),
        "owner": basic_user(webhook.owner, request),
        "organization_id": webhook.organization_id,
        "events": webhook.events,
        "enabled": webhook.enabled,
        "created_date": iso(webhook.created_date),
    }


def deliveries_json(deliveries: list[Delivery]) -> list[DeliveryRead]:
    """Deliveries, with what their operations say of the next attempt. One statement."""
    queued = Operation.objects.filter(key__in=[key_of(it) for it in deliveries], status=Status.QUEUED)
    tried = dict(queued.values_list("key", "lease_until"))
    return [
        {
            "id": str(it.pk),
            "event": it.event,
            "data": it.data,
            "state": cast(Any, it.state),
            "attempts": it.attempts,
            "status": it.status,
            "error": it.error,
            "created_date": iso(it.created_date),
            "attempted_date": iso(it.attempted_date),
            "next_date": iso(tried.get(key_of(it))),
        }
        for it in deliveries
    ]


class Webhooks(ListView):
    """The list, and a new one, in the organization that the request names."""

    fields = {name: name for name in ("id", "organization_id", "enabled", "created_date")} | {
        "owner": "owner__username"
    }
    simple = ("owner", "organization_id", "enabled")
    row = WebhookRead
    methods = {"POST": Method(takes=NewWebhook, gives=WebhookMade, status=201)}

    def queryset(self) -> QuerySet[Webhook]:
        """What the actor may see."""
        return visible_webhooks(self.actor).select_related("owner")

    def rows(self, queryset: QuerySet[Webhook]) -> list[WebhookRead]:
        """One page."""
        return [webhook_json(webhook, self.request) for webhook in queryset]

    def post(self, request: Request) -> Response:
        """Make one; its secret is shown this once."""
        sent = msgspec.structs.asdict(self.body(NewWebhook))
        webhook, secret = create_webhook(actor=self.actor, now=clock.now(), **sent)
        return Response({**webhook_json(webhook, request), "secret": secret}, status=201)


class OneWebhook(View):
    """One webhook."""

    methods = {
        "GET": Method(gives=WebhookRead),
        "PATCH": Method(takes=WebhookPatch, gives=WebhookRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """Whom it tells, and of what."""
        return Response(webhook_json(get_webhook(self.actor, pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        sent = msgspec.structs.asdict(self.body(WebhookPatch))
        changes = {name: value for name, value in sent.items() if value is not UNSET}
        return Response(webhook_json(update_webhook(actor=self.actor, id=pk, **changes), request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        delete_webhook(actor=self.actor, id=pk)
        return Response(status=204)


class SecretView(View):
    """A new secret."""

    methods = {"POST": Method(gives=Secret)}

    def post(self, request: Request, pk: int) -> Response:
        """The old one is void at once."""
        return Response({"secret": renew_secret(actor=self.actor, id=pk)})


class Ping(View):
    """A delivery that means nothing."""

    methods = {"POST": Method(gives=DeliveryRead, status=202, also={409: Detail})}

    def post(self, request: Request, pk: int) -> Response:
        """See whether it arrives."""
        delivery = ping_webhook(actor=self.actor, id=pk, now=clock.now())
        return Response(deliveries_json([delivery])[0], status=202)


class Deliveries(ListView):
    """What a webhook was told, and what it is still to be told, the newest first."""

    fields = {name: name for name in ("id", "event", "state", "attempts", "status", "created_date", "attempted_date")}
    simple = ("event", "state", "status")
    order = "-created_date"
    row = DeliveryRead

    def queryset(self) -> QuerySet[Delivery]:
        """Of this webhook."""
        return Delivery.objects.filter(webhook=get_webhook(self.actor, self.kwargs["pk"]))

    def rows(self, queryset: QuerySet[Delivery]) -> list[DeliveryRead]:
        """One page."""
        return deliveries_json(list(queryset))


class Redelivery(View):
    """The same once more."""

    methods = {"POST": Method(gives=DeliveryRead, status=202, also={409: Detail})}

    def post(self, request: Request, pk: UUID) -> Response:
        """Whatever became of it."""
        again = redeliver(actor=self.actor, id=pk, now=clock.now())
        return Response(deliveries_json([again])[0], status=202)


urlpatterns = [
    path("api/backup-webhooks", Webhooks.as_view()),
    path("api/backup-webhooks/<int:pk>", OneWebhook.as_view()),
    path("api/backup-webhooks/<int:pk>/secret", SecretView.as_view()),
    path("api/backup-webhooks/<int:pk>/ping", Ping.as_view()),
    path("api/backup-webhooks/<int:pk>/deliveries", Deliveries.as_view()),
    path("api/backup-webhooks/deliveries/<uuid:pk>/redeliver", Redelivery.as_view()),
]
