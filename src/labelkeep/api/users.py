"""/api/users: the people whom the caller may know of. Fully described only to themselves and to admins."""

from __future__ import annotations

from typing import Any, NotRequired

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.accounts.actions.delete_user import delete_user
from labelkeep.accounts.actions.update_user import update_user
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.accounts.queries import get_user, users_visible
from labelkeep.api.base import BasicUser, ListView, View, base, iso
from labelkeep.api.schema import Method, Moment

_COLUMNS = (
    "id", "username", "first_name", "last_name", "email", "privilege",
    "is_staff", "is_superuser", "is_active", "last_login", "date_joined",
)  # fmt: skip


class MetaUser(BasicUser):
    """A user. What is not required is said to himself and to admins only."""

    email: NotRequired[str]
    groups: NotRequired[list[str]]
    is_staff: NotRequired[bool]
    is_superuser: NotRequired[bool]
    is_active: NotRequired[bool]
    last_login: NotRequired[Moment | None]
    date_joined: NotRequired[Moment]
    has_analytics_access: NotRequired[bool]
    email_verified: NotRequired[bool | None]


def user_json(row: dict[str, Any], actor: Actor, address: str) -> MetaUser:
    """A user as the actor may see him."""
    answer: MetaUser = {
        "url": f"{address}/api/users/{row['id']}",
        "id": row["id"],
        "username": row["username"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
    }
    if actor.is_admin or actor.id == row["id"]:
        answer |= {
            "email": row["email"],
            "groups": _groups(row),
            "is_staff": row["is_staff"],
            "is_superuser": row["is_superuser"],
            "is_active": row["is_active"],
            "last_login": iso(row["last_login"]),
            "date_joined": iso(row["date_joined"]),
            "has_analytics_access": False,
            "email_verified": None,
        }
    return answer


def _groups(row: dict[str, Any]) -> list[str]:
    if row["is_superuser"]:
        return ["admin"]
    return [] if row["privilege"] == "none" else [row["privilege"]]


class UserPatch(msgspec.Struct):
    """What may be changed; all but the names by an admin only."""

    first_name: str | msgspec.UnsetType = msgspec.UNSET
    last_name: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    email: str | msgspec.UnsetType = msgspec.UNSET
    groups: list[str] | msgspec.UnsetType = msgspec.UNSET
    is_staff: bool | msgspec.UnsetType = msgspec.UNSET
    is_superuser: bool | msgspec.UnsetType = msgspec.UNSET
    is_active: bool | msgspec.UnsetType = msgspec.UNSET


class Users(ListView):
    """The list."""

    fields = {
        "id": "id",
        "username": "username",
        "first_name": "first_name",
        "last_name": "last_name",
        "is_active": "is_active",
    }
    search = ("username", "first_name", "last_name")
    simple = ("username", "first_name", "last_name", "is_active")
    row = MetaUser

    def queryset(self) -> QuerySet[User]:
        """Those whom the caller may know of."""
        return users_visible(self.actor)

    def rows(self, queryset: QuerySet[User]) -> list[MetaUser]:
        """One query."""
        address = base(self.request)
        return [user_json(dict(row), self.actor, address) for row in queryset.values(*_COLUMNS)]


class _OneUser(View):
    def _answer(self, user: User) -> Response:
        row = {name: getattr(user, name) for name in _COLUMNS}
        return Response(user_json(row, self.actor, base(self.request)))


class UserView(_OneUser):
    """One user."""

    methods = {
        "GET": Method(gives=MetaUser),
        "PATCH": Method(takes=UserPatch, gives=MetaUser),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """Who he is."""
        return self._answer(get_user(self.actor, pk))

    def patch(self, request: Request, pk: int) -> Response:
        """Change names, or as an admin anything."""
        changes = {k: v for k, v in msgspec.structs.asdict(self.body(UserPatch)).items() if v is not msgspec.UNSET}
        return self._answer(update_user(actor=self.actor, pk=pk, **changes))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove him; what he made stays, without an owner."""
        delete_user(actor=self.actor, pk=pk)
        return Response(status=204)


class Self(_OneUser):
    """The caller."""

    methods = {"GET": Method(gives=MetaUser)}

    def get(self, request: Request) -> Response:
        """Who he is, in full."""
        return self._answer(self.actor.user)


urlpatterns = [
    path("api/users", Users.as_view()),
    path("api/users/self", Self.as_view()),
    path("api/users/<int:pk>", UserView.as_view()),
]
