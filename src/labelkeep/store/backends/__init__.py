"""Where a store's bytes live. `base` says what a backend is; `local` is a directory, `objects` everything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from labelkeep.errors import BadInput
from labelkeep.store.backends.base import Backend, Entry, Pruner, Reader, Writer
from labelkeep.store.backends.local import LocalBackend

__all__ = ["Backend", "Entry", "LocalBackend", "Pruner", "Reader", "Writer", "open_backend"]

_OPTIONS = {"endpoint", "region"}


def open_backend(url: str | Path) -> Backend:
    """Open the backend at `url`: a path, `memory://`, `s3://bucket/prefix?endpoint=…&region=…`, `az://…` or `gs://…`.

    Credentials never stand in a URL: they come from the provider's usual variables and files (`AWS_ACCESS_KEY_ID` …).
    `memory://` is a new, empty one at each call.

    Raises:
        BadInput: the URL names no kind of store.
    """
    text = str(url)
    parts = urlsplit(text)
    if isinstance(url, Path) or "://" not in text:
        return LocalBackend(text)
    if parts.scheme == "file":
        return LocalBackend(parts.path)
    if parts.scheme not in {"memory", "s3", "az", "gs"}:
        raise BadInput(f"no kind of store begins with {parts.scheme}://")
    return _open_objects(text)


def _open_objects(url: str) -> Backend:
    from obstore.store import MemoryStore, from_url  # 20 ms to import; a local store never needs it

    from labelkeep.store.backends.objects import ObjectsBackend

    parts = urlsplit(url)
    if parts.scheme == "memory":
        return ObjectsBackend(MemoryStore())
    if parts.username or parts.password:
        raise BadInput("credentials do not belong into a store's URL")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if unknown := options.keys() - _OPTIONS:
        raise BadInput(f"unknown option of a store's URL: {', '.join(sorted(unknown))}")
    client: dict[str, Any] = {}
    if parts.scheme == "s3":
        options["conditional_put"] = "etag"
        options["virtual_hosted_style_request"] = "false" if "endpoint" in options else "true"
    if options.get("endpoint", "").startswith("http://"):
        client["allow_http"] = True
    address = urlunsplit(parts._replace(query=""))
    opened = from_url(address, client_options=client, **options)  # type: ignore[call-overload]  # options vary by scheme
    return ObjectsBackend(opened)
