"""How a view describes itself in the OpenAPI document: what each method takes and gives, from the types in the code.

A view says `methods = {"GET": Method(gives=ProjectRead), "PATCH": Method(takes=ProjectPatch, gives=ProjectRead)}`:
msgspec structs for bodies, TypedDicts for answers (mypy holds the rendering functions to them, so the document cannot
say something else than the code). A list names the type of its rows in `row`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, TypedDict

import msgspec
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

_REF = "#/components/schemas/{name}"

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
Address = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]


class RqId(TypedDict):
    """What starting an operation answers: the id to ask `/api/requests` for."""

    rq_id: str


class Detail(TypedDict):
    """One sentence: why not, or that it is done."""

    detail: str


@dataclass(frozen=True)
class Bytes:
    """An answer that is no JSON."""

    media_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Method:
    """One method of a route. `also` are further successful answers by status; `query` parameters by name and words."""

    takes: Any = None
    gives: Any = None  # a type, `Bytes`, or None for an empty answer
    status: int = 200
    also: Mapping[int, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    media_types: tuple[str, ...] = ("application/json",)  # of the body


@cache
def components_of(wanted: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(schema, the named schemas that it refers to) of a type."""
    (schema,), components = msgspec.json.schema_components([wanted], ref_template=_REF)
    return schema, components


def _page_of(row: Any) -> dict[str, Any]:
    link = {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}
    return {
        "type": "object",
        "required": ["count", "next", "previous", "results"],
        "properties": {
            "count": {"type": "integer"},
            "next": link,
            "previous": link,
            "results": {"type": "array", "items": components_of(row)[0]},
        },
    }


FAILURES = {
    400: "What was sent cannot be used; the body says where and why.",
    401: "Nobody knows who asks.",
    403: "Who asks may not.",
    404: "There is no such thing.",
    405: "The route has no such method.",
    406: "No such kind of answer.",
    409: "Something under way stands against it.",
    413: "Too large.",
    415: "The body's media type is not understood.",
    429: "Too often; `Retry-After` says when again.",
}


class ViewSchema(AutoSchema):
    """For views without serializers, which all of ours are."""

    def _told(self) -> Method:
        view: Any = self.view
        told: Method | None = view.methods.get(self.method)
        if told is None and self.method == "GET" and getattr(view, "row", None) is not None:
            return Method(gives=_Page(view.row))
        return told or Method()

    def get_request_serializer(self) -> Any:
        """The body's schema by media type."""
        told = self._told()
        if told.takes is None:
            return None
        schema = components_of(told.takes)[0]
        return dict.fromkeys(told.media_types, schema)

    def get_response_serializers(self) -> Any:
        """The answers by status, failures (cvat-protocol §1.3) among them."""
        told = self._told()
        answers: dict[Any, Any] = {}
        for status, gives in {told.status: told.gives, **told.also}.items():
            answers |= _answer(status, gives)
        for status, words in FAILURES.items():
            answers.setdefault(status, OpenApiResponse(response={}, description=words))
        return answers

    def get_override_parameters(self) -> list[Any]:
        """The parameters that every list takes, and each route's own."""
        view: Any = self.view
        query = dict(self._told().query)
        fields = getattr(view, "fields", None)
        if fields is not None and self.method == "GET":
            query |= {
                "page": "The number of a page, from 1.",
                "page_size": "How many a page holds, or `all`.",
                "sort": f"Names, separated by commas, `-` before one that descends: {', '.join(fields)}.",
                "search": f"Words to find in: {', '.join(view.search) or 'nothing'}.",
                "filter": f"JSON Logic over: {', '.join(fields)}.",
            }
            query |= {name: f"Only those whose {name} is this." for name in view.simple}
        return [OpenApiParameter(name, str, description=text) for name, text in query.items()]

    def get_operation_id(self) -> str:
        """Method and path: unique without guessing."""
        steps = [step.strip("{}") for step in self.path.strip("/").split("/")[1:]]
        return "_".join([self.method.lower(), *steps]).replace("-", "_")


@dataclass(frozen=True)
class _Page:
    row: Any


def _answer(status: int, gives: Any) -> dict[Any, Any]:
    if isinstance(gives, Bytes):
        schema: Any = {"type": "string", "format": "binary"}
        return {(status, gives.media_type): OpenApiResponse(response=schema)}
    if gives is None:
        return {status: OpenApiResponse(description="Nothing more to say.")}
    schema = _page_of(gives.row) if isinstance(gives, _Page) else components_of(gives)[0]
    return {status: OpenApiResponse(response=schema)}


def with_components(result: Any, generator: Any, request: Any, public: bool) -> Any:
    """Postprocessing hook of drf-spectacular: add the named schemas of every type that a view mentions."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for view in _views(generator):
        told = [
            gives for method in view.methods.values() for gives in (method.takes, method.gives, *method.also.values())
        ]
        for wanted in [*told, getattr(view, "row", None)]:
            if wanted is not None and not isinstance(wanted, Bytes):
                schemas.update(components_of(wanted)[1])
    return result


def _views(generator: Any) -> list[Any]:
    generator._initialise_endpoints()
    return [view.cls for _, _, _, view in generator.endpoints if hasattr(view.cls, "methods")]
