"""Prune's marks in the catalog's rows, and the transactions in which marked rows go."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from labelkeep.media.models import StoredObject
from labelkeep.store.catalog import Doomed, Location
from labelkeep.transactions import hold

FIELDS = ("name", "kind", "size", "stored_size", "crc32", "pack", "offset")
_PAGE = 5000
_BATCH = 500

Marked = tuple[Location, datetime | None]


class Marks:
    """See `labelkeep.store.catalog.PrunableCatalog`."""

    def scan(self) -> Iterator[list[Marked]]:
        """See PrunableCatalog."""
        last = ""
        while page := _marked(StoredObject.objects.filter(name__gt=last).order_by("name")[:_PAGE]):
            yield page
            last = page[-1][0].name

    def condemn(self, names: Collection[str], now: datetime) -> int:
        """See PrunableCatalog."""
        count, iterator = 0, iter(names)
        while batch := list(islice(iterator, _BATCH)):
            count += StoredObject.objects.filter(name__in=batch, condemned_at=None).update(condemned_at=now)
        return count

    def doomed(self, before: datetime) -> Iterator[Doomed]:
        """See PrunableCatalog."""
        dead, last = Q(condemned_at__lte=before), ""
        while page := list(
            StoredObject.objects.filter(pack__gt=last)
            .order_by("pack")
            .values("pack")
            .annotate(count=Count("pk", filter=dead))
            .filter(count__gt=0)
            .annotate(dead=Sum("stored_size", filter=dead), all=Coalesce(Sum("stored_size"), 0))
            .values_list("pack", "dead", "all")[:_BATCH]
        ):
            yield from (Doomed(key, dead_bytes, total - dead_bytes) for key, dead_bytes, total in page)
            last = page[-1][0]

    def members(self, key: str) -> list[Marked]:
        """See PrunableCatalog."""
        return _marked(StoredObject.objects.filter(pack=key).order_by("offset"))

    def take(self, keys: Collection[str], before: datetime) -> list[str]:
        """See PrunableCatalog."""
        taken: list[str] = []
        iterator = iter(keys)
        while batch := list(islice(iterator, _BATCH)):
            with transaction.atomic():
                rows = StoredObject.objects.filter(pack__in=batch)
                hold(rows)
                wanted = rows.exclude(condemned_at__lte=before).values_list("pack", flat=True)  # not marked, or later
                free = set(batch) - set(wanted)
                StoredObject.objects.filter(pack__in=free).delete()
            taken += sorted(free)
        return taken

    def move(self, old: str, locations: Collection[Location], before: datetime) -> bool:
        """See PrunableCatalog."""
        with transaction.atomic():
            there = StoredObject.objects.filter(pack=old)
            hold(there)
            for place in locations:
                there.filter(name=place.name).update(pack=place.key, offset=place.offset)
            there.filter(condemned_at__lte=before).delete()
            return not there.exists()


def _marked(rows: QuerySet[StoredObject]) -> list[Marked]:
    found: list[Any] = list(rows.values_list(*FIELDS, "condemned_at"))
    return [(Location(*row[:-1]), row[-1]) for row in found]
