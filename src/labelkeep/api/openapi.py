"""The OpenAPI document, made from what the views say of themselves (schema.py) and from the routes.

drf-spectacular walks the routes and writes the frame; its guesses from serializers, of which there are none, are not
used. Everything that is in many operations (failures, the organization's parameters) stands once, in `components`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Enum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints

import msgspec
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.openapi import AutoSchema

from labelkeep.api import failures
from labelkeep.api.schema import Address, AnyOf, Bytes, Method, Natural, Parameter, Text

_REF = "#/components/schemas/{name}"
_PARAMETER = "#/components/parameters/"
_KEYS: Mapping[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 0},
    "uuid": {"type": "string", "format": "uuid"},
}
_ORGANIZATION = ("X-Organization", "org", "org_id")
COMMON: Mapping[str, Parameter] = {
    "scheme": Parameter("The media type of the answer.", Literal["json", "vnd.cvat+json"]),
    "X-Organization": Parameter(
        "The slug of an organization; empty for what belongs to none. Absent: everything.", place="header"
    ),
    "org": Parameter("The slug of the organization, in the query instead of the header."),
    "org_id": Parameter("The id of the organization; not together with its slug.", Natural),
}
_SCHEMES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "TokenAuthentication": (
        "tokenAuth",
        {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token` and the key of a login."},
    ),
    "BearerAuthentication": ("accessTokenAuth", {"type": "http", "scheme": "bearer"}),
    "SessionAuthentication": ("sessionAuth", {"type": "apiKey", "in": "cookie", "name": "sessionid"}),
    "BasicAuthentication": ("basicAuth", {"type": "http", "scheme": "basic"}),
}
_CSRF = {"csrfHeaderAuth": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"}}


# ---- types ---------------------------------------------------------------------------------------------------------


@cache
def schema_of(wanted: Any) -> dict[str, Any]:
    """The JSON schema of a type, which refers to `components` for everything that has a name."""
    if isinstance(wanted, Text):
        return {"type": "string"}
    if isinstance(wanted, Bytes):
        return {"type": "string", "format": "binary"}
    if isinstance(wanted, AnyOf):
        return {"anyOf": [schema_of(kind) for kind in wanted.types]}
    return _described(wanted)[0]


@cache
def _described(wanted: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    (schema,), components = msgspec.json.schema_components([wanted], schema_hook=_choices, ref_template=_REF)
    return schema, components


def _choices(kind: type) -> dict[str, Any]:
    """Django's choices, which msgspec does not know for an enum."""
    if not issubclass(kind, Enum):
        raise NotImplementedError
    return {"type": "string", "enum": [member.value for member in kind]}


@cache
def page_of(row: Any) -> Any:
    """The envelope of a list of `row`s."""
    keys = {"count": Natural, "next": Address | None, "previous": Address | None, "results": list[row]}
    return TypedDict(f"Paginated{row.__name__}List", keys)  # type: ignore[operator]


def _types(view: Any) -> Iterator[Any]:
    """Every type that a view speaks of."""
    for method in told_of(view).values():
        for wanted in (*method.bodies.values(), method.gives, *method.also.values()):
            yield from wanted.types if isinstance(wanted, AnyOf) else (wanted,)


def told_of(view: Any) -> dict[str, Method]:
    """What a view's methods take and give; that a ListView gives pages goes without saying."""
    told = dict(view.methods)
    row = getattr(view, "row", None)
    if row is not None:
        told["GET"] = replace(told.get("GET", Method()), gives=page_of(row))
    return told


# ---- one operation -------------------------------------------------------------------------------------------------


