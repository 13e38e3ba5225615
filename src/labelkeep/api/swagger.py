"""/api/schema, the OpenAPI document; /api/swagger and /api/docs, pages that show it.

The pages load what drf-spectacular-sidecar carries, from here and from nowhere else, and run no script that stands in
the page itself. Who looks at them needs no login; what he tries there is done as whom he says he is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Literal

import orjson
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.renderers import OpenApiYamlRenderer
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.api.base import View
from labelkeep.api.openapi import document
from labelkeep.api.schema import Bytes, Method, Parameter
from labelkeep.errors import NotFound

_CARRIED = "drf_spectacular_sidecar/static/drf_spectacular_sidecar"
_FILES: Mapping[str, tuple[str, str]] = {
    "swagger-ui.css": ("swagger-ui-dist/swagger-ui.css", "text/css; charset=utf-8"),
    "swagger-ui-bundle.js": ("swagger-ui-dist/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "redoc.standalone.js": ("redoc/bundles/redoc.standalone.js", "text/javascript; charset=utf-8"),
    "favicon-32x32.png": ("swagger-ui-dist/favicon-32x32.png", "image/png"),
}
# The session's cookie goes along by itself; what changes something must also show the CSRF token.
_START = """"use strict";
SwaggerUIBundle({
  url: "/api/schema/?scheme=json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
    if (token) request.headers["X-CSRFToken"] = token[1];
    return request;
  },
});
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Labelkeep: API</title>
<link rel="icon" href="/api/swagger/favicon-32x32.png?{version}">
{head}
</head>
<body>
{body}
</body>
</html>
"""
_SWAGGER = (
    '<link rel="stylesheet" href="/api/swagger/swagger-ui.css?{version}">',
    '<div id="swagger-ui"></div>\n'
    '<script src="/api/swagger/swagger-ui-bundle.js?{version}"></script>\n'
    '<script src="/api/swagger/start.js?{version}"></script>',
)
_REDOC = (
    "",
    '<redoc spec-url="/api/schema/?scheme=json" disable-search></redoc>\n'
    '<script src="/api/swagger/redoc.standalone.js?{version}"></script>',
)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


# ---- the document --------------------------------------------------------------------------------------------------


class YamlRenderer(BaseRenderer):
    """The document as YAML, which is what those get who ask for nothing else, as CVAT has it."""

    media_type = "application/vnd.oai.openapi"
    format = "yaml"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """The same bytes each time: writing them takes longer than any other answer. A failure is written anew."""
        return _document() if data is document() else _written(data)


class PlainYamlRenderer(YamlRenderer):
    """The same under the usual name."""

    media_type = "application/yaml"


class JsonRenderer(BaseRenderer):
    """The document as JSON."""

    media_type = "application/vnd.oai.openapi+json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        """JSON text."""
        return orjson.dumps(data)


class PlainJsonRenderer(JsonRenderer):
    """The same under the usual name."""

    media_type = "application/json"


@cache
def _document() -> bytes:
    return _written(document())


def _written(data: Any) -> bytes:
    renderer: Any = OpenApiYamlRenderer()
    written: bytes = renderer.render(data)
    return written


class Page(View):
    """Base: open to everybody; credentials are not looked at."""

    authentication_classes = []
    anonymous = True
    in_organizations = False


class Schema(Page):
    """The OpenAPI document of this server."""

    renderer_classes = [YamlRenderer, PlainYamlRenderer, JsonRenderer, PlainJsonRenderer]
    methods = {
        "GET": Method(
            gives=dict[str, Any],
            answers=tuple(renderer.media_type for renderer in renderer_classes),
            query={
                "scheme": Parameter("Instead of the Accept header.", Literal["yaml", "json"]),
                "lang": "Taken, and not followed: the document is in English.",
            },
        )
    }

    def get(self, request: Request) -> Response:
        """Made from the routes themselves, so it lists what is there and no more."""
        return Response(document())


# ---- the pages -----------------------------------------------------------------------------------------------------


class Swagger(Page):
    """Swagger UI: the document, with forms to try each operation."""

    methods = {"GET": Method(gives=Bytes("text/html"))}

    def get(self, request: Request) -> HttpResponse:
        """The page."""
        return _page(*_SWAGGER, policy=_POLICY)


class Redoc(Page):
    """Redoc: the document, for reading."""

    methods = {"GET": Method(gives=Bytes("text/html"))}

    def get(self, request: Request) -> HttpResponse:
        """The page."""
        return _page(*_REDOC, policy=f"{_POLICY}; worker-src blob:")


class File(Page):
    """What the pages load."""

    methods = {"GET": Method(gives=Bytes("text/css", "text/javascript", "image/png"))}

    def get(self, request: Request, name: str) -> HttpResponse:
        """One file. Its address changes with its content, so that it need never be asked for again."""
        content, media_type = _file(name)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return HttpResponse(content, content_type=media_type, headers=headers)


def _page(head: str, body: str, policy: str) -> HttpResponse:
    page = _PAGE.replace("{head}", head).replace("{body}", body).replace("{version}", _version())
    return HttpResponse(page, headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


def _file(name: str) -> tuple[bytes, str]:
    if name == "start.js":
        return _START.encode(), "text/javascript; charset=utf-8"
    if name not in _FILES:
        raise NotFound()
    place, media_type = _FILES[name]
    return _carried(place), media_type


@cache
def _carried(place: str) -> bytes:
    package, _, folder = _CARRIED.partition("/")
    return files(package).joinpath(folder, place).read_bytes()


@cache
def _version() -> str:
    """Of what the pages load, ours and the sidecar's."""
    return f"{version('labelkeep')}-{version('drf-spectacular-sidecar')}"


urlpatterns = [
    path("api/schema", Schema.as_view()),
    path("api/swagger", Swagger.as_view()),
    path("api/swagger/<str:name>", File.as_view()),
    path("api/docs", Redoc.as_view()),
]
