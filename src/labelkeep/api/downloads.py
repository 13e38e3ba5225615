"""Files as answers: whole or in part (RFC 9110 §13, §14), never compressed on the way, with a name that clients take.

CVAT's client saves under the plain `filename=` and refuses most characters there (cvat-protocol §7.5), so that one is
made harmless, and the real name stands in `filename*=`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.request import Request

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)
_HARMFUL = re.compile(r"[^A-Za-z0-9_\-. ]")
_LONGEST = 254


class Range(NamedTuple):
    """The bytes from `start` up to but not including `stop`."""

    start: int
    stop: int


def answer(
    request: Request,
    *,
    size: int,
    etag: str,
    stream: Callable[[int, int], Iterator[bytes]],
    media_type: str,
    filename: str = "",
) -> HttpResponseBase:
    """The answer to GET or HEAD for something of `size` bytes that `etag` (strong, with quotes) stands for.

    With `filename` it is to be saved under that name. Several ranges at once are answered with the whole, as the RFC
    allows.
    """
    if is_known(request, etag):
        return _described(HttpResponse(status=304), etag, filename)
    wanted = _wanted(request, size, etag)
    if wanted is not None and wanted.start >= wanted.stop:
        response = _described(HttpResponse(status=416), etag, filename)
        response["Content-Range"] = f"bytes */{size}"
        return response
    start, stop = wanted or Range(0, size)
    body: HttpResponseBase
    if request.method == "HEAD":
        body = HttpResponse(content_type=media_type)
    else:
        body = StreamingHttpResponse(stream(start, stop), content_type=media_type)
    body.status_code = 206 if wanted else 200
    body["Content-Length"] = str(stop - start)
    if wanted:
        body["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _described(body, etag, filename)


def is_known(request: Request, etag: str) -> bool:
    """Whether who asks has this already (If-None-Match)."""
    return bool({etag, "*"} & set(_tags(request.headers.get("If-None-Match", ""))))


def _described(response: HttpResponseBase, etag: str, filename: str) -> HttpResponseBase:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    if filename:
        response["Content-Disposition"] = disposition(filename)
    return response


def disposition(filename: str) -> str:
    """Content-Disposition for a file that is to be saved."""
    return f"attachment; filename=\"{harmless(filename)}\"; filename*=UTF-8''{quote(filename, safe='')}"


def harmless(filename: str) -> str:
    """The name as the stock client accepts it: few characters, a stem and an extension, no leading dot, not long."""
    stem, dot, extension = filename.rpartition(".")
    stem, extension = (stem, extension) if dot and stem else (filename, "zip")
    stem = _HARMFUL.sub("_", stem).lstrip(". ") or "file"
    extension = _HARMFUL.sub("_", extension).strip(". ") or "zip"
    return f"{stem[: _LONGEST - len(extension) - 1]}.{extension}"


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]


def _wanted(request: Request, size: int, etag: str) -> Range | None:
    """The range asked for; None for the whole, an empty one where it cannot be satisfied."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", "").lower())
    condition = request.headers.get("If-Range", "").strip()
    if match is None or (condition and condition != etag):
        return None
    first, last = match.groups()
    if not first:
        return Range(max(0, size - int(last)), size) if last and int(last) else (Range(0, 0) if last else None)
    if last and int(last) < int(first):
        return None
    return Range(int(first), min(size, int(last) + 1 if last else size))
