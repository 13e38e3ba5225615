"""Presence: prove from the store's own listing that content is there, without reading it (invariant 3).

An object appears whole or not at all, so a pack that has its size holds all that its index says. What is *verified* is
another matter: that was read back and hashed (`check`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice

from labelkeep.store.backends.base import Reader
from labelkeep.store.catalog import Catalog, Location
from labelkeep.store.keys import PACKS

_BATCH = 5000
_REMEMBERED = 10_000  # sizes of packs


def missing(backend: Reader, catalog: Catalog, names: Iterable[tuple[str, int]]) -> list[str]:
    """The names, in the order given, that are unknown, of another size, or whose object is not there in full."""
    proof = _Proof(backend)
    lacking: list[str] = []
    iterator = iter(names)
    while batch := list(islice(iterator, _BATCH)):
        located = catalog.rescue({name for name, _ in batch})  # somebody is about to refer to them
        held = proof.held(located.values())
        lacking += [name for name, size in batch if name not in held or located[name].size != size]
    return lacking


class _Proof:
    def __init__(self, backend: Reader) -> None:
        self._backend = backend
        self._packs: OrderedDict[str, int] = OrderedDict()

    def held(self, locations: Iterable[Location]) -> set[str]:
        """Names whose object is as large as their location needs; a lone object must fit exactly."""
        locations = list(locations)
        sizes = self._sizes({location.key for location in locations})
        return set(_fitting(locations, sizes))

    def _sizes(self, wanted: set[str]) -> dict[str, int]:
        sizes = {key: self._packs[key] for key in wanted if key in self._packs}
        asked = self._backend.sizes(wanted - sizes.keys())
        for key, size in asked.items():
            if key.startswith(PACKS):
                self._packs[key] = size
        while len(self._packs) > _REMEMBERED:
            self._packs.popitem(last=False)
        return sizes | asked


def _fitting(locations: Iterable[Location], sizes: dict[str, int]) -> Iterator[str]:
    for location in locations:
        size = sizes.get(location.key, -1)
        end = location.offset + location.stored_size
        if size >= end if location.packed else size == end:
            yield location.name
