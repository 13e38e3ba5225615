"""What an ingest has stored so far, on disk and not in memory: a million members would fill it otherwise.

A temporary SQLite database that has no name in the file system, so it is gone with the process however that ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator

from labelkeep.errors import StoreFull
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

    def holding(self, names: Collection[str]) -> set[str]:
        """Those of at most a few hundred names that are here."""
        marks = ",".join("?" * len(names))
        rows = self._database.execute(
            f"SELECT hash FROM member WHERE hash IN ({marks})",  # noqa: S608  # question marks only
            [_digest(name) for name in names],
        )
        return {from_hex(digest.hex()) for (digest,) in rows}

    def add(self, locations: Iterable[Location]) -> None:
        """Keep locations; the last one of a name stays.

        Raises:
            StoreFull: the device of temporary files is full.
        """
        try:
            self._database.executemany(
                "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, locations)
            )
        except sqlite3.OperationalError as error:
            raise StoreFull(f"no room for temporary files: {error}") from error

    def batches(self) -> Iterator[list[Location]]:
        """All locations, a few hundred at a time."""
        cursor = self._database.execute("SELECT hash, kind, size, stored, crc, key, offset FROM member")
        while rows := cursor.fetchmany(_BATCH):
            yield [Location(from_hex(digest.hex()), *rest) for digest, *rest in rows]

    def close(self) -> None:
        """Drop it."""
        self._database.close()


def _row(location: Location) -> tuple[bytes, str, int, int, int, str, int]:
    return (
        _digest(location.name),
        location.kind,
        location.size,
        location.stored_size,
        location.crc32,
        location.key,
        location.offset,
    )


def _digest(name: str) -> bytes:
    return bytes.fromhex(hex_of(name))
