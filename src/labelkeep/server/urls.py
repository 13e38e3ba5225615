"""All routes. A module of `api` or `web` that has `urlpatterns` is served: adding a resource is adding a file."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver

from labelkeep import api, web
from labelkeep.api.renderers import dump


def modules() -> Iterator[str]:
    """The modules whose routes are served, in the order of their names."""
    for room in (api, web):
        yield from (f"{room.__name__}.{found.name}" for found in pkgutil.iter_modules(room.__path__))
    if importlib.util.find_spec("labelkeep.server.health"):
        yield "labelkeep.server.health"


def _routes() -> Iterator[URLPattern | URLResolver]:
    for name in modules():
        yield from getattr(importlib.import_module(name), "urlpatterns", ())


urlpatterns = list(_routes())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A path that no module serves."""
    return _told("Not found.", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django refused before any view: a host that is not allowed, a body that is too large."""
    return _told("Bad request.", 400)


def failed(request: HttpRequest) -> HttpResponse:
    """An exception outside every view; Django has logged it."""
    return _told("Internal server error. The server's log has the details.", 500)


def _told(sentence: str, status: int) -> HttpResponse:
    return HttpResponse(dump({"detail": sentence}), status=status, content_type="application/json")


handler400, handler404, handler500 = bad_request, not_found, failed
