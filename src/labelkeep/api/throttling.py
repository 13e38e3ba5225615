"""How often passwords may be tried."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class StrangersThrottle(SimpleRateThrottle):
    """A hundred a minute from one address, as CVAT has it. Counted in each process by itself."""

    scope = "strangers"
    rate = "100/min"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        """By address: the middleware has made it the client's own where a trusted proxy stands between."""
        return self.cache_format % {"scope": self.scope, "ident": request.META.get("REMOTE_ADDR", "")}
