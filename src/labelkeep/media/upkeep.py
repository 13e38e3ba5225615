"""What the media room needs done now and then: forgotten uploads, and what killed writers left in the store."""

from __future__ import annotations

from datetime import datetime, timedelta

from labelkeep import store
from labelkeep.media import space, uploads, vault
from labelkeep.operations.chores import chore


@chore(every=timedelta(minutes=5))
def expire_uploads(now: datetime) -> int:
    """Remove uploads that nobody has continued for a day; returns how many."""
    return uploads.expire(now)


@chore(every=timedelta(hours=6))
def sweep_store(now: datetime) -> int:
    """Remove what writers that died have left in the live store, a day after; returns how many objects."""
    return store.sweep(vault.live(), now, uploads=uploads.known_to_store())


@chore(every=timedelta(minutes=10))
def keep_reserve(now: datetime) -> bool:
    """Make the reserve of space again, where there is room for it."""
    return space.keep_reserve(now)
