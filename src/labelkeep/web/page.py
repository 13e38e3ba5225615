"""What every page shares: how it is answered, what a browser may do with it, and the stylesheet.

A page loads nothing but our stylesheet, runs no script, sends forms to ourselves alone, and is kept by nobody: its
address may hold a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from labelkeep.errors import BadInput, LabelkeepError

_STYLE = Path(__file__).parent / "style.css"
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with none at all browsers would not say the origin that CSRF protection wants
}


def shown(request: HttpRequest, template: str, context: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """A page."""
    page = render(request, template, dict(context), status=status)
    for name, value in _HEADERS.items():
        page[name] = value
    return page


def told(request: HttpRequest, title: str, text: str, status: int = 200) -> HttpResponse:
    """A page that only says something."""
    return shown(request, "told.html", {"title": title, "text": text}, status)


def failed(request: HttpRequest, title: str, error: LabelkeepError) -> HttpResponse:
    """A page that says why not."""
    return told(request, title, str(error), error.status)


def problems(error: BadInput) -> dict[str, str]:
    """What is wrong with a form, a sentence for each field; "form" is for what concerns no field."""
    if not isinstance(error.detail, dict):
        return {"form": str(error)}
    return {field: " ".join(sentences) for field, sentences in error.detail.items()}


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a form that does not come from one of our pages, or from a browser without cookies."""
    text = "Your browser did not show that this form came from here. Allow cookies here, and open the link again."
    return told(request, "That did not work", text, 403)


@require_safe
def style(request: HttpRequest) -> FileResponse:
    """The stylesheet."""
    kept = {"Cache-Control": "max-age=3600"}
    return FileResponse(_STYLE.open("rb"), content_type="text/css; charset=utf-8", headers=kept)


urlpatterns = [path("style.css", style)]
