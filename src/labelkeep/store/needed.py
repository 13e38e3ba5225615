"""The names that somebody needs, while prune works them out: on disk and not in memory, because there may be millions.

As the journal of an ingest it is a temporary SQLite database without a name in the file system.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from labelkeep.errors import StoreFull
from labelkeep.store.names import from_hex, hex_of

_BATCH = 500


class Needed:
    """A set of names; each is met once by whoever follows what they name in turn."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000; BEGIN;"
            "CREATE TABLE needed (hash BLOB PRIMARY KEY) WITHOUT ROWID;"
            "CREATE TABLE followed (hash BLOB PRIMARY KEY) WITHOUT ROWID;"
            "CREATE TABLE waiting (hash BLOB)"
        )

    def add(self, names: Iterable[str]) -> None:
        """These are needed. What they name is not: they are leaves, or somebody has seen to it."""
        iterator = map(_digest, names)
        while batch := list(islice(iterator, _BATCH)):
            self._insert("INSERT OR IGNORE INTO needed VALUES (?)", batch)

    def follow(self, names: Iterable[str]) -> None:
        """These are needed, and so is what they name: they come out of `waiting` once, whoever needs them how often."""
        iterator = map(_digest, names)
        while batch := list(islice(iterator, _BATCH)):
            self._insert("INSERT OR IGNORE INTO needed VALUES (?)", batch)
            marks = ",".join("?" * len(batch))
            known = self._database.execute(f"SELECT hash FROM followed WHERE hash IN ({marks})", batch)  # noqa: S608
            fresh = sorted(set(batch) - {digest for (digest,) in known})
            self._insert("INSERT INTO followed VALUES (?)", fresh)
            self._insert("INSERT INTO waiting VALUES (?)", fresh)

    def waiting(self) -> Iterator[str]:
        """Each name to be followed, until there is none; more may be added meanwhile."""
        while rows := self._database.execute("SELECT rowid, hash FROM waiting LIMIT ?", [_BATCH]).fetchall():
            self._database.execute("DELETE FROM waiting WHERE rowid <= ?", [max(rowid for rowid, _ in rows)])
            for _, digest in rows:
                yield from_hex(digest.hex())

    def holding(self, names: Collection[str]) -> set[str]:
        """Those of the names that are needed."""
        found: set[str] = set()
        iterator = iter(names)
        while batch := list(islice(iterator, _BATCH)):
            marks = ",".join("?" * len(batch))
            rows = self._database.execute(
                f"SELECT hash FROM needed WHERE hash IN ({marks})",  # noqa: S608  # question marks only
                [_digest(name) for name in batch],
            )
            found |= {from_hex(digest.hex()) for (digest,) in rows}
        return found

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM needed").fetchone()[0])

    def names(self) -> Iterator[str]:
        """All of them."""
        cursor = self._database.execute("SELECT hash FROM needed")
        while rows := cursor.fetchmany(_BATCH):
            yield from (from_hex(digest.hex()) for (digest,) in rows)

    def close(self) -> None:
        """Free the space."""
        self._database.close()

    def _insert(self, statement: str, digests: list[bytes]) -> None:
        try:
            self._database.executemany(statement, [(digest,) for digest in digests])
        except sqlite3.OperationalError as error:
            raise StoreFull(f"no room for temporary files: {error}") from error


def _digest(name: str) -> bytes:
    return bytes.fromhex(hex_of(name))
