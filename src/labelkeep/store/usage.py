"""Who uses which content: bytes of each, and those that are its alone. On disk, as `Needed` is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby, islice

from labelkeep.store.names import from_hex, hex_of

_BATCH = 500

Sizes = Callable[[list[str]], dict[str, int]]


@dataclass
class Share:
    """What one owner uses."""

    bytes: int = 0
    unique_bytes: int = 0  # what nobody else uses


class Usage:
    """Which owner, a number, uses which names."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-8000; BEGIN;"
            "CREATE TABLE used (hash BLOB, owner INTEGER, PRIMARY KEY (hash, owner)) WITHOUT ROWID"
        )

    def add(self, owner: int, names: Iterable[str]) -> None:
        """This owner uses these."""
        rows = ((bytes.fromhex(hex_of(name)), owner) for name in names)
        self._database.executemany("INSERT OR IGNORE INTO used VALUES (?, ?)", rows)

    def shares(self, sizes: Sizes) -> dict[int, Share]:
        """What each uses; `sizes` says how large contents are."""
        shares: dict[int, Share] = {}
        rows = self._database.execute("SELECT hash, owner FROM used ORDER BY hash")
        users = ((from_hex(digest.hex()), [owner for _, owner in group]) for digest, group in groupby(rows, _first))
        while batch := list(islice(users, _BATCH)):
            known = sizes([name for name, _ in batch])
            for name, owners in batch:
                for owner in owners:
                    share = shares.setdefault(owner, Share())
                    share.bytes += known.get(name, 0)
                    share.unique_bytes += known.get(name, 0) if len(owners) == 1 else 0
        return shares

    def close(self) -> None:
        """Free the space."""
        self._database.close()


def _first(row: tuple[bytes, int]) -> bytes:
    return row[0]
