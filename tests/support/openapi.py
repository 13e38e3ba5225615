"""Holding answers against the OpenAPI document: the status is one that is told, the body is of the type that is told.

`Client` (support/api.py) does it with every answer that it gets: all tests of the API are tests of the document.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from labelkeep.api.openapi import document

_JSON = ("application/json", "application/vnd.cvat+json")


def check(method: str, response: HttpResponseBase) -> None:
    """Fail when an answer is not as the document says. Routes of a test's own and methods that are refused are free."""
    path = _path(response)
    if response.status_code == 405:
        return
    operation = document()["paths"].get(path, {}).get(method.lower())
    if operation is None:
        return
    told = operation["responses"]
    status = response.status_code
    assert str(status) in told, f"{method} {path} answered {status}; the document tells of {sorted(told)}"
    media_type = response.get("Content-Type", "").partition(";")[0]
    if media_type in _JSON and method != "HEAD" and not response.get("Content-Encoding"):
        _check_body(path, method.lower(), status, media_type, whole(response))


def _path(response: Any) -> str:
    """The path as the document writes it; empty where no view answered."""
    try:
        return template(resolve(response.wsgi_request.path_info).route)
    except Resolver404:
        return ""


def template(route: str) -> str:
    """A route of Django as the document writes it."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: f"{{{'id' if found[1] == 'pk' else found[1]}}}", route)


def whole(response: HttpResponseBase) -> bytes:
    """The body, which can be read again afterwards."""
    if not response.streaming:
        return bytes(response.content)  # type: ignore[attr-defined]
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    response.streaming_content = [content]  # type: ignore[attr-defined]
    return content


def _check_body(path: str, method: str, status: int, media_type: str, body: bytes) -> None:
    validator = _validator(path, method, status, media_type)
    assert validator is not None, f"{method} {path} answered {status} with {media_type}, which is not told"
    try:
        validator.validate(orjson.loads(body))
    except jsonschema_rs.ValidationError as error:
        raise AssertionError(f"{method} {path} answered {status}, and not as the document says: {error}") from None


@cache
def _validator(path: str, method: str, status: int, media_type: str) -> Any:
    told = resolved(document()["paths"][path][method]["responses"][str(status)])
    content = told.get("content", {}).get(media_type)
    if content is None:
        return None
    return jsonschema_rs.Draft202012Validator(
        {**content["schema"], "components": document()["components"]}, validate_formats=True
    )


def resolved(thing: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` of the document refers to."""
    while "$ref" in thing:
        found: Any = document()
        for step in thing["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        thing = found
    return thing
