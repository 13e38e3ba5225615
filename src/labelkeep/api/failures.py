"""How operations of the API can fail (cvat-protocol §1.3), for the OpenAPI document. errors.py is what does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from labelkeep.api.schema import JSON, VND, Detail, Method

Problems: TypeAlias = list[str | dict[str, Any]] | dict[str, Any]
Reasons: TypeAlias = Detail | list[str]
BODIES = (Detail,)

NAMES: Mapping[int, str] = {
    400: "BadInput",
    401: "NotAuthenticated",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    411: "LengthRequired",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    429: "TooOften",
    503: "Unavailable",
    507: "StoreFull",
}
_WORDS: Mapping[int, str] = {
    400: "What was sent cannot be used: problems by field, or a list of sentences.",
    401: "Nobody knows who asks.",
    403: "Who asks may not.",
    404: "There is no such thing.",
    409: "Not possible in the present state of things.",
    411: "A body must say its length.",
    413: "Over a limit; the sentence names it.",
    415: "A body of this media type is not understood.",
    429: "Too often; `Retry-After` says when again.",
    503: "Not now; `Retry-After` says when again.",
    507: "There is no room on the disk for it; the sentence says how much is needed, where that is known.",
}


def of(view: Any, method: str, told: Method) -> Iterator[int]:
    """The statuses with which one method of a view can fail, beside those that it names itself."""
    yield from (400, 404)  # a number beyond all numbers; an organization or media type that there is not
    if view.authentication_classes:
        yield from (401, 403, 503)
    if method in ("PUT", "PATCH", "DELETE"):
        yield 409
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        yield 507
    if told.bodies:
        yield from (411, 413, 415)
    if view.authentication_classes or view.anonymous:
        yield 429  # passwords are tried at a limited pace, those of Basic too


def body(status: int) -> Any:
    """The type of a failure's body."""
    if status == 400:
        return Problems
    return Reasons if status == 403 else Detail


def response(status: int, schema: dict[str, Any]) -> dict[str, Any]:
    """A failure as the document has it."""
    return {"description": _WORDS[status], "content": {media_type: {"schema": schema} for media_type in (VND, JSON)}}
