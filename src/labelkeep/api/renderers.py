"""Which renderer answers, and how JSON is written.

CVAT names its API version in the media type (`application/vnd.cvat+json; version=2.0`); clients also send plain
`application/json`, `*/*` and nothing at all. A client that accepts none of ours still gets JSON: a sentence that it can
read beats a 406 that it cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

VND = "application/vnd.cvat+json"
SCHEME = "scheme"  # the query parameter that picks a renderer (`format` is CVAT's own word for something else)
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS


def _other(value: Any) -> Any:
    """What orjson does not know: Django's lazy texts, tuples' cousins, mappings that are no dict."""
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def dump(data: Any) -> bytes:
    """Any value that a view answers as JSON text; moments in UTC with `Z`."""
    return orjson.dumps(data, _other, _OPTIONS)


class VndRenderer(BaseRenderer):
    """CVAT's own media type; the default."""

    media_type = VND
    format = "vnd.cvat+json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        """JSON text; nothing for an answer without a body."""
        return b"" if data is None else dump(data)


class PlainRenderer(VndRenderer):
    """The same under the usual name."""

    media_type = "application/json"
    format = "json"


class Negotiation(DefaultContentNegotiation):
    """Never refuses: see above."""

    def select_renderer(  # type: ignore[override]
        self, request: Request, renderers: Sequence[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The renderer that `scheme=` names, else the first that Accept names, else CVAT's.

        Raises:
            NotFound: `scheme` names none.
        """
        scheme = request.query_params.get(SCHEME)
        if scheme:
            renderers = [renderer for renderer in renderers if renderer.format == scheme]
            if not renderers:
                raise NotFound()
        for accepted in request.META.get("HTTP_ACCEPT", "").split(","):
            name = accepted.partition(";")[0].strip().lower()
            for renderer in renderers:
                if renderer.media_type == name:
                    return renderer, renderer.media_type
        return renderers[0], renderers[0].media_type
