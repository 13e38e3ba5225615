"""Prune: remove content that nobody needs, beside everything that is going on (invariant 9).

Three steps, each safe to be stopped at any instant and begun again:

1. *condemn*: what is not among the names needed now gets a mark with the moment; what is needed loses it.
2. A grace passes. Whoever refers to a name meanwhile rescues it, which lifts the mark.
3. *remove*: what is still condemned, and was so before the grace, is dropped from the catalog in one transaction, and
   then its objects go. Keys are never used twice, so a late deletion cannot hit what was written since.

A pack goes when all in it may go; one in which more than `waste` may go is written anew without that. A repack marks
itself as an ingest does, so `sweep` clears up after one that died.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import cast

from labelkeep.errors import Conflict, Damaged, Missing, StoreError, StoreFull
from labelkeep.findings import Finding, Level
from labelkeep.store import keys
from labelkeep.store.catalog import Doomed, Location, PrunableCatalog
from labelkeep.store.codec import decompress
from labelkeep.store.names import name_of
from labelkeep.store.needed import Needed
from labelkeep.store.packs import PackWriter
from labelkeep.store.store import Store

WASTE = 0.5  # of a pack; above it is written anew
_BATCH = 100  # objects of one transaction

Check = Callable[[], None]  # raises to stop


@dataclass
class Condemned:
    """What a walk over the catalog found: contents, and their bytes as stored."""

    needed: int = 0
    needed_bytes: int = 0
    unneeded: int = 0
    unneeded_bytes: int = 0
    condemned: int = 0  # of the unneeded, those that got their mark now
    due: int = 0  # … those whose grace is over
    due_bytes: int = 0


@dataclass
class Removed:
    """What was removed."""

    objects: int = 0
    bytes: int = 0  # that are free now
    repacked: int = 0  # packs written anew
    findings: list[Finding] = field(default_factory=list)


def own(store: Store, server: str) -> None:
    """Let pass the owner.

    Raises:
        Conflict: the store belongs to another server; only its owner knows what is needed in it.
    """
    if store.server != server:
        raise Conflict(f"The store belongs to server {store.server}, and only its owner prunes it")


def condemn(
    store: Store,
    needed: Needed,
    moment: Callable[[], datetime],
    before: datetime,
    *,
    dry_run: bool = False,
    check: Check = lambda: None,
) -> Condemned:
    """Step 1. `needed` must have been worked out whole, from one moment before this.

    `moment` tells the time: a mark must not be older than the walk that makes it, or it could seem to be older than a
    writer who came in between.
    """
    catalog, seen = _prunable(store), Condemned()
    for page in catalog.scan():
        check()
        wanted = needed.holding([place.name for place, _ in page])
        _count(seen, page, wanted, before)
        if not dry_run:
            catalog.rescue([place.name for place, mark in page if mark and place.name in wanted])
            fresh = [place.name for place, mark in page if mark is None and place.name not in wanted]
            seen.condemned += catalog.condemn(fresh, moment()) if fresh else 0
    return seen


def _count(seen: Condemned, page: list[tuple[Location, datetime | None]], wanted: set[str], before: datetime) -> None:
    for place, mark in page:
        if place.name in wanted:
            seen.needed += 1
            seen.needed_bytes += place.stored_size
            continue
        seen.unneeded += 1
        seen.unneeded_bytes += place.stored_size
        if mark and mark <= before:
            seen.due += 1
            seen.due_bytes += place.stored_size


def remove(store: Store, before: datetime, *, waste: float = WASTE, check: Check = lambda: None) -> Removed:
    """Step 3, right after step 1: what was condemned up to `before` was then found unneeded once more."""
    catalog, removed = _prunable(store), Removed()
    doomed = catalog.doomed(before)
    while batch := list(islice(doomed, _BATCH)):
        check()
        _remove_whole(store, [item for item in batch if not item.alive], before, removed)
        for item in batch:
            if item.alive and item.dead > waste * (item.dead + item.alive):
                check()
                _repack_safely(store, item, before, removed)
    _remove_stray_indexes(store, before)
    return removed


def _remove_whole(store: Store, batch: list[Doomed], before: datetime, removed: Removed) -> None:
    if not batch:
        return
    taken = set(_prunable(store).take([item.key for item in batch], before))
    _delete(store, sorted(taken))
    removed.objects += len(taken)
    removed.bytes += sum(item.dead for item in batch if item.key in taken)


def _delete(store: Store, objects: list[str]) -> None:
    """Indexes first: a pack without one is still understood."""
    store.backend.delete([keys.index_of(key) for key in objects if key.startswith(keys.PACKS)])
    store.backend.delete(objects)


def _repack_safely(store: Store, item: Doomed, before: datetime, removed: Removed) -> None:
    """A pack that cannot be written anew stays as it is, and stops no other."""
    try:
        if repack(store, item.key, before):
            removed.repacked += 1
            removed.bytes += item.dead
    except StoreFull as error:
        removed.findings.append(Finding(Level.NOTE, "no-room", f"no room to write it anew: {error}", item.key))
    except (Missing, Damaged) as error:
        removed.findings.append(Finding(Level.ERROR, error.code, str(error), item.key))


def repack(store: Store, key: str, before: datetime) -> bool:
    """Write a pack anew without what was condemned up to `before`. Returns whether the old one is gone.

    Raises:
        Missing, Damaged: something that stays cannot be read; nothing is changed. StoreFull: there is no room.
    """
    catalog, writer = _prunable(store), keys.new_writer()
    staying = [place for place, mark in catalog.members(key) if not (mark and mark <= before)]
    marker = keys.ingest(writer)
    store.backend.put(marker, [b"a repack that has not finished\n"])
    written: list[str] = []
    try:
        moved = _write(store, writer, key, staying, written)
    except BaseException:
        with suppress(StoreError):  # else sweep does it: the marker stands
            store.backend.delete([*reversed(written), marker])
        raise
    is_empty = catalog.move(key, moved, before)
    store.backend.delete([marker])
    if is_empty:
        _delete(store, [key])
    return is_empty


def _write(store: Store, writer: str, old: str, staying: list[Location], written: list[str]) -> list[Location]:
    if len(staying) == 1:
        (place,) = staying
        key = keys.lone(place.name, place.kind, place.size, place.crc32, writer)
        written.append(key)
        store.backend.put(key, [_verified(store, old, place)])
        return [Location(place.name, place.kind, place.size, place.stored_size, place.crc32, key)]
    pack, key, moved = PackWriter(), keys.pack(writer, 0), []
    for place in staying:
        member = pack.add(place.name, place.kind, _verified(store, old, place), place.size, place.crc32)
        moved.append(Location(place.name, place.kind, place.size, place.stored_size, place.crc32, key, member.offset))
    if moved:
        pieces, index = pack.close()
        written += [key, keys.index_of(key)]
        store.backend.put(key, pieces)
        store.backend.put(keys.index_of(key), [index])
    return moved


def _verified(store: Store, key: str, place: Location) -> bytes:
    """The bytes as stored, proved to be what they are called: a bad bit must not be copied into a good pack."""
    stored = store.backend.get_range(key, place.offset, place.stored_size)
    data = decompress(stored, place.name) if place.kind == "document" else stored
    if len(data) != place.size or name_of(data) != place.name:
        raise Damaged(f"{place.name}: the bytes in {key} are not what they were")
    return stored


def _remove_stray_indexes(store: Store, before: datetime) -> None:
    """Index objects of packs that are gone."""
    old = (entry.key for entry in store.backend.list(keys.INDEX) if entry.modified < before)
    listed: Iterator[str] = (key for key in old if keys.writer_of(keys.pack_of(key)))
    while batch := list(islice(listed, _BATCH)):
        there = store.backend.sizes([keys.pack_of(key) for key in batch])
        store.backend.delete([key for key in batch if keys.pack_of(key) not in there])


def _prunable(store: Store) -> PrunableCatalog:
    return cast(PrunableCatalog, store.catalog)
