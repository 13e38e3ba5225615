"""How a view describes itself: what each method takes and gives, in the types of the code. openapi.py reads it.

A view says `methods = {"GET": Method(gives=ProjectRead), "PATCH": Method(takes=ProjectPatch, gives=ProjectRead)}`:
msgspec structs for bodies, TypedDicts for answers (mypy holds the rendering functions to them, so the document cannot
say something else than the code). A list names the type of its rows in `row`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypedDict

import msgspec

VND, JSON, FORM = "application/vnd.cvat+json", "application/json", "multipart/form-data"

Moment = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]
Address = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]
Uuid = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
File = Annotated[str, msgspec.Meta(extra_json_schema={"format": "binary"})]  # a part of a form
# What the verbs check, in their own words, is told by these and not checked twice.
Name = Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1, "maxLength": 256})]
Stage = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["annotation", "validation", "acceptance"]})]
State = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["new", "in progress", "completed", "rejected"]})]
Location = Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["local", "cloud_storage"]})]
Natural = Annotated[int, msgspec.Meta(ge=0)]


class RqId(TypedDict):
    """What starting an operation answers: the id to ask `/api/requests` for."""

    rq_id: str


class Detail(TypedDict):
    """One sentence: why not, or that it is done."""

    detail: str


class Bytes:
    """A body that is no JSON. Several media types where the thing itself decides."""

    usual = "application/octet-stream"

    def __init__(self, *media_types: str) -> None:
        self.media_types = media_types or (self.usual,)


class Text(Bytes):
    """A sentence without JSON around it."""

    usual = "text/plain"


class AnyOf:
    """A body of one of several types, which msgspec would not tell apart."""

    def __init__(self, *types: Any) -> None:
        self.types = types


ZIP, IMAGE = Bytes("application/zip"), Bytes("image/jpeg")


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query or a header: what it is, and the type of its value."""

    words: str
    of: Any = str
    required: bool = False
    place: Literal["query", "header"] = "query"


RANGE = Parameter("Which bytes, where not all are wanted.", place="header")


@dataclass(frozen=True)
class Method:
    """One method of a route.

    `takes`: a type, or one for each media type. `gives`: a type, `Bytes`, or None for an empty answer. `also`: what
    other statuses give: further successes, and failures that not every route has (409: RqId) or that are told in plain
    words here too (404: Text()). `query`: parameters by name; a sentence stands for a text.
    """

    takes: Any = None
    gives: Any = None
    status: int = 200
    also: Mapping[int, Any] = field(default_factory=dict)
    query: Mapping[str, str | Parameter] = field(default_factory=dict)
    media_types: tuple[str, ...] = (JSON,)  # of the body, where `takes` does not say
    answers: tuple[str, ...] = (VND, JSON)  # of an answer in JSON; a stream has one alone

    @property
    def bodies(self) -> Mapping[str, Any]:
        """The type of the body by media type; empty where there is none."""
        if self.takes is None:
            return {}
        if isinstance(self.takes, Mapping):
            return self.takes
        if isinstance(self.takes, Bytes):
            return dict.fromkeys(self.takes.media_types, self.takes)
        return dict.fromkeys(self.media_types, self.takes)

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """The parameters by name."""
        return {name: Parameter(told) if isinstance(told, str) else told for name, told in self.query.items()}
