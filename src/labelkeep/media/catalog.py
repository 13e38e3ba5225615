"""The store's catalog in our database: `StoredObject` rows, a cache of the store's own index (design §1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import QuerySet

from labelkeep.media.marks import FIELDS as _FIELDS
from labelkeep.media.marks import Marks
from labelkeep.media.models import StoredObject
from labelkeep.store.catalog import Location

_BATCH = 500  # SQLite takes few parameters a query, and writers must stay short
_RECORDS = 2000  # rows of one inserting transaction, some twenty milliseconds
_Item = TypeVar("_Item")


class DatabaseCatalog(Marks):
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
            rows = list(StoredObject.objects.filter(name__in=batch).values_list(*_FIELDS, "condemned_at"))
            found |= {row[0]: Location(*row[:-1]) for row in rows if row[-1] is None}
            found |= self._pardon([row[0] for row in rows if row[-1] is not None])
        return found

    def _pardon(self, condemned: list[str]) -> dict[str, Location]:
        """Lift the mark first and look then: prune may have taken some of them before us."""
        if not condemned:
            return {}
        StoredObject.objects.filter(name__in=condemned).update(condemned_at=None)
        return self.locate(condemned)

    def record(self, locations: Collection[Location]) -> set[str]:
        """See Catalog."""
        elsewhere: set[str] = set()
        for batch in _batches(locations, _RECORDS):
            with transaction.atomic():
                elsewhere |= self._record(batch)
        return elsewhere

    def _record(self, batch: list[Location]) -> set[str]:
        """Insert; again, where prune took a row between the insert that met it and the rescue."""
        names = {location.name for location in batch}  # fewer, where a store has two copies
        kept: dict[str, Location] = {}
        while len(kept) < len(names):
            if _insert(batch) == len(batch):
                return set()
            kept = self.rescue(names)
        return {location.name for location in batch if not _same(kept[location.name], location)}

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


def _insert(locations: list[Location]) -> int:
    """Insert what is new; return how many were. Plain SQL: twenty thousand model objects cost seconds.

    In the order of names: two writers that insert the same ones wait for each other one way only.
    """
    table = connection.ops.quote_name(StoredObject._meta.db_table)
    columns = ", ".join(map(connection.ops.quote_name, _FIELDS))
    marks = ", ".join(["%s"] * len(_FIELDS))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608  # our own names
            [_values(location) for location in sorted(locations, key=lambda it: it.name)],
        )
        return int(cursor.rowcount)


def _values(location: Location) -> tuple[str, str, int, int, int, str, int]:
    return (
        location.name,
        location.kind,
        location.size,
        location.stored_size,
        location.crc32,
        location.key,
        location.offset,
    )


def _same(one: Location, other: Location) -> bool:
    return (one.key, one.offset) == (other.key, other.offset)


def _batches(items: Collection[_Item], size: int = _BATCH) -> Iterator[list[_Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
