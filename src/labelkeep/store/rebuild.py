"""Rebuild: make the catalog again from the store's own index objects and listing, without reading a pack.

Also `sweep`, which clears up after writers that died. The two belong together: what sweep may not delete it records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from labelkeep.store import keys
from labelkeep.store.backends.base import Entry
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
    for entries in _batches(_finished(store, unfinished)):
        for batch in _batches(_tell(store, entries)):
            store.catalog.record(batch)


def sweep(store: Store, now: datetime, *, grace: timedelta = GRACE, uploads: Collection[str] | None = None) -> int:
    """Remove what writers that died have left behind, `grace` after their last sign of life; return how many objects.

    Removed are temporaries, all objects of an ingest that did not reach the catalog, and second copies. Nothing else is
    ever deleted for being unknown, because a catalog may be older than the store: it is recorded instead.

    Args:
        uploads: ids of the uploads that exist; pieces of others are removed. None leaves the staging area alone.
    """
    before = now - grace
    count = store.backend.sweep(before)
    for entry in list(store.backend.list(keys.INGESTS)):
        if entry.modified < before:
            count += _sweep_ingest(store, entry.key.removeprefix(keys.INGESTS))
    count += _adopt(store, before)
    if uploads is not None:
        stale = [
            entry.key
            for entry in store.backend.list(keys.UPLOADS)
            if entry.modified < before and entry.key.split("/")[1] not in uploads
        ]
        store.backend.delete(stale)
        count += len(stale)
    return count


def _adopt(store: Store, before: datetime) -> int:
    """Record what no ingest answers for and the catalog does not know; remove lone objects that exist twice."""
    count = 0
    unfinished = _unfinished(store)
    for entries in _batches(_finished(store, unfinished)):
        known = store.catalog.holding([entry.key for entry in entries])
        unknown = [entry for entry in entries if entry.key not in known]
        second: list[str] = []
        for batch in _batches(_tell(store, unknown)):
            elsewhere = store.catalog.record(batch)
            second += [item.key for item in batch if item.name in elsewhere and not item.offset]
        old = {entry.key for entry in unknown if entry.modified < before}
        dead = [key for key in second if key in old]
        store.backend.delete(dead)
        count += len(dead)
    return count


def _sweep_ingest(store: Store, writer: str) -> int:
    """Finish what a dead ingest began: objects that the catalog knows are recorded in full, the rest goes."""
    own = [entry for entry in _written(store) if keys.writer_of(entry.key) == writer]
    known = store.catalog.holding([entry.key for entry in own])
    for batch in _batches(_tell(store, [entry for entry in own if entry.key in known])):
        store.catalog.record(batch)
    dead = [entry.key for entry in own if entry.key not in known]
    store.backend.delete([*(keys.index_of(key) for key in dead if key.startswith(keys.PACKS)), *dead])
    store.backend.delete([keys.ingest(writer)])
    return len(dead)


def _unfinished(store: Store) -> set[str]:
    return {entry.key.removeprefix(keys.INGESTS) for entry in store.backend.list(keys.INGESTS)}


def _written(store: Store) -> Iterator[Entry]:
    """All packs and lone objects."""
    for folder in (keys.PACKS, keys.BLOBS, keys.DOCUMENTS):
        yield from store.backend.list(folder)


def _finished(store: Store, unfinished: set[str]) -> Iterator[Entry]:
    return (entry for entry in _written(store) if keys.writer_of(entry.key) not in unfinished | {None})


def _tell(store: Store, entries: Iterable[Entry]) -> Iterator[Location]:
    """What these objects hold, by the store's own word."""
    for entry in entries:
        if entry.key.startswith(keys.PACKS):
            yield from locations(read_index(store.backend, keys.index_of(entry.key)), entry.key)
        elif location := keys.parse_lone(entry.key, entry.size):
            yield location


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
