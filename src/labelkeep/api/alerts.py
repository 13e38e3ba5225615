"""/api/alerts: what the people of a project have to know about its backups. Ours, not CVAT's.

An alert is raised by the server and resolved by it, when what it tells of is over. People say that they have seen it,
or that it need not be shown any more.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, cast

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import ListView, View, base, flag, iso
from labelkeep.api.openapi import page_of
from labelkeep.api.schema import Address, Method, Moment
from labelkeep.api.shapes import UNSET, Unset
from labelkeep.schedules.actions.change_alert import change_alert
from labelkeep.schedules.alerts import get_alert, visible_alerts
from labelkeep.schedules.models import Alert
from labelkeep.snapshots.backup_queries import living_ids


class AlertPatch(msgspec.Struct, kw_only=True):
    """What people say of an alert. Dismissing one about a label that lost objects resolves it, and gives the backup
    before back to retention."""

    seen: bool | Unset = UNSET
    dismissed: bool | Unset = UNSET


class AlertSource(TypedDict):
    """The project or task whose backups it is about. `id` is null when that is gone."""

    kind: Literal["project", "task"]
    uuid: str
    id: int | None
    name: str


class AlertRead(TypedDict):
    """An alert; open while `resolved_date` is null. `backup` is the one that is damaged, or that holds less."""

    url: Address
    id: int
    kind: Literal["overdue", "failed", "damaged", "shrunk"]
    source: AlertSource
    organization_id: int | None
    backup: str | None
    message: str
    data: dict[str, Any]
    created_date: Moment
    resolved_date: Moment | None
    dismissed_date: Moment | None
    seen: bool


def alert_json(alert: Alert, id: int | None, address: str) -> AlertRead:
    """An alert; `id` is that of its source, while it is there."""
    kind, home = cast(Any, alert.kind), cast(Any, alert.source_kind)  # words that the models bind
    return {
        "url": f"{address}/api/alerts/{alert.pk}",
        "id": alert.pk,
        "kind": kind,
        "source": {"kind": home, "uuid": str(alert.source_uuid), "id": id, "name": alert.source_name},
        "organization_id": alert.organization_id,
        "backup": str(alert.backup) if alert.backup else None,
        "message": alert.message,
        "data": alert.data,
        "created_date": iso(alert.created_date),
        "resolved_date": iso(alert.resolved_date),
        "dismissed_date": iso(alert.dismissed_date),
        "seen": alert.seen,
    }


def _one(alert: Alert, request: Request) -> AlertRead:
    return alert_json(alert, living_ids([alert.source_uuid]).get(alert.source_uuid), base(request))


class Alerts(ListView):
    """The list, the newest first."""

    fields = {
        "id": "id",
        "kind": "kind",
        "name": "source_name",
        "source_uuid": "source_uuid",
        "organization_id": "organization_id",
        "backup": "backup",
        "message": "message",
        "created_date": "created_date",
        "resolved_date": "resolved_date",
        "dismissed_date": "dismissed_date",
        "seen": "seen",
    }
    search = ("name", "message")
    simple = ("kind", "name", "source_uuid", "organization_id", "backup", "seen")
    order = "-created_date"
    row = AlertRead
    methods = {
        "GET": Method(
            gives=page_of(AlertRead),
            query={
                "is_open": "Only alerts about what still is so (true), or about what is over (false).",
                "is_dismissed": "Only alerts that were dismissed (true), or were not (false).",
            },
        )
    }

    def queryset(self) -> QuerySet[Alert]:
        """What the actor may see."""
        found = visible_alerts(self.actor)
        for name, column in (("is_open", "resolved_date"), ("is_dismissed", "dismissed_date")):
            if self.request.query_params.get(name):
                wanted = flag(self.request, name)
                found = found.filter(**{f"{column}__isnull": wanted if name == "is_open" else not wanted})
        return found

    def rows(self, queryset: QuerySet[Alert]) -> list[AlertRead]:
        """One page."""
        alerts, address = list(queryset), base(self.request)
        ids = living_ids({alert.source_uuid for alert in alerts})
        return [alert_json(alert, ids.get(alert.source_uuid), address) for alert in alerts]


class OneAlert(View):
    """One alert."""

    methods = {"GET": Method(gives=AlertRead), "PATCH": Method(takes=AlertPatch, gives=AlertRead)}

    def get(self, request: Request, pk: int) -> Response:
        """What it tells."""
        return Response(_one(get_alert(self.actor, pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Say that it was seen, or dismiss it."""
        sent = msgspec.structs.asdict(self.body(AlertPatch))
        changes = {name: value for name, value in sent.items() if value is not UNSET}
        return Response(_one(change_alert(actor=self.actor, id=pk, now=clock.now(), **changes), request))


urlpatterns = [path("api/alerts", Alerts.as_view()), path("api/alerts/<int:pk>", OneAlert.as_view())]
