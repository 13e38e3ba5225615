"""How a change becomes a revision: documents first, then one short transaction that compares and sets the rows.

A plan is a function from what is saved to what shall be. When somebody else has saved in between, the plan is made
again from the newer revision; nobody sees a conflict.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F

from labelkeep import transactions
from labelkeep.accounts.models import User
from labelkeep.annotations.spool import Incoming
from labelkeep.annotations.wire import Ids
from labelkeep.errors import Unavailable
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.saved import history
from labelkeep.projects.saved.loading import ATTEMPTS, BUSY, Saved, Version, load_all


@dataclass(frozen=True)
class Change:
    """What becomes of one job: a new document, or one more delta."""

    before: Version
    document: str
    next_number: int
    counts: dict[str, dict[str, int]]
    delta: bytes | None = None  # None: the deltas are in the document now
    log: str = ""  # where what the deltas were is kept, when they are in the document now
    affected: Incoming | None = None  # the objects that were made, changed or removed, with their numbers

    @property
    def revision(self) -> int:
        """The number of the revision that it makes."""
        return self.before.revision + 1


Plan = Callable[[Saved], Change | None]  # None: nothing changes


class _Lost(Exception):
    def __init__(self, job: int) -> None:
        self.job = job


def save(
    task: Task,
    plans: dict[int, Plan],
    *,
    ids: Ids,
    actor: User | None,
    now: datetime,
    alongside: Callable[[], None] | None = None,
) -> dict[int, Change]:
    """Carry out a plan for each job (by id), all in one transaction; the changes made.

    `alongside` writes rows of the task in the same transaction, before those of the jobs; what it raises undoes all.

    Raises:
        NotFound: a job is gone.
        Unavailable: others were quicker again and again.
    """
    if not plans and alongside is None:
        return {}
    changes: dict[int, Change | None] = {}
    for attempt in range(ATTEMPTS):
        for saved in load_all(sorted(plans.keys() - changes.keys()), ids=ids):
            changes[saved.job] = history.logged(saved, plans[saved.job](saved))
        made = {job: change for job, change in changes.items() if change is not None}
        try:
            commit(task, made.values(), plans, actor, now, alongside)
        except _Lost as lost:
            del changes[lost.job]
        except OperationalError as error:
            if not transactions.gave_way(error):
                raise
        else:
            return made
        time.sleep(random.uniform(0, 0.002 * min(attempt, 25)))  # noqa: S311 - spreads writers, keeps no secret
    raise Unavailable(BUSY)


def commit(
    task: Task,
    changes: Collection[Change],
    jobs: Iterable[int],
    actor: User | None,
    now: datetime,
    alongside: Callable[[], None] | None = None,
) -> None:
    """Write changes of jobs of one task, all or none. Who holds the task and has just read the jobs cannot lose."""
    with transaction.atomic():
        task = hold_task(task.pk)
        if alongside is not None:
            alongside()
        for change in changes:
            _swap(change)
        history.note(changes, actor, now)
        Job.objects.filter(pk__in=list(jobs)).update(updated_date=now)
        touch.task_changed(task, now)


def _swap(change: Change) -> None:
    fields: dict[str, Any] = {"next_number": change.next_number, "counts": change.counts}
    if change.delta is None:
        fields |= {"document": change.document, "delta_bytes": 0}
    else:
        fields["delta_bytes"] = F("delta_bytes") + len(change.delta)
    if not swapped(change.before, revision=change.revision, **fields):
        raise _Lost(change.before.job)


def swapped(before: Version, **fields: Any) -> bool:
    """Set fields of the job if nobody has saved since `before` was read."""
    unchanged = Job.objects.filter(pk=before.job, revision=before.revision, document=before.document)
    return unchanged.update(**fields) == 1
