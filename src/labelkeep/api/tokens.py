"""/api/auth/access_tokens: the caller's personal access tokens. Never made or changed with one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NotRequired, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken
from labelkeep.api.base import BasicUser, ListView, View, basic_user, iso
from labelkeep.api.schema import Method, Moment
from labelkeep.errors import BadInput, Forbidden, NotFound

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=50)]


class TokenWrite(msgspec.Struct):
    """A new token."""

    name: Name
    expiry_date: datetime | None = None
    read_only: bool = True


class TokenPatch(msgspec.Struct):
    """What may be changed of a token."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    expiry_date: datetime | msgspec.UnsetType | None = msgspec.UNSET
    read_only: bool | msgspec.UnsetType = msgspec.UNSET


class AccessTokenRead(TypedDict):
    """A token as its owner sees it; `value`, the secret, in the answer that made it alone."""

    id: int
    name: str
    created_date: Moment
    updated_date: Moment
    expiry_date: Moment | None
    last_used_date: Moment | None
    read_only: bool
    owner: BasicUser | None
    value: NotRequired[str]


def token_json(token: AccessToken, request: Request) -> AccessTokenRead:
    """A token as its owner sees it, without its secret."""
    return {
        "id": token.pk,
        "name": token.name,
        "created_date": iso(token.created_date),
        "updated_date": iso(token.updated_date),
        "expiry_date": iso(token.expiry_date),
        "last_used_date": iso(token.last_used_date),
        "read_only": token.read_only,
        "owner": basic_user(token.owner, request),
    }


class Tokens(ListView):
    """The list, and making one."""

    fields = {name: name for name in ("id", "name", "created_date", "expiry_date", "last_used_date", "read_only")}
    search = ("name",)
    simple = ("name", "read_only")
    row = AccessTokenRead
    methods = {"POST": Method(takes=TokenWrite, gives=AccessTokenRead, status=201)}

    def queryset(self) -> QuerySet[AccessToken]:
        """The caller's live tokens."""
        return tokens.live(self.actor.user, clock.now()).select_related("owner")

    def rows(self, queryset: QuerySet[AccessToken]) -> list[AccessTokenRead]:
        """At most fifty."""
        return [token_json(token, self.request) for token in queryset]

    def post(self, request: Request) -> Response:
        """Make one; its `value` is shown this once."""
        _refuse_tokens(self)
        sent, now = self.body(TokenWrite), clock.now()
        expiry = _moment(sent.expiry_date, now)
        kind = AccessToken.Kind.PERSONAL
        token, secret = tokens.issue(self.actor.user, sent.name, kind, now, read_only=sent.read_only, expiry=expiry)
        return Response({**token_json(token, request), "value": secret}, status=201)


class TokenView(View):
    """One token."""

    methods = {
        "GET": Method(gives=AccessTokenRead),
        "PATCH": Method(takes=TokenPatch, gives=AccessTokenRead),
        "DELETE": Method(status=204),
    }

    def _token(self, pk: int) -> AccessToken:
        token = tokens.live(self.actor.user, clock.now()).select_related("owner").filter(pk=pk).first()
        if token is None:
            raise NotFound("No AccessToken matches the given query.")
        return token

    def get(self, request: Request, pk: int) -> Response:
        """What it may."""
        return Response(token_json(self._token(pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Rename it, or change how long it lives or what it may."""
        _refuse_tokens(self)
        token, sent, now = self._token(pk), self.body(TokenPatch), clock.now()
        if sent.name is not msgspec.UNSET:
            token.name = sent.name
        if sent.read_only is not msgspec.UNSET:
            token.read_only = sent.read_only
        if sent.expiry_date is not msgspec.UNSET:
            token.expiry_date = _moment(sent.expiry_date, now)
        token.updated_date = now
        token.save(update_fields=["name", "read_only", "expiry_date", "updated_date"])
        return Response(token_json(token, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Revoke it."""
        _refuse_tokens(self)
        tokens.revoke(self.actor.user, pk, clock.now())
        return Response(status=204)


class SelfToken(View):
    """The token that asks."""

    methods = {"GET": Method(gives=AccessTokenRead)}

    def get(self, request: Request) -> Response:
        """What it may."""
        token = self.actor.token
        if token is None or not self.actor.is_personal_token:
            raise NotFound("This request carries no personal access token.")
        return Response(token_json(token, request))


def _refuse_tokens(view: View) -> None:
    """A token must not make another that outlives it."""
    if view.actor.is_personal_token:
        raise Forbidden()


def _moment(expiry: datetime | None, now: datetime) -> datetime | None:
    if expiry is None:
        return None
    expiry = expiry if expiry.tzinfo else expiry.replace(tzinfo=now.tzinfo)
    if expiry <= now:
        raise BadInput({"expiry_date": ["Expiration date must be in the future."]})
    return expiry


urlpatterns = [
    path("api/auth/access_tokens", Tokens.as_view()),
    path("api/auth/access_tokens/self", SelfToken.as_view()),
    path("api/auth/access_tokens/<int:pk>", TokenView.as_view()),
]
