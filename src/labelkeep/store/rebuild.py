"""Rebuild: make the catalog again from the store's own index objects and listing, without reading a pack.

A pack is read only where its index is lost or damaged. Also `sweep`, which clears up after writers that died. The two
belong together: what sweep may not delete it records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from labelkeep.errors import Damaged, Missing
from labelkeep.store import keys
from labelkeep.store.backends.base import Entry
from labelkeep.store.catalog import Location
from labelkeep.store.packs import locations, read_index
from labelkeep.store.survey import survey

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
    for entries in _batches(_written(store)):
        for batch in _batches(_settled(store, entries)):
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
    for entries in _batches(entry for entry in _written(store) if entry.modified < before):
        known = store.catalog.holding([entry.key for entry in entries])
        second: list[str] = []
        for batch in _batches(_settled(store, [entry for entry in entries if entry.key not in known])):
            elsewhere = store.catalog.record(batch)
            first = store.catalog.locate(elsewhere)  # one of the copies may be in this very batch
            second += [
                place.key
                for place in batch
                if place.name in first and place.key != first[place.name].key and not place.packed
            ]
        store.backend.delete(second)
        count += len(second)
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


def _written(store: Store) -> Iterator[Entry]:
    """All packs and lone objects."""
    for folder in (keys.PACKS, keys.BLOBS, keys.DOCUMENTS):
        yield from store.backend.list(folder)


def _settled(store: Store, entries: list[Entry]) -> Iterator[Location]:
    """What those of `entries` hold whose ingest has ended well, by the store's own word.

    The order makes this right beside running ingests. A marker is there before anything else of its ingest, so one
    that is not there now, after the listing, has ended. If it ended by being undone, its objects went before
    its marker: so they are looked at once more.
    """
    unfinished = {entry.key.removeprefix(keys.INGESTS) for entry in store.backend.list(keys.INGESTS)}
    ended = [entry for entry in entries if keys.writer_of(entry.key) not in unfinished | {None}]
    lone = [entry for entry in ended if not entry.key.startswith(keys.PACKS)]
    there = store.backend.sizes([entry.key for entry in lone])
    yield from _tell(store, [entry for entry in ended if entry.key.startswith(keys.PACKS)])
    yield from _tell(store, [entry for entry in lone if entry.key in there])


def _tell(store: Store, entries: Iterable[Entry]) -> Iterator[Location]:
    """What these objects hold; those that are gone meanwhile are passed over."""
    for entry in entries:
        if entry.key.startswith(keys.PACKS):
            with suppress(Missing):
                yield from _members(store, entry)
        elif location := keys.parse_lone(entry.key, entry.size):
            yield location


def _members(store: Store, pack: Entry) -> Iterator[Location]:
    try:
        index = read_index(store.backend, keys.index_of(pack.key))
    except (Missing, Damaged):
        index = survey(store.backend, pack.key, pack.size)
    yield from locations(index, pack.key)


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
