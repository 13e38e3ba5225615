"""Objects in S3, Azure, Google Cloud or memory, through obstore.

An object store acknowledges an object only when it is durable, and shows it only when it is whole; so there are no
temporaries of ours. Parts of a broken-off multipart upload are hidden by the provider; a lifecycle rule frees them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import chain
from typing import Literal, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from labelkeep.errors import Conflict, Missing, StoreError
from labelkeep.store.backends.base import Entry, Piece, Source, check_key

_PART = 8 * 2**20
_PARALLEL = 16
_Result = TypeVar("_Result")


class ObjectsBackend:
    """A store under the prefix that `objects` was opened with."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def get(self, key: str) -> bytes:
        """See Reader."""
        return _asked(key, lambda: bytes(obstore.get(self._objects, check_key(key)).bytes()))

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See Reader."""
        check_key(key)
        if length == 0:
            return self._nothing_of(key)
        return _asked(key, lambda: bytes(obstore.get_range(self._objects, key, start=start, length=length)))

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See Reader."""
        folder = check_key(prefix.rstrip("/")) + "/" if prefix else None
        pages = iter(obstore.list(self._objects, prefix=folder))
        while page := _asked(prefix, lambda: next(pages, None)):
            for item in page:
                yield Entry(item["path"], item["size"], item["last_modified"])

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """See Reader. One request a key, several at a time."""
        keys = [check_key(key) for key in keys]
        with ThreadPoolExecutor(min(_PARALLEL, len(keys) or 1)) as pool:
            sizes = zip(keys, pool.map(self._size, keys), strict=True)
            return {key: size for key, size in sizes if size is not None}

    def put(self, key: str, pieces: Iterable[Piece], *, create: bool = False) -> int:
        """See Writer. Up to one part is sent at once, more as a multipart upload part by part."""
        check_key(key)
        source = Source(pieces)
        parts = _parts(source)
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            self._put_whole(key, first, create=create)
        elif create:
            raise StoreError(f"{key}: too large to be created conditionally")
        else:
            self._put_parts(key, source, chain((first, second), parts))
        return source.size

    def delete(self, keys: Collection[str]) -> None:
        """See Pruner."""
        for key in keys:
            with suppress(Missing):
                _asked(key, lambda key=key: obstore.delete(self._objects, check_key(key)))  # type: ignore[misc]

    def sweep(self, before: datetime) -> int:
        """See Pruner. An object store keeps no temporaries that we could see."""
        return 0

    def _nothing_of(self, key: str) -> bytes:
        """No bytes of an object that must be there; an object store refuses to give an empty range."""
        if self._size(key) is None:
            raise Missing(f"{key} is not in the store")
        return b""

    def _put_whole(self, key: str, data: bytes, *, create: bool) -> None:
        mode: Literal["create", "overwrite"] = "create" if create else "overwrite"
        try:
            obstore.put(self._objects, key, data, mode=mode, use_multipart=False)
        except AlreadyExistsError as error:
            raise Conflict(f"{key} is there already") from error
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(f"{key}: {error}") from error

    def _put_parts(self, key: str, source: Source, parts: Iterable[bytes]) -> None:
        try:
            _asked(key, lambda: obstore.put(self._objects, key, parts, chunk_size=_PART, max_concurrency=4))
        except Exception:
            if source.error is not None:
                raise source.error from None
            raise

    def _size(self, key: str) -> int | None:
        try:
            return _asked(key, lambda: obstore.head(self._objects, key)["size"])
        except Missing:
            return None


def _parts(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Gather pieces into parts of at least `_PART` bytes; the last one may be smaller."""
    waiting: list[Piece] = []
    gathered = 0
    for piece in pieces:
        waiting.append(piece)
        gathered += len(piece)
        if gathered >= _PART:
            yield b"".join(waiting)
            waiting, gathered = [], 0
    if waiting:
        yield b"".join(waiting)


def _asked(key: str, ask: Callable[[], _Result]) -> _Result:
    try:
        return ask()
    except FileNotFoundError as error:
        raise Missing(f"{key} is not in the store") from error
    except (BaseError, OSError, ValueError) as error:
        raise StoreError(f"{key}: {error}") from error
