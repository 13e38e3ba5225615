"""The catalog: where the bytes of a name lie. It is a cache of the store's own index, so it can be lost and rebuilt.

The server keeps it in its database (`media.catalog`); `MemoryCatalog` is for tests and for stores opened by hand.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
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


class MemoryCatalog:
    """A catalog in memory; the model that the database one is tested against."""

    def __init__(self) -> None:
        self._locations: dict[str, Location] = {}
        self._lock = threading.Lock()

    def locate(self, names: Collection[str]) -> dict[str, Location]:
        """See Catalog."""
        with self._lock:
            return {name: self._locations[name] for name in names if name in self._locations}

    rescue = locate

    def record(self, locations: Collection[Location]) -> set[str]:
        """See Catalog."""
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
