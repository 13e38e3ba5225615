"""The store's catalog in our database: `StoredObject` rows, a cache of the store's own index (design §1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from labelkeep.media.models import StoredObject
from labelkeep.store.catalog import Location

_BATCH = 500  # SQLite takes few parameters a query, and writers must stay short
_FIELDS = ("name", "kind", "size", "stored_size", "crc32", "pack", "offset")
_Item = TypeVar("_Item")


class DatabaseCatalog:
    """See `labelkeep.store.catalog.Catalog`. Each batch is a transaction of its own."""

    def locate(self, names: Collection[str]) -> dict[str, Location]:
        """See Catalog."""
        found: dict[str, Location] = {}
        for batch in _batches(names):
            found |= _locations(StoredObject.objects.filter(name__in=batch))
        return found

    def rescue(self, names: Collection[str]) -> dict[str, Location]:
        """See Catalog."""
        found: dict[str, Location] = {}
        for batch in _batches(names):
            rows = StoredObject.objects.filter(name__in=batch)
            if rows.filter(condemned_at__isnull=False).exists():
                rows.filter(condemned_at__isnull=False).update(condemned_at=None)
            found |= _locations(rows)  # read last: prune may have taken a condemned one before us
        return found

    def record(self, locations: Collection[Location]) -> set[str]:
        """See Catalog."""
        elsewhere = set()
        for batch in _batches(locations):
            with transaction.atomic():
                StoredObject.objects.bulk_create(map(_row, batch), ignore_conflicts=True)
                kept = self.rescue([location.name for location in batch])
            elsewhere |= {
                location.name
                for location in batch
                if (kept[location.name].key, kept[location.name].offset) != (location.key, location.offset)
            }
        return elsewhere

    def forget(self, names: Collection[str]) -> None:
        """See Catalog."""
        for batch in _batches(names):
            StoredObject.objects.filter(name__in=batch).delete()

    def keys(self) -> Iterator[str]:
        """See Catalog."""
        last = ""
        while page := list(
            StoredObject.objects.filter(pack__gt=last)
            .order_by("pack")
            .values_list("pack", flat=True)
            .distinct()[:_BATCH]
        ):
            yield from page
            last = page[-1]

    def holding(self, keys: Collection[str]) -> set[str]:
        """See Catalog."""
        found: set[str] = set()
        for batch in _batches(keys):
            found |= set(StoredObject.objects.filter(pack__in=batch).values_list("pack", flat=True).distinct())
        return found

    def forget_keys(self, keys: Collection[str]) -> None:
        """See Catalog."""
        for batch in _batches(keys):
            StoredObject.objects.filter(pack__in=batch).delete()


def _locations(rows: QuerySet[StoredObject]) -> dict[str, Location]:
    return {row[0]: Location(*row) for row in rows.values_list(*_FIELDS)}


def _row(location: Location) -> StoredObject:
    return StoredObject(
        name=location.name,
        kind=location.kind,
        size=location.size,
        stored_size=location.stored_size,
        crc32=location.crc32,
        pack=location.key,
        offset=location.offset,
    )


def _batches(items: Collection[_Item]) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
