"""/api/invitations: the way into an organization (cvat-protocol §5.7). People without an account use the link instead.

`link` is ours: where the server mails none, the answer that makes an invitation shows it, this once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts.actions.accept_invitation import accept_invitation
from labelkeep.accounts.actions.create_invitation import create_invitation
from labelkeep.accounts.actions.end_invitation import decline_invitation, delete_invitation
from labelkeep.accounts.actions.resend_invitation import resend_invitation
from labelkeep.accounts.invitations import GONE, good_until, link
from labelkeep.accounts.models import Invitation, Role
from labelkeep.accounts.queries import get_invitation, invitations_visible
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_columns, user_in
from labelkeep.api.schema import Address, Method, Moment
from labelkeep.errors import BadInput, NotFound

_MEMBERSHIP = ("role", "organization_id", "organization__slug")
_COLUMNS = ("key", "created_date", "sent_date", "accepted", *(f"membership__{name}" for name in _MEMBERSHIP))


class InvitationWrite(msgspec.Struct):
    """Who is invited, as what."""

    email: Annotated[str, msgspec.Meta(min_length=1)]
    role: Role


class OrganizationInfo(TypedDict):
    """Where to."""

    id: int
    slug: str


class InvitationRead(TypedDict):
    """An invitation (cvat-protocol §8.10)."""

    key: str
    created_date: Moment | None
    owner: BasicUser | None
    role: Role
    user: BasicUser | None
    organization: int
    organization_info: OrganizationInfo
    expired: bool | None
    accepted: bool
    link: NotRequired[Address]


class Accepted(TypedDict):
    """Where one is a member now."""

    organization_slug: str


def invitation_json(row: dict[str, Any], address: str, now: datetime) -> InvitationRead:
    """A row of `_rows` as InvitationRead."""
    organization = row["membership__organization_id"]
    return {
        "key": row["key"],
        "created_date": iso(row["created_date"]),
        "owner": user_in(row, "owner", address),
        "role": row["membership__role"],
        "user": user_in(row, "membership__user", address),
        "organization": organization,
        "organization_info": {"id": organization, "slug": row["membership__organization__slug"]},
        "expired": None if row["accepted"] else now >= good_until(row["created_date"], row["sent_date"]),
        "accepted": row["accepted"],
    }


def _rows(queryset: QuerySet[Invitation], address: str) -> list[InvitationRead]:
    now = clock.now()
    rows = queryset.values(*_COLUMNS, *user_columns("owner"), *user_columns("membership__user"))
    return [invitation_json(dict(row), address, now) for row in rows]


def _one(key: str, request: Request) -> InvitationRead:
    return _rows(Invitation.objects.filter(key=key), base(request))[0]


class Invitations(ListView):
    """Invitations made or got, and making one."""

    fields = {
        "owner": "owner__username",
        "user_id": "membership__user_id",
        "accepted": "accepted",
        "created_date": "created_date",
    }
    search = ("owner",)
    simple = ("owner", "user_id", "accepted")
    order = "-created_date"
    row = InvitationRead
    methods = {"POST": Method(takes=InvitationWrite, gives=InvitationRead, status=201)}

    def queryset(self) -> QuerySet[Invitation]:
        """Those that the caller may see."""
        return invitations_visible(self.actor)

    def rows(self, queryset: QuerySet[Invitation]) -> list[InvitationRead]:
        """One query."""
        return _rows(queryset, base(self.request))

    def post(self, request: Request) -> Response:
        """Invite somebody by e-mail address into the organization that the request names."""
        sent, address = self.body(InvitationWrite), base(request)
        made = create_invitation(actor=self.actor, now=clock.now(), email=sent.email, role=sent.role, address=address)
        answer = _one(made.key, request)
        if not made.accepted and made.sent_date is None:
            answer["link"] = link(address, made.key)
        return Response(answer, status=201)


class InvitationView(View):
    """One invitation."""

    methods = {"GET": Method(gives=InvitationRead), "DELETE": Method(status=204)}

    def get(self, request: Request, key: str) -> Response:
        """Who is invited, by whom, where to."""
        return Response(_one(get_invitation(self.actor, key).key, request))

    def delete(self, request: Request, key: str) -> Response:
        """Take it back."""
        delete_invitation(actor=self.actor, key=key)
        return Response(status=204)


class Accept(View):
    """Accept an invitation."""

    methods = {"POST": Method(gives=Accepted, also={400: str, 404: str})}

    def post(self, request: Request, key: str) -> Response:
        """Become a member, as the invited."""

        def accept() -> Response:
            made = accept_invitation(actor=self.actor, now=clock.now(), key=key)
            return Response(Accepted(organization_slug=made.membership.organization.slug))

        return _plainly(accept)


class Decline(View):
    """Decline an invitation."""

    methods = {"POST": Method(status=204, also={400: str, 404: str})}

    def post(self, request: Request, key: str) -> Response:
        """Say no, as the invited."""

        def decline() -> Response:
            decline_invitation(actor=self.actor, now=clock.now(), key=key)
            return Response(status=204)

        return _plainly(decline)


class Resend(View):
    """Send an invitation again."""

    methods = {"POST": Method(status=204, also={400: str, 404: str})}

    def post(self, request: Request, key: str) -> Response:
        """Send the letter once more."""

        def resend() -> Response:
            resend_invitation(actor=self.actor, now=clock.now(), key=key, address=base(request))
            return Response(status=204)

        return _plainly(resend)


def _plainly(do: Callable[[], Response]) -> Response:
    """These three say why not in a bare sentence."""
    try:
        return do()
    except NotFound:
        return Response(GONE, status=404)
    except BadInput as error:
        return Response(str(error), status=400)


urlpatterns = [
    path("api/invitations", Invitations.as_view()),
    path("api/invitations/<str:key>", InvitationView.as_view()),
    path("api/invitations/<str:key>/accept", Accept.as_view()),
    path("api/invitations/<str:key>/decline", Decline.as_view()),
    path("api/invitations/<str:key>/resend", Resend.as_view()),
]
