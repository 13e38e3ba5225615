"""Reading content back: what was read and hashed, and when, stands in the catalog's rows; so does what was wrong.

A share of everything is read each day, so that all is read in `DAYS`; a backup is verified when the oldest reading of
all that it names is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q, Sum

from labelkeep.errors import Damaged, Missing, StoreError
from labelkeep.findings import Finding, Level
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
from labelkeep.store import keys
from labelkeep.store.packs import read_index

DAYS = 30  # in which everything is read
LEAST = 256 * 2**20  # bytes that are read a day, if there are so many
_BATCH = 200

Check = Callable[[], None]


def read_back(names: Iterable[str], now: datetime, check: Check = lambda: None) -> None:
    """Read contents and write down how that went; those that were read at this very moment already are passed over."""
    iterator = iter(names)
    while batch := list(islice(iterator, _BATCH)):
        rows = StoredObject.objects.filter(name__in=batch).exclude(read_at=now)
        _read(list(rows.order_by("pack", "offset").values_list("name", flat=True)), now, check)


def read_share(now: datetime, check: Check = lambda: None, *, days: int = DAYS) -> tuple[int, int]:
    """Read the part that is due, at most a day's share; return how many contents and bytes that were. `days=0`: all."""
    share = max(LEAST, -(-_stored_bytes() // days)) if days else float("inf")
    count = size = 0
    for names, stored in _due(now - timedelta(days=days)):
        _read(names, now, check)
        count, size = count + len(names), size + stored
        if size >= share:
            break
    return count, size


def _due(before: datetime) -> Iterator[tuple[list[str], int]]:
    """What was not read since, some at a time, in the order in which it lies in the store."""
    at = ("", -1)
    while True:
        rows = StoredObject.objects.filter(Q(read_at=None) | Q(read_at__lte=before))
        further = rows.filter(Q(pack__gt=at[0]) | Q(pack=at[0], offset__gt=at[1])).order_by("pack", "offset")
        page = list(further.values_list("name", "stored_size", "pack", "offset")[:_BATCH])
        if not page:
            return
        at = (page[-1][2], page[-1][3])
        yield [row[0] for row in page], sum(row[1] for row in page)


def faulty() -> set[str]:
    """The names of what was found missing or damaged when it was last read."""
    return set(StoredObject.objects.exclude(fault="").values_list("name", flat=True))


def indexes(check: Check = lambda: None) -> Iterator[Finding]:
    """Read all index objects. A lost one harms nothing yet: the pack's own directory says the same."""
    store = vault.live()
    for key in store.catalog.keys():  # noqa: SIM118 - a catalog is no dict
        if key.startswith(keys.PACKS):
            check()
            try:
                read_index(store.backend, keys.index_of(key))
            except StoreError as error:
                message = f"the index of a pack cannot be read; the pack's own directory is used instead: {error}"
                yield Finding(Level.WARNING, code_of(error), message, keys.index_of(key))


def code_of(error: StoreError) -> str:
    """What a failed reading is called."""
    return error.code if isinstance(error, Missing | Damaged) else "unreadable"


def _read(names: list[str], now: datetime, check: Check) -> None:
    found: dict[str, list[str]] = {}
    for name in names:
        check()
        found.setdefault(_fault_of(name), []).append(name)
    for fault, some in found.items():
        StoredObject.objects.filter(name__in=some).update(read_at=now, fault=fault)


def _fault_of(name: str) -> str:
    try:
        for _ in vault.live().stream_blob(name):
            pass
    except StoreError as error:
        return code_of(error)
    return ""


def _stored_bytes() -> int:
    return int(StoredObject.objects.aggregate(all=Sum("stored_size"))["all"] or 0)
