"""/api/users/{id}/quota and /api/organizations/{id}/quota: how much is kept, and how much may be. Ours, not CVAT's."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.accounts.models import Organization, User
from labelkeep.accounts.queries import get_organization, get_user
from labelkeep.api.base import View
from labelkeep.api.schema import Method
from labelkeep.projects.actions.set_quota import see_quota, set_quota
from labelkeep.projects.quotas import Amount, Room


class AmountRead(TypedDict):
    """How much there is, and how much there may be; null: no bound."""

    used: int
    limit: int | None


class QuotaRead(TypedDict):
    """Projects, and bytes of media."""

    projects: AmountRead
    bytes: AmountRead


class QuotaWrite(msgspec.Struct, kw_only=True):
    """Both bounds; null lifts one."""

    projects: int | None = None
    bytes: int | None = None


def room_json(room: Room) -> QuotaRead:
    """A quota and what is used of it."""
    return {"projects": _amount(room.projects), "bytes": _amount(room.bytes)}


def _amount(amount: Amount) -> AmountRead:
    return {"used": amount.used, "limit": amount.limit}


class QuotaView(View):
    """The quota of one person or organization."""

    in_organizations = False
    organization = False
    methods = {"GET": Method(gives=QuotaRead), "PUT": Method(takes=QuotaWrite, gives=QuotaRead)}

    def of(self, pk: int) -> User | Organization:
        """Whose it is."""
        return get_organization(self.actor, pk) if self.organization else get_user(self.actor, pk)

    def get(self, request: Request, pk: int) -> Response:
        """What is kept, and what may be."""
        return Response(room_json(see_quota(actor=self.actor, of=self.of(pk))))

    def put(self, request: Request, pk: int) -> Response:
        """Set it; for admins."""
        body = self.body(QuotaWrite)
        found = set_quota(actor=self.actor, of=self.of(pk), projects=body.projects, bytes=body.bytes)
        return Response(room_json(found))


urlpatterns: list[Any] = [
    path("api/users/<int:pk>/quota", QuotaView.as_view()),
    path("api/organizations/<int:pk>/quota", QuotaView.as_view(organization=True)),
]
