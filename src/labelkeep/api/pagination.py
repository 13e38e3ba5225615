"""Pages of a list: `page`, `page_size` (a number, or `all`), and absolute links to the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from labelkeep.api.addresses import absolute
from labelkeep.errors import NotFound

M = TypeVar("M", bound=Model)
DEFAULT_SIZE = 10


def paged(
    request: Request, queryset: QuerySet[M], rows: Callable[[QuerySet[M]], Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """The envelope of one page; `rows` renders the part of the queryset that is on it.

    Raises:
        NotFound: no such page. The first page of an empty list is there.
    """

    def some(start: int, stop: int | None) -> Sequence[Mapping[str, Any]]:
        return rows(queryset if stop is None else _part(queryset, start, stop))

    return envelope(request, queryset.count(), some)


def envelope(
    request: Request, count: int, some: Callable[[int, int | None], Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """The envelope of one page of `count` rows; `some` gives those from a place up to but not including another.

    Raises:
        NotFound: no such page.
    """
    size = _size(request)
    pages = 1 if size is None else max(1, -(-count // size))
    page = _page(request, pages)
    bounds = (0, None) if size is None else ((page - 1) * size, page * size)
    return {
        "count": count,
        "next": _link(request, page + 1) if page < pages else None,
        "previous": _link(request, page - 1) if page > 1 else None,
        "results": some(*bounds) if count else [],
    }


def _part(queryset: QuerySet[M], start: int, stop: int) -> QuerySet[M]:
    """Some rows of the queryset, found by their keys first: so only keys are sorted, not rows with all that is joined
    to them. By the key itself nothing is sorted, an expression cannot be sorted by twice, and a union has no key.
    """
    part, order, query = queryset[start:stop], queryset.query.order_by, queryset.query
    sorts = bool(order) and str(order[0]).lstrip("-") not in ("id", "pk")
    if not sorts or query.annotations or query.select_related or query.combinator:
        return part
    return queryset.model._default_manager.filter(pk__in=part.values("pk")).order_by(*order)


def _size(request: Request) -> int | None:
    text = request.query_params.get("page_size", "")
    if text == "all":
        return None
    return _number(text) or DEFAULT_SIZE


def _page(request: Request, pages: int) -> int:
    text = request.query_params.get("page") or "1"
    page = pages if text == "last" else _number(text)
    if not 1 <= page <= pages:
        raise NotFound("Invalid page.")
    return page


def _number(text: str) -> int:
    """A positive decimal number; 0 for anything else, absurdly long ones included."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _link(request: Request, page: int) -> str:
    query = request.query_params.copy()
    query["page"] = str(page)
    return f"{absolute(request, request.path)}?{query.urlencode()}"
