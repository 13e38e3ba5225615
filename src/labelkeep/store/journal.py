"""What an ingest has stored so far, on disk and not in memory: a million members would fill it otherwise.

A temporary SQLite database that has no name in the file system, so it is gone with the process however that ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from labelkeep.store.catalog import Location
from labelkeep.store.names import from_hex, hex_of

_BATCH = 500


class Journal:
    """Locations of one ingest, each name once."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000; BEGIN;"
            "CREATE TABLE member (hash BLOB PRIMARY KEY, kind TEXT, size INTEGER, stored INTEGER, crc INTEGER,"
            " key TEXT, offset INTEGER) WITHOUT ROWID"
        )

    def __contains__(self, name: str) -> bool:
        row = self._database.execute("SELECT 1 FROM member WHERE hash = ?", [_digest(name)]).fetchone()
        return row is not None

    def add(self, location: Location) -> None:
        """Keep a location whose name is new here."""
        self._database.execute(
            "INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                _digest(location.name),
                location.kind,
                location.size,
                location.stored_size,
                location.crc32,
                location.key,
                location.offset,
            ],
        )

    def batches(self) -> Iterator[list[Location]]:
        """All locations, a few hundred at a time."""
        cursor = self._database.execute("SELECT hash, kind, size, stored, crc, key, offset FROM member")
        while rows := cursor.fetchmany(_BATCH):
            yield [Location(from_hex(digest.hex()), *rest) for digest, *rest in rows]

    def close(self) -> None:
        """Drop it."""
        self._database.close()


def _digest(name: str) -> bytes:
    return bytes.fromhex(hex_of(name))
