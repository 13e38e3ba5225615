"""Manifests in the store that no row answers for: left by whoever died between the two, or the database is an old one.

They count as backups for prune until they have been seen so for the whole grace; then they go. So somebody who has put
an old database in place has that long to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from labelkeep.errors import StoreError
from labelkeep.snapshots.models import Backup, Stray
from labelkeep.store import Store, keys

_BATCH = 500


def note(store: Store, now: datetime) -> None:
    """Write down which there are; those that have a row again, or are gone, are forgotten."""
    for batch in _batches(store.list_manifests()):
        answered = _answered(batch)
        Stray.objects.filter(key__in=answered).delete()
        Stray.objects.bulk_create(
            [Stray(key=key, seen_date=now) for key in batch if key not in answered and _is_ours(store, key)],
            ignore_conflicts=True,
        )


def due(before: datetime) -> list[str]:
    """Keys of those that were first seen up to this moment."""
    return list(Stray.objects.filter(seen_date__lte=before).order_by("key").values_list("key", flat=True))


def remove(store: Store, before: datetime) -> int:
    """Remove those that were first seen up to this moment and have no row still; return how many."""
    count = 0
    for batch in _batches(iter(due(before))):
        gone = [key for key in batch if key not in _answered(batch)]
        for key in gone:
            store.delete_manifest(key)
        Stray.objects.filter(key__in=batch).delete()
        count += len(gone)
    return count


def _is_ours(store: Store, key: str) -> bool:
    """Whether it is a backup as rows answer for; other kinds of manifest, and damaged ones, are not ours to judge."""
    try:
        return store.get_manifest(key).startswith(b'{"kind":"backup"')
    except StoreError:
        return False


def _answered(batch: list[str]) -> set[str]:
    """Those of the keys that a row answers for, and those that name no backup."""
    rows = Backup.objects.filter(pk__in=[id for key in batch if (id := keys.backup_in(key))])
    known = {str(pk) for pk in rows.values_list("pk", flat=True)}
    return {key for key in batch if (id := keys.backup_in(key)) is None or id in known}


def _batches(items: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
