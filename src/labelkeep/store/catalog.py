"""The catalog: where the bytes of a name lie. It is a cache of the store's own index, so it can be lost and rebuilt.

The server keeps it in its database (`media.catalog`); `MemoryCatalog` is for tests and for stores opened by hand.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["blob", "document"]


@dataclass(frozen=True, slots=True)
class Location:
    """Where the content of `name` lies: `stored_size` bytes of object `key`, from `offset` on."""

    name: str
    kind: Kind  # how it is encoded: a blob as it is, a document as one zstd frame
    size: int  # of the content itself
    stored_size: int
    crc32: int  # of the content itself
    key: str
    offset: int = 0

    @property
    def packed(self) -> bool:
        """Whether it lies in a pack; the first member begins behind its header, so never at 0."""
        return self.offset > 0


class Catalog(Protocol):
    """What the store asks of a catalog. Each call is atomic by itself, and safe from several threads and processes."""

    def locate(self, names: Collection[str]) -> dict[str, Location]:
        """The locations of those names that are known."""
        ...

    def rescue(self, names: Collection[str]) -> dict[str, Location]:
        """As `locate`, and prune's mark is lifted from all that is returned: somebody is about to refer to it."""
        ...

    def record(self, locations: Collection[Location]) -> set[str]:
        """Keep locations whose bytes are durable. The first one recorded for a name stays; prune's mark is lifted.

        Returns:
            The names that were known at another location already, where they stay.
        """
        ...

    def forget(self, names: Collection[str]) -> None:
        """Drop these names."""
        ...

    def keys(self) -> Iterator[str]:
        """Each object that some location lies in, once, in order."""
        ...

    def holding(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that some location lies in."""
        ...

    def forget_keys(self, keys: Collection[str]) -> None:
        """Drop every location in these objects."""
        ...


@dataclass(frozen=True, slots=True)
class Doomed:
    """An object that holds content which nobody needs any more, in bytes as stored: of that, and of the rest."""

    key: str
    dead: int
    alive: int


class PrunableCatalog(Catalog, Protocol):
    """What prune asks of a catalog besides. A mark is the moment of condemning; `rescue` and `record` lift it."""

    def scan(self) -> Iterator[list[tuple[Location, datetime | None]]]:
        """Everything with its mark, in order of name, some at a time."""
        ...

    def condemn(self, names: Collection[str], now: datetime) -> int:
        """Mark those that have no mark; return how many those were."""
        ...

    def doomed(self, before: datetime) -> Iterator[Doomed]:
        """The objects with content that was condemned up to this moment, in order of key."""
        ...

    def members(self, key: str) -> list[tuple[Location, datetime | None]]:
        """What is said to lie in an object, with its mark, in order of place."""
        ...

    def take(self, keys: Collection[str], before: datetime) -> list[str]:
        """Drop all that lies in those objects of which everything was condemned up to this moment, and is so still;
        return their keys. One transaction: whoever rescues comes before it, or finds nothing."""
        ...

    def move(self, old: str, locations: Collection[Location], before: datetime) -> bool:
        """Say that content which lies in object `old` lies at these locations; drop what else lies there and was
        condemned up to this moment. One transaction. Returns whether nothing is left in `old`."""
        ...


class MemoryCatalog:
    """A catalog in memory; the model that the database one is tested against."""

    def __init__(self) -> None:
        self._locations: dict[str, Location] = {}
        self._marks: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def locate(self, names: Collection[str]) -> dict[str, Location]:
        """See Catalog."""
        with self._lock:
            return {name: self._locations[name] for name in names if name in self._locations}

    def rescue(self, names: Collection[str]) -> dict[str, Location]:
        """See Catalog."""
        self._pardon(names)
        return self.locate(names)

    def record(self, locations: Collection[Location]) -> set[str]:
        """See Catalog."""
        self._pardon([location.name for location in locations])
        with self._lock:
            kept = {location.name: self._locations.setdefault(location.name, location) for location in locations}
        return {
            location.name
            for location in locations
            if (kept[location.name].key, kept[location.name].offset) != (location.key, location.offset)
        }

    def forget(self, names: Collection[str]) -> None:
        """See Catalog."""
        with self._lock:
            for name in names:
                self._locations.pop(name, None)

    def keys(self) -> Iterator[str]:
        """See Catalog."""
        with self._lock:
            keys = sorted({location.key for location in self._locations.values()})
        yield from keys

    def holding(self, keys: Collection[str]) -> set[str]:
        """See Catalog."""
        with self._lock:
            return set(keys) & {location.key for location in self._locations.values()}

    def forget_keys(self, keys: Collection[str]) -> None:
        """See Catalog."""
        gone = set(keys)
        with self._lock:
            self._locations = {n: location for n, location in self._locations.items() if location.key not in gone}

    # For prune

    def scan(self) -> Iterator[list[tuple[Location, datetime | None]]]:
        """See PrunableCatalog."""
        yield [(self._locations[name], self._marks.get(name)) for name in sorted(self._locations)]

    def condemn(self, names: Collection[str], now: datetime) -> int:
        """See PrunableCatalog."""
        with self._lock:
            fresh = [name for name in names if name in self._locations and name not in self._marks]
            self._marks |= dict.fromkeys(fresh, now)
        return len(fresh)

    def doomed(self, before: datetime) -> Iterator[Doomed]:
        """See PrunableCatalog."""
        for key in self.keys():
            dead = [place.stored_size for place, mark in self.members(key) if mark and mark <= before]
            if dead:
                total = sum(place.stored_size for place, _ in self.members(key))
                yield Doomed(key, sum(dead), total - sum(dead))

    def members(self, key: str) -> list[tuple[Location, datetime | None]]:
        """See PrunableCatalog."""
        with self._lock:
            found = [place for place in self._locations.values() if place.key == key]
            return [(place, self._marks.get(place.name)) for place in sorted(found, key=lambda place: place.offset)]

    def take(self, keys: Collection[str], before: datetime) -> list[str]:
        """See PrunableCatalog."""
        taken = [key for key in keys if all(mark and mark <= before for _, mark in self.members(key))]
        self.forget_keys(taken)
        return taken

    def move(self, old: str, locations: Collection[Location], before: datetime) -> bool:
        """See PrunableCatalog."""
        moved = {place.name: place for place in locations}
        for place, mark in self.members(old):
            if place.name in moved:
                self._locations[place.name] = replace(place, key=moved[place.name].key, offset=moved[place.name].offset)
            elif mark and mark <= before:
                self.forget([place.name])
        return not self.members(old)

    def _pardon(self, names: Collection[str]) -> None:
        with self._lock:
            for name in names:
                self._marks.pop(name, None)