class ViewSchema(AutoSchema):
    """The operation of one method of a view."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """The operation object."""
        self.path, self.method = path, method
        view: Any = self.view
        told = told_of(view).get(method, Method())
        operation: dict[str, Any] = {"operationId": self.get_operation_id(), **_words(view, method)}
        operation["tags"] = [path.split("/")[2]]
        operation["parameters"] = [*_keys(path), *_parameters(view, method, told)]
        if told.bodies:
            operation["requestBody"] = _request_body(told)
        operation["security"] = _security(view)
        operation["responses"] = _responses(view, method, told)
        return operation

    def get_operation_id(self) -> str:
        """Method and path: unique without guessing."""
        steps = [step.strip("{}") for step in self.path.strip("/").split("/")[1:]]
        return "_".join([self.method.lower(), *steps]).replace("-", "_")


def _words(view: Any, method: str) -> dict[str, str]:
    """From the docstrings: the view's and the method's first lines; below, what else the method's says to a caller."""
    first, _, rest = (inspect.getdoc(getattr(view, method.lower(), None)) or "").partition("\n")
    about = (inspect.getdoc(type(view)) or "").partition("\n")[0]
    words = {"summary": f"{about} {first}".strip()}
    more = " ".join(rest.partition("Raises:")[0].split())
    return words | ({"description": more} if more else {})


def _keys(path: str) -> Iterator[dict[str, Any]]:
    for step in path.split("/"):
        if step.startswith("{"):
            name = step.strip("{}")
            yield {"name": name, "in": "path", "required": True, "schema": _KEYS.get(name, {"type": "string"})}


def _parameters(view: Any, method: str, told: Method) -> Iterator[dict[str, Any]]:
    own = _of_list(view) if method == "GET" and getattr(view, "fields", None) else {}
    for name, parameter in {**own, **told.parameters}.items():
        yield parameter_object(name, parameter)
    if view.in_organizations and view.authentication_classes:
        yield from ({"$ref": _PARAMETER + name} for name in _ORGANIZATION)
    if not isinstance(told.gives, Bytes) and "scheme" not in told.query:
        yield {"$ref": _PARAMETER + "scheme"}


def parameter_object(name: str, parameter: Parameter) -> dict[str, Any]:
    """A parameter as the document has it."""
    required = {"required": True} if parameter.required else {}
    schema = schema_of(parameter.of)
    return {"name": name, "in": parameter.place, **required, "description": parameter.words, "schema": schema}


def _of_list(view: Any) -> dict[str, Parameter]:
    names = ", ".join(view.fields)
    every = {
        "page": Parameter("The number of a page, from 1.", Annotated[int, msgspec.Meta(ge=1)]),
        "page_size": Parameter("How many a page holds.", Annotated[int, msgspec.Meta(ge=1)] | Literal["all"]),
        "sort": Parameter(f"Names, separated by commas, `-` before one that descends: {names}."),
        "filter": Parameter(f"JSON Logic over: {names}."),
    }
    if view.search:
        every["search"] = Parameter(f"Words to find in: {', '.join(view.search)}.")
    return every | {name: Parameter(f"Only those whose {name} is this.", _simple(view, name)) for name in view.simple}


def _simple(view: Any, name: str) -> Any:
    """The type of a simple filter: that of the row's field where it is a plain value; people go by their names."""
    hint = get_type_hints(view.row, include_extras=True).get(name, int if name.endswith("_id") else str)
    plain = [part for part in _parts(hint) if part in (int, bool) or get_origin(part) is Literal]
    return plain[0] if plain else str


