"""/api/removals: what was deleted and can be brought back, and bringing it back. Our own; CVAT has nothing like it."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_columns, user_in
from labelkeep.api.schema import Address, Detail, Method, Moment, Text, Uuid
from labelkeep.api.shapes import Json
from labelkeep.snapshots.models import Removal
from labelkeep.snapshots.removal_queries import get_removal, visible_removals
from labelkeep.snapshots.undo import undo

COLUMNS = ("id", "what", "subject_id", "name", "backup_id", "created_date", "until", "undone_date")


class RemovalRead(TypedDict):
    """Something that was deleted. `subject_id` is the id that it had and has again when it is brought back; `backup` is
    the safety backup that was made first, as long as that is there. It can be brought back before `until`."""

    url: Address
    id: int
    what: Literal["project", "task", "job", "label"]
    subject_id: int
    name: str
    backup: Uuid | None
    owner: BasicUser | None
    created_date: Moment
    until: Moment
    undone_date: Moment | None


def removal_json(row: Json, address: str) -> RemovalRead:
    """A row of COLUMNS and its owner."""
    return {
        "url": f"{address}/api/removals/{row['id']}",
        "id": row["id"],
        "what": row["what"],
        "subject_id": row["subject_id"],
        "name": row["name"],
        "backup": str(row["backup_id"]) if row["backup_id"] else None,
        "owner": user_in(row, "owner", address),
        "created_date": iso(row["created_date"]),
        "until": iso(row["until"]),
        "undone_date": iso(row["undone_date"]),
    }


def one(removal: Removal, request: Request) -> RemovalRead:
    """One removal."""
    return removal_json(_values(Removal.objects.filter(pk=removal.pk)).get(), base(request))


def _values(queryset: QuerySet[Removal]) -> QuerySet[Removal, dict[str, Any]]:
    rows: QuerySet[Removal, dict[str, Any]] = queryset.values(*COLUMNS, *user_columns("owner"))
    return rows


class Removals(ListView):
    """What was deleted, the latest first."""

    fields = {
        "id": "id",
        "what": "what",
        "name": "name",
        "owner": "owner__username",
        "subject_id": "subject_id",
        "created_date": "created_date",
        "until": "until",
        "undone_date": "undone_date",
    }
    search = ("name", "owner")
    simple = ("what", "name", "owner", "subject_id")
    order = "-id"
    row = RemovalRead

    def queryset(self) -> QuerySet[Removal]:
        """Those whose safety backups the actor may see."""
        return visible_removals(self.actor)

    def rows(self, queryset: QuerySet[Removal]) -> list[RemovalRead]:
        """One page."""
        address = base(self.request)
        return [removal_json(row, address) for row in _values(queryset)]


class OneRemoval(View):
    """One of them."""

    methods = {"GET": Method(gives=RemovalRead)}

    def get(self, request: Request, pk: int) -> Response:
        """What is known of it."""
        return Response(one(get_removal(self.actor, pk), request))


class Undo(View):
    """Bringing it back."""

    methods = {"POST": Method(gives=RemovalRead, also={409: Detail, 410: Text()})}

    def post(self, request: Request, pk: int) -> Response:
        """Where it was, with the ids that it had. 410: too late; 409: it is back, or something is in its place."""
        return Response(one(undo(actor=self.actor, now=clock.now(), id=pk), request))


urlpatterns = [
    path("api/removals", Removals.as_view()),
    path("api/removals/<int:pk>", OneRemoval.as_view()),
    path("api/removals/<int:pk>/undo", Undo.as_view()),
]
