"""What happens to every request: an id, the address that people use, and one spelling of each path."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class RequestMiddleware:
    """Gives each request an id and removes the trailing slash under /api, so both spellings answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/api/"):
            request.path_info = request.path_info.rstrip("/")
        response = self.get_response(request)
        response["X-Request-Id"] = str(uuid.uuid4())
        return response
