"""What a backend is: named, immutable bytes. A ladder of three, so that what only reads cannot be made to delete.

A key is a relative path of plain segments (`check_key`). An object appears whole or not at all, and is durable when
`put` returns. Backends know nothing of names, packs or documents.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from labelkeep.errors import BadInput

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
Piece = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Entry:
    """One object in a listing."""

    key: str
    size: int
    modified: datetime


def check_key(key: str) -> str:
    """Return `key` as it is.

    Raises:
        BadInput: it could leave the store's own folder, or cannot be a key.
    """
    if len(key) > 255 or not _KEY.fullmatch(key):
        raise BadInput(f"not a key: {key[:80]!r}")
    return key


class Source:
    """Pieces on their way in. Remembers what their giver raised, so that it is not taken for a fault of the backend."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = pieces
        self.size = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[Piece]:
        try:
            for piece in self._pieces:
                self.size += len(piece)
                yield piece
        except GeneratorExit:
            raise
        except BaseException as error:
            self.error = error
            raise


class Reader(Protocol):
    """Reads. All methods raise Missing where there is no such object, StoreError where it cannot be read."""

    def get(self, key: str) -> bytes:
        """The whole object."""
        ...

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """`length` bytes from `start` on, which lies inside the object; fewer only where the object ends."""
        ...

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """All objects whose key begins with `prefix` (empty, or ending in `/`). Temporaries are never listed."""
        ...

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """Sizes of those of `keys` that are there."""
        ...


class Writer(Reader, Protocol):
    """Reads and adds."""

    def put(self, key: str, pieces: Iterable[Piece], *, create: bool = False) -> int:
        """Write an object from pieces; return its size. Durable on return; on any exception nothing stays.

        What the giver of the pieces raises is passed on as it is.

        Raises:
            StoreFull: no room is left.
            Conflict: `create` was asked, and the object is there already.
            StoreError: it could not be written.
        """
        ...


class Pruner(Writer, Protocol):
    """Reads, adds and deletes."""

    def delete(self, keys: Collection[str]) -> None:
        """Remove objects; those that are not there are passed over."""
        ...

    def sweep(self, before: datetime) -> int:
        """Remove temporaries that were last written before a moment, left by writers that died; return how many."""
        ...


Backend = Pruner