def _parts(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def _request_body(told: Method) -> dict[str, Any]:
    content = {media_type: {"schema": schema_of(body)} for media_type, body in told.bodies.items()}
    return {"content": content, "required": all(_is_needed(body) for body in told.bodies.values())}


def _is_needed(body: Any) -> bool:
    """Whether nothing, which is read as an empty object, would do."""
    if isinstance(body, Bytes) or not isinstance(body, type):
        return True
    if issubclass(body, msgspec.Struct):
        return any(field.required for field in msgspec.structs.fields(body))
    return bool(getattr(body, "__required_keys__", True))


def _security(view: Any) -> list[dict[str, list[str]]]:
    named = [_SCHEMES[scheme.__name__][0] for scheme in view.authentication_classes]
    told: list[dict[str, list[str]]] = [
        {name: [], **({"csrfHeaderAuth": []} if name == "sessionAuth" else {})} for name in named
    ]
    return [*told, {}] if view.anonymous else told


def _responses(view: Any, method: str, told: Method) -> dict[str, Any]:
    answers = {status: _answer(gives, told) for status, gives in {told.status: told.gives, **told.also}.items()}
    for status in failures.of(view, method, told):
        if status in answers:
            usual = failures.response(status, schema_of(failures.body(status)))
            answers[status] = usual | {"content": _either(usual["content"], answers[status].get("content", {}))}
        else:
            answers[status] = {"$ref": f"#/components/responses/{failures.NAMES[status]}"}
    return {str(status): answers[status] for status in sorted(answers)}


def _either(usual: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The bodies of two answers with one status, by media type."""
    both = {key: {"schema": {"anyOf": [usual[key]["schema"], own[key]["schema"]]}} for key in usual.keys() & own.keys()}
    return usual | own | both


def _answer(gives: Any, told: Method) -> dict[str, Any]:
    if gives is None:
        return {"description": "Nothing more to say."}
    media_types = gives.media_types if isinstance(gives, Bytes) else told.answers
    words = vars(gives).get("__doc__") if isinstance(gives, type) else ""
    content = {"schema": schema_of(gives)}
    return {"description": (words or "The answer.").partition("\n")[0], "content": dict.fromkeys(media_types, content)}


# ---- the document --------------------------------------------------------------------------------------------------


class _Endpoints(EndpointEnumerator):
    """All methods that views speak of, HEAD and OPTIONS of the upload routes among them."""

    def get_allowed_methods(self, callback: Any) -> list[str]:
        """Of one route, which may serve a part of its view's methods."""
        served = callback.initkwargs.get("http_method_names", callback.cls.http_method_names)
        told = told_of(callback.cls)
        usual = [method for method in callback.cls().allowed_methods if method not in ("HEAD", "OPTIONS")]
        return [method for method in dict.fromkeys([*usual, *told]) if method.lower() in served]


class Generator(SchemaGenerator):
    """drf-spectacular's, over our views."""

    endpoint_inspector_cls = _Endpoints

    def views(self) -> list[Any]:
        """Every view's class, once."""
        there: Any = self
        there._initialise_endpoints()
        found: Any = self.endpoints
        return list(dict.fromkeys(callback.cls for _, _, _, callback in found))


@cache
def document() -> dict[str, Any]:
    """The document. The routes do not change while a process lives, so it is made once."""
    generator: Any = Generator
    made: dict[str, Any] = generator().get_schema(request=None, public=True)
    return made


def with_components(result: dict[str, Any], generator: Generator, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook of drf-spectacular: add everything that operations refer to."""
    types = [wanted for view in generator.views() for wanted in _types(view)]
    result["components"] = {
        "schemas": _schemas([*types, *failures.BODIES]),
        "parameters": {name: parameter_object(name, parameter) for name, parameter in COMMON.items()},
        "responses": {
            name: failures.response(status, schema_of(failures.body(status))) for status, name in failures.NAMES.items()
        },
        "securitySchemes": dict(_SCHEMES.values()) | _CSRF,
    }
    return result


def _schemas(types: list[Any]) -> dict[str, Any]:
    """The named schemas of all types, by name.

    Raises:
        ValueError: two types have one name.
    """
    schemas: dict[str, Any] = {}
    for wanted in types:
        if wanted is not None and not isinstance(wanted, Bytes):
            for name, schema in _described(wanted)[1].items():
                if schemas.setdefault(name, schema) != schema:
                    raise ValueError(f"Two types of the API are called {name}")
    return dict(sorted(schemas.items()))
