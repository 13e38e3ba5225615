"""What happens to every request: who stands between, an id, one spelling of each path, and safe headers.

Outermost first: `ProxyMiddleware`, `RequestMiddleware`, `RoomMiddleware`, `CompressionMiddleware` (see
settings.MIDDLEWARE).
"""

from __future__ import annotations

import ipaddress
import re
import time
import uuid
import zlib
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from http.cookies import Morsel
from typing import TypeAlias

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from labelkeep.media import space

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
log = structlog.get_logger("labelkeep.request")

_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT")
_REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_PORTS = {"http": "80", "https": "443"}
_HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class ProxyMiddleware:
    """Believes X-Forwarded-For, -Proto, -Host and -Port when a proxy that the operator trusts says them; forgets them
    otherwise, so that nothing behind here can be told a lie.

    Each proxy appends on the right, so the rightmost value is the one that our own proxy said.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.trusted = networks(settings.CONFIGURATION.trusted_proxies)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        said = {name: request.META.pop(name, "") for name in _FORWARDED}
        if any(said.values()) and self._trusts(request.META.get("REMOTE_ADDR", "")):
            self._believe(request, said)
        return self.get_response(request)

    def _believe(self, request: HttpRequest, said: dict[str, str]) -> None:
        addresses, scheme, host, port = (_values(said[name]) for name in _FORWARDED)
        client = next((address for address in reversed(addresses) if not self._trusts(address)), "")
        if client:
            request.META["REMOTE_ADDR"] = client
        if scheme and scheme[-1].lower() in _PORTS:
            request.META["wsgi.url_scheme"] = scheme[-1].lower()
        if host:
            request.META["HTTP_HOST"] = _with_port(host[-1], port[-1] if port else "", str(request.scheme))

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)  # a proxy that reached a socket of both families
        return any((mapped or parsed) in network for network in self.trusted)


def networks(texts: Iterable[str]) -> Sequence[Network]:
    """Addresses and networks, as the setting writes them; ValueError for a text that is neither."""
    return [ipaddress.ip_network(text, strict=False) for text in texts]


def _values(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


def _with_port(host: str, port: str, scheme: str) -> str:
    """Some proxies name the port apart from the host."""
    has_port = re.search(r":\d+$", host) is not None
    return host if has_port or not port.isdigit() or port == _PORTS.get(scheme) else f"{host}:{port}"


class RequestMiddleware:
    """Gives each request an id, takes the trailing slash off paths under /api, and sets headers for browsers' safety.

    CVAT's client writes a few paths with the slash and the rest without; both spellings of every path answer.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        named = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = named if _REQUEST_ID.fullmatch(named) else str(uuid.uuid4())
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        _unslash(request)
        began = time.perf_counter()
        response = _without_length(request) or self.get_response(request)
        response["X-Request-Id"] = request_id
        if isinstance(response, HttpResponse) and "Content-Length" not in response and response.status_code != 204:
            response["Content-Length"] = str(len(response.content))
        _protect(request, response)
        _tell(request, response, time.perf_counter() - began)
        return response


def _unslash(request: HttpRequest) -> None:
    if request.path_info.startswith("/api/") and request.path_info.endswith("/"):
        request.path_info = request.path_info.rstrip("/")
        request.path = request.path.rstrip("/")


def _without_length(request: HttpRequest) -> HttpResponse | None:
    """A body of unknown length would be taken for an empty one: say so instead."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and not request.META.get("CONTENT_LENGTH"):
        text = '{"detail":"Send a Content-Length; a body in chunks of unknown length cannot be received."}'
        return HttpResponse(text, status=411, content_type="application/json")
    return None


def _protect(request: HttpRequest, response: HttpResponseBase) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path_info.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "private, no-cache")
    for name, cookie in list(response.cookies.items()):
        plain = FlagsFirst()
        plain.set(cookie.key, cookie.value, cookie.coded_value)
        plain.update(cookie)
        if request.is_secure():
            plain["secure"] = True
        dict.__setitem__(response.cookies, name, plain)


class FlagsFirst(Morsel[str]):
    """A cookie that ends with an attribute that has a value.

    CVAT's client joins the Set-Cookie headers with commas before it parses them, and a flag (Secure, HttpOnly) right
    before such a comma makes its parser drop every cookie behind it.
    """

    def OutputString(self, attrs: Container[str] | None = None) -> str:
        """The header's value."""
        value, *attributes = super().OutputString(attrs).split("; ")
        return "; ".join([value, *sorted(attributes, key=lambda attribute: "=" in attribute)])


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """One line a request; the many that only look are told at DEBUG. Never the query: it may name private things."""
    looks = request.method in ("GET", "HEAD", "OPTIONS") and response.status_code < 400
    say = log.debug if looks else log.info
    say("request", method=request.method, path=request.path, status=response.status_code, ms=round(seconds * 1000, 1))


class RoomMiddleware:
    """Frees the reserve on a full disk before anything is deleted or pruned: both write before they free."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "DELETE" or request.path_info.rstrip("/") == "/api/server/prune":
            space.give_up_reserve()
        return self.get_response(request)


class CompressionMiddleware:
    """Sends JSON and text as gzip to clients that ask for it. Never a file: CVAT's client saves what comes, undecoded.

    Answers about passwords and tokens stay as they are, so that their length tells nothing about them.
    """

    SHORTEST = 1024

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not _is_text(response) or request.path_info.startswith("/api/auth"):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        if _accepts_gzip(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            self._compress(response)
        return response

    def _compress(self, response: HttpResponseBase) -> None:
        if isinstance(response, StreamingHttpResponse):
            if response.is_async:
                return
            response.streaming_content = _gzipped(iter(response))
            response.headers.pop("Content-Length", None)
        elif isinstance(response, HttpResponse) and len(response.content) >= self.SHORTEST:
            response.content = b"".join(_gzipped(iter((response.content,))))
            response["Content-Length"] = str(len(response.content))
        else:
            return
        response["Content-Encoding"] = "gzip"


def _is_text(response: HttpResponseBase) -> bool:
    kind = response.get("Content-Type", "").partition(";")[0].strip()
    told = ("Content-Encoding", "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag")
    return (kind.startswith("text/") or kind.endswith("json")) and not any(name in response for name in told)


def _accepts_gzip(header: str) -> bool:
    for part in header.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "x-gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """gzip of a stream, as it comes. Level 1: text shrinks tenfold, and the line is seldom slower than that."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        shrunk = compressor.compress(piece)
        if shrunk:
            yield shrunk
    yield compressor.flush()
