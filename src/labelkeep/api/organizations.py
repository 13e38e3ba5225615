"""/api/organizations and /api/memberships. Invitations are in invitations.py."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts import queries
from labelkeep.accounts.actions.create_organization import create_organization
from labelkeep.accounts.actions.update_membership import delete_membership, update_membership
from labelkeep.accounts.actions.update_organization import delete_organization, update_organization
from labelkeep.accounts.models import Membership, Organization, Role
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_columns, user_in
from labelkeep.api.schema import Method, Moment

_ORGANIZATION = ("id", "slug", "name", "description", "created_date", "updated_date", "contact")
_MEMBERSHIP = ("id", "organization_id", "is_active", "joined_date", "role", "invitation__key")


class OrganizationWrite(msgspec.Struct):
    """A new organization."""

    slug: str
    name: str = ""
    description: str = ""
    contact: dict[str, Any] = {}


class OrganizationPatch(msgspec.Struct):
    """What may be changed of one."""

    slug: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType = msgspec.UNSET
    contact: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class MembershipPatch(msgspec.Struct):
    """What may be changed of a membership."""

    role: Role | msgspec.UnsetType = msgspec.UNSET


class OrganizationRead(TypedDict):
    """An organization (cvat-protocol §8.10)."""

    id: int
    slug: str
    name: str
    description: str
    created_date: Moment
    updated_date: Moment
    contact: dict[str, Any]
    owner: BasicUser | None


class MembershipRead(TypedDict):
    """Who belongs to an organization, as what."""

    id: int
    user: BasicUser | None
    organization: int
    is_active: bool
    joined_date: Moment | None
    role: Role
    invitation: str | None


def _organizations(queryset: QuerySet[Organization], address: str) -> list[OrganizationRead]:
    return [
        {
            "id": row["id"],
            "slug": row["slug"],
            "name": row["name"],
            "description": row["description"],
            "created_date": iso(row["created_date"]),
            "updated_date": iso(row["updated_date"]),
            "contact": row["contact"],
            "owner": user_in(row, "owner", address),
        }
        for row in queryset.values(*_ORGANIZATION, *user_columns("owner"))
    ]


def _memberships(queryset: QuerySet[Membership], address: str) -> list[MembershipRead]:
    return [
        {
            "id": row["id"],
            "user": user_in(row, "user", address),
            "organization": row["organization_id"],
            "is_active": row["is_active"],
            "joined_date": iso(row["joined_date"]),
            "role": row["role"],
            "invitation": row["invitation__key"],
        }
        for row in queryset.values(*_MEMBERSHIP, *user_columns("user"))
    ]


class Organizations(ListView):
    """The caller's organizations, and making one."""

    fields = {"id": "id", "name": "name", "owner": "owner__username", "slug": "slug"}
    search = simple = ("name", "owner", "slug")
    row = OrganizationRead
    methods = {"POST": Method(takes=OrganizationWrite, gives=OrganizationRead, status=201)}

    def queryset(self) -> QuerySet[Organization]:
        """Those that the caller belongs to."""
        return queries.organizations_visible(self.actor)

    def rows(self, queryset: QuerySet[Organization]) -> list[OrganizationRead]:
        """One query."""
        return _organizations(queryset, base(self.request))

    def post(self, request: Request) -> Response:
        """Make one; the caller owns it."""
        sent = msgspec.structs.asdict(self.body(OrganizationWrite))
        made = create_organization(actor=self.actor, now=clock.now(), **sent)
        found = _organizations(Organization.objects.filter(pk=made.pk), base(request))
        return Response(found[0], status=201)


class OrganizationView(View):
    """One organization."""

    methods = {
        "GET": Method(gives=OrganizationRead),
        "PATCH": Method(takes=OrganizationPatch, gives=OrganizationRead),
        "DELETE": Method(status=204),
    }

    def _answer(self, pk: int) -> Response:
        return Response(_organizations(Organization.objects.filter(pk=pk), base(self.request))[0])

    def get(self, request: Request, pk: int) -> Response:
        """What it is."""
        return self._answer(queries.get_organization(self.actor, pk).pk)

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        sent = msgspec.structs.asdict(self.body(OrganizationPatch))
        changes = {name: value for name, value in sent.items() if value is not msgspec.UNSET}
        return self._answer(update_organization(actor=self.actor, now=clock.now(), pk=pk, **changes).pk)

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it, with its projects and tasks."""
        delete_organization(actor=self.actor, pk=pk)
        return Response(status=204)


class Memberships(ListView):
    """Who belongs where."""

    fields = {"id": "id", "user": "user__username", "role": "role"}
    search = simple = ("user", "role")
    row = MembershipRead

    def queryset(self) -> QuerySet[Membership]:
        """Those that the caller may know of."""
        return queries.memberships_visible(self.actor)

    def rows(self, queryset: QuerySet[Membership]) -> list[MembershipRead]:
        """One query."""
        return _memberships(queryset, base(self.request))


class MembershipView(View):
    """One membership."""

    methods = {
        "GET": Method(gives=MembershipRead),
        "PATCH": Method(takes=MembershipPatch, gives=MembershipRead),
        "DELETE": Method(status=204),
    }

    def _answer(self, pk: int) -> Response:
        return Response(_memberships(Membership.objects.filter(pk=pk), base(self.request))[0])

    def get(self, request: Request, pk: int) -> Response:
        """Who, where, as what."""
        return self._answer(queries.get_membership(self.actor, pk).pk)

    def patch(self, request: Request, pk: int) -> Response:
        """Change the role."""
        sent = self.body(MembershipPatch)
        if sent.role is msgspec.UNSET:
            return self._answer(queries.get_membership(self.actor, pk).pk)
        return self._answer(update_membership(actor=self.actor, pk=pk, role=sent.role).pk)

    def delete(self, request: Request, pk: int) -> Response:
        """End it."""
        delete_membership(actor=self.actor, pk=pk)
        return Response(status=204)


urlpatterns = [
    path("api/organizations", Organizations.as_view()),
    path("api/organizations/<int:pk>", OrganizationView.as_view()),
    path("api/memberships", Memberships.as_view()),
    path("api/memberships/<int:pk>", MembershipView.as_view()),
]
