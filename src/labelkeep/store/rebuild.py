"""Rebuild: make the catalog again from the store's own index objects and listing, without reading a pack.

Also `sweep`, which clears up after writers that died. The two belong together: what sweep may not delete it records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from labelkeep.store import keys
from labelkeep.store.catalog import Location
from labelkeep.store.packs import locations, read_index

if TYPE_CHECKING:
    from labelkeep.store.store import Store

_BATCH = 500
GRACE = timedelta(days=1)
_Item = TypeVar("_Item")


def rebuild(store: Store) -> None:
    """Make the catalog say what the store holds; prune's marks on what stays are lifted.

    Locations in objects that are gone are dropped; everything that an index object or a lone object's key tells is
    recorded. What a running or broken-off ingest has written so far is left out: it is not known to anybody yet.
    """
    for held in _batches(store.catalog.keys()):
        store.catalog.forget_keys(set(held) - store.backend.sizes(held).keys())
    unfinished = _unfinished(store)
    for batch in _batches(_held(store, unfinished)):
        store.catalog.record(batch)


def sweep(store: Store, now: datetime, *, grace: timedelta = GRACE, uploads: Collection[str] | None = None) -> int:
    """Remove what writers that died have left behind, `grace` after their last sign of life; return how many objects.

    Removed are temporaries, and all objects of an ingest that did not reach the catalog. Nothing else is ever deleted
    for being unknown, because a catalog may be older than the store: it is recorded instead.

    Args:
        uploads: ids of the uploads that exist; pieces of others are removed. None leaves the staging area alone.
    """
    before = now - grace
    count = store.backend.sweep(before)
    for entry in list(store.backend.list(keys.INGESTS)):
        if entry.modified < before:
            count += _sweep_ingest(store, entry.key.removeprefix(keys.INGESTS))
    if uploads is not None:
        stale = [
            entry.key
            for entry in store.backend.list(keys.UPLOADS)
            if entry.modified < before and entry.key.split("/")[1] not in uploads
        ]
        store.backend.delete(stale)
        count += len(stale)
    return count


def _sweep_ingest(store: Store, writer: str) -> int:
    """Finish what a dead ingest began: objects that the catalog knows are recorded in full, the rest goes."""
    own = [key for key, found in _written(store) if found == writer]
    known = store.catalog.holding(own)
    adopted = [location for key in own if key in known for location in _tell(store, key)]
    for batch in _batches(adopted):
        store.catalog.record(batch)
    dead = [key for key in own if key not in known]
    indexes = [keys.index_of(key) for key in dead if key.startswith(keys.PACKS)]
    store.backend.delete([*indexes, *dead])
    store.backend.delete([keys.ingest(writer)])
    return len(dead)


def _unfinished(store: Store) -> set[str]:
    return {entry.key.removeprefix(keys.INGESTS) for entry in store.backend.list(keys.INGESTS)}


def _held(store: Store, unfinished: set[str]) -> Iterator[Location]:
    """All that the store holds, by its own word."""
    for entry in store.backend.list(keys.INDEX):
        pack = keys.pack_of(entry.key)
        if keys.writer_of(pack) not in unfinished or store.catalog.holding([pack]):
            yield from locations(read_index(store.backend, entry.key), pack)
    for folder in (keys.BLOBS, keys.DOCUMENTS):
        for entry in store.backend.list(folder):
            location = keys.parse_lone(entry.key, entry.size)
            if location and keys.writer_of(entry.key) not in unfinished:
                yield location


def _written(store: Store) -> Iterator[tuple[str, str | None]]:
    for folder in (keys.PACKS, keys.BLOBS, keys.DOCUMENTS):
        for entry in store.backend.list(folder):
            yield entry.key, keys.writer_of(entry.key)


def _tell(store: Store, key: str) -> Iterator[Location]:
    if key.startswith(keys.PACKS):
        yield from locations(read_index(store.backend, keys.index_of(key)), key)
    elif location := keys.parse_lone(key, store.backend.sizes([key])[key]):
        yield location


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
