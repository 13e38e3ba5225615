"""What every view of the API shares (cvat-protocol §1): who asks, how bodies come in, answers and failures go out.

Subclass `View` for one resource, `ListView` for a list. A view translates and asks; the verb that it asks for lives in
the rooms below and decides whether the actor may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, TypedDict, TypeVar, cast, overload

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelkeep.accounts.actor import ANY, Actor
from labelkeep.accounts.models import AccessToken, User
from labelkeep.api import authentication as schemes
from labelkeep.api import bodies, errors, filters, organization_context
from labelkeep.api.addresses import absolute, base
from labelkeep.api.openapi import ViewSchema
from labelkeep.api.pagination import paged
from labelkeep.api.renderers import Negotiation, PlainRenderer, VndRenderer
from labelkeep.api.schema import Address, Method
from labelkeep.errors import BadInput, Forbidden

__all__ = ["BasicUser", "ListView", "View", "absolute", "base", "basic_user", "flag", "iso", "user_columns", "user_in"]

T = TypeVar("T")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class View(APIView):
    """One route. `self.actor` is who asks, `self.body(Struct)` what was sent."""

    authentication_classes = [
        schemes.TokenAuthentication,
        schemes.BearerAuthentication,
        schemes.SessionAuthentication,
        schemes.BasicAuthentication,
    ]
    permission_classes = []  # the domain decides
    throttle_classes = []
    renderer_classes = [VndRenderer, PlainRenderer]
    parser_classes = [bodies.JSONParser, bodies.VndParser]
    content_negotiation_class = Negotiation
    schema = ViewSchema()

    anonymous: ClassVar[bool] = False  # whether strangers may ask
    in_organizations: ClassVar[bool] = True  # whether an organization that the request names means anything here
    # What a read-only token may send. A view whose POST only reads (it starts an export) adds "POST".
    read_only_methods: ClassVar[frozenset[str]] = _SAFE
    methods: ClassVar[Mapping[str, Method]] = {}  # what each takes and gives; the OpenAPI document is made from it

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Know the actor before the view's own code runs.

        Raises:
            NotAuthenticated: nobody, where somebody is needed.
            Forbidden: a read-only token would change something.
            BadInput, NotFound: the organization context is contradictory or unknown.
        """
        super().initial(request, *args, **kwargs)
        if isinstance(request.user, AnonymousUser):
            if not self.anonymous:
                raise NotAuthenticated()
            return
        actor = actor_of(request)
        if actor.read_only and request.method not in self.read_only_methods:
            raise Forbidden()
        if self.in_organizations:
            actor = replace(actor, organization=organization_context.of(request))
        cast(Any, request).actor = actor

    @property
    def actor(self) -> Actor:
        """Who asks.

        Raises:
            NotAuthenticated: a stranger does, in a view that lets strangers in.
        """
        actor: Actor | None = getattr(self.request, "actor", None)
        if actor is None:
            raise NotAuthenticated()
        return actor

    def body(self, wanted: type[T]) -> T:
        """The JSON body as a msgspec struct; an empty body is an empty object.

        Raises:
            BadInput: field errors.
        """
        return bodies.decode(self.request.data, wanted)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], HttpResponseBase]:
        """Ours, for all views."""
        return errors.handle


class ListView(View):
    """A list: page, sort, search, simple filters and JSON Logic over the columns in `fields`.

    `rows` renders a page at once, from `values()`; it must not ask the database once for each row.
    """

    fields: ClassVar[Mapping[str, str]] = {}  # wire name → lookup; what `filter` and `sort` know
    search: ClassVar[Sequence[str]] = ()  # wire names
    simple: ClassVar[Sequence[str]] = ()  # wire names
    # Wire names whose lookup is no column but an expression; it is worked in only where a query names it.
    derived: ClassVar[Mapping[str, Any]] = {}
    order: ClassVar[str] = "-id"
    row: ClassVar[Any] = None  # the type of what `rows` gives; the OpenAPI document is made from it

    def queryset(self) -> QuerySet[Any]:
        """What the actor may see, before anything narrows it."""
        raise NotImplementedError

    def rows(self, queryset: QuerySet[Any]) -> Sequence[Mapping[str, Any]]:
        """The wire's objects of one page, in its order."""
        raise NotImplementedError

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        return Response(paged(request, self.narrowed(self.queryset()), self.rows))

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The queryset as the query string filters and sorts it.

        Raises:
            BadInput: a filter that cannot be understood.
        """
        query = self.request.query_params
        model: type[Model] = queryset.model
        columns = filters.Columns(model, self.fields)
        queryset = queryset.alias(**{self.fields[name]: self.derived[name] for name in self._derived_names(query)})
        queryset = filters.simply(queryset, query, columns, self.simple)
        if query.get("filter"):
            queryset = queryset.filter(filters.parse(query["filter"], columns))
        queryset = filters.searched(queryset, query.get("search", ""), [self.fields[name] for name in self.search])
        return queryset.order_by(*filters.ordering(query.get("sort", ""), self.fields, self.order))

    def _derived_names(self, query: Mapping[str, str]) -> list[str]:
        named = " ".join([*query, query.get("filter", ""), query.get("sort", "")])
        searched = self.search if query.get("search") else ()
        return [name for name in self.derived if name in named or name in searched]


def actor_of(request: Request) -> Actor:
    """The actor of an authenticated request, in no particular organization."""
    token = request.auth if isinstance(request.auth, AccessToken) else None
    personal = token is not None and token.kind == AccessToken.Kind.PERSONAL
    return Actor(cast(User, request.user), bool(token and personal and token.read_only), token, ANY)


def flag(request: Request, name: str, default: bool = False) -> bool:
    """A yes or no of the query string, in any of the spellings that clients use.

    Raises:
        BadInput: neither yes nor no.
    """
    text = request.query_params.get(name, "").strip().lower()
    if text == "":
        return default
    if text not in _FLAGS:
        raise BadInput({name: ["Must be a valid boolean."]})
    return _FLAGS[text]


_FLAGS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@overload
def iso(moment: datetime) -> str: ...


@overload
def iso(moment: datetime | None) -> str | None: ...


def iso(moment: datetime | None) -> str | None:
    """A moment as the wire writes it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# ---- people inside other objects -----------------------------------------------------------------------------------


class BasicUser(TypedDict):
    """A person as other people see him."""

    url: Address
    id: int
    username: str
    first_name: str
    last_name: str


_USER_COLUMNS = ("id", "username", "first_name", "last_name")


def basic_user(user: User | None, request: Request) -> BasicUser | None:
    """A person as other people see him."""
    if user is None:
        return None
    return _basic(user.pk, user.username, user.first_name, user.last_name, base(request))


def user_columns(lookup: str) -> tuple[str, ...]:
    """What `values()` must fetch for `user_in`: user_columns("owner"), user_columns("project__owner")."""
    return tuple(f"{lookup}__{name}" for name in _USER_COLUMNS)


def user_in(row: Mapping[str, Any], lookup: str, address: str) -> BasicUser | None:
    """The person in a row of `values()`; `address` is `base(request)`, asked once for all rows."""
    pk = row[f"{lookup}__id"]
    if pk is None:
        return None
    return _basic(pk, row[f"{lookup}__username"], row[f"{lookup}__first_name"], row[f"{lookup}__last_name"], address)


def _basic(pk: int, username: str, first: str, last: str, address: str) -> BasicUser:
    return {
        "url": f"{address}/api/users/{pk}",
        "id": pk,
        "username": username,
        "first_name": first,
        "last_name": last,
    }
