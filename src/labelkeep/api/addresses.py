"""Absolute addresses, as the people who use the server see it."""

from __future__ import annotations

from typing import TypeAlias

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

AnyRequest: TypeAlias = HttpRequest | Request


def base(request: AnyRequest) -> str:
    """Scheme and host: LABELKEEP_PUBLIC_URL where it is set, else those of the request (middleware.py has judged
    what a proxy said about them)."""
    return settings.CONFIGURATION.public_url or f"{request.scheme}://{request.get_host()}"


def origin(request: AnyRequest) -> str:
    """Where a request comes from: the client's own address, also behind a trusted proxy (middleware.py)."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return address


def absolute(request: AnyRequest, path: str) -> str:
    """The address of a path of this server; `path` starts with a slash."""
    return base(request) + path
