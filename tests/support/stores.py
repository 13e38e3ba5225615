"""Stores for tests: in memory with a catalog in memory, and backends that fail or watch."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import BinaryIO

from labelkeep.errors import StoreError
from labelkeep.store import Backend, MemoryCatalog, Store, open_backend
from labelkeep.store.backends.base import Entry, Piece

SERVER = "6f1d3a54-0000-4000-8000-000000000001"


def a_store(backend: Backend | None = None) -> Store:
    """An empty store, in memory unless told otherwise."""
    return Store.create(backend or open_backend("memory://"), server=SERVER, catalog=MemoryCatalog())


def opener(data: bytes) -> Callable[[], BinaryIO]:
    """What `Ingest.add_file` wants: a file that can be opened again and again."""
    return lambda: io.BytesIO(data)


def keys_of(store: Store, prefix: str = "") -> set[str]:
    """All keys in a store."""
    return {entry.key for entry in store.backend.list(prefix)}


def flip(store: Store, key: str, position: int) -> None:
    """Change one bit of an object, as a bad disk does."""
    data = bytearray(store.backend.get(key))
    data[position] ^= 1
    store.backend.put(key, [bytes(data)])


class FaultyBackend:
    """Asks `fault(verb, number of the call)` before each call that changes something, else does as `backend` does."""

    def __init__(self, backend: Backend, fault: Callable[[str, int], None]) -> None:
        self._backend, self._fault = backend, fault
        self.calls = 0

    def get(self, key: str) -> bytes:
        return self._backend.get(key)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        return self._backend.get_range(key, start, length)

    def list(self, prefix: str = "") -> Iterator[Entry]:
        return self._backend.list(prefix)

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        return self._backend.sizes(keys)

    def put(self, key: str, pieces: Iterable[Piece], *, create: bool = False) -> int:
        self._called("put")
        return self._backend.put(key, pieces, create=create)

    def delete(self, keys: Collection[str]) -> None:
        self._called("delete")
        self._backend.delete(keys)

    def sweep(self, before: datetime) -> int:
        return self._backend.sweep(before)

    def _called(self, verb: str) -> None:
        self.calls += 1
        self._fault(verb, self.calls)


def failing_from(first: int, *, for_ever: bool) -> Callable[[str, int], None]:
    """A fault: the n-th call fails, or that and all later ones."""

    def fault(verb: str, number: int) -> None:
        if number == first or (for_ever and number > first):
            raise StoreError(f"{verb} failed at call {number}")

    return fault
