"""How a change becomes a revision: documents first, then one short transaction that compares and sets the rows.

A plan is a function from what is saved to what shall be. When somebody else has saved in between, the plan is made
again from the newer revision; nobody sees a conflict.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from labelkeep.accounts.models import User
from labelkeep.annotations.spool import Incoming
from labelkeep.annotations.wire import Ids
from labelkeep.errors import Unavailable
from labelkeep.projects import touch
from labelkeep.projects.models import AnnotationDelta, Job, Revision, Task
from labelkeep.projects.saved.loading import Saved, load

ATTEMPTS = 100


@dataclass(frozen=True)
class Change:
    """What becomes of one job: a new document, or one more delta."""

    before: Saved
    document: str
    next_number: int
    counts: dict[str, dict[str, int]]
    delta: bytes | None = None  # None: the deltas are in the document now
    affected: Incoming | None = None  # the objects that were made, changed or removed, with their numbers


Plan = Callable[[Saved], Change | None]  # None: nothing changes


class _Lost(Exception):
    def __init__(self, job: int) -> None:
        self.job = job


def save(task: Task, plans: dict[int, Plan], *, ids: Ids, actor: User | None, now: datetime) -> dict[int, Change]:
    """Carry out a plan for each job (by id), all in one transaction; the changes made.

    Raises:
        NotFound: a job is gone.
        Unavailable: others were quicker again and again.
    """
    changes: dict[int, Change | None] = {}
    for attempt in range(ATTEMPTS):
        for job in plans.keys() - changes.keys():
            changes[job] = plans[job](load(job, ids=ids))
        made = {job: change for job, change in changes.items() if change is not None}
        try:
            _commit(task, made.values(), plans, actor, now)
        except _Lost as lost:
            del changes[lost.job]
            time.sleep(random.uniform(0, 0.002 * min(attempt, 25)))  # noqa: S311 - spreads writers, keeps no secret
            continue
        return made
    raise Unavailable("The annotations are being changed by many others; try again.")


def _commit(task: Task, changes: Iterable[Change], jobs: Iterable[int], actor: User | None, now: datetime) -> None:
    with transaction.atomic():
        for change in changes:
            _swap(change, actor, now)
        Job.objects.filter(pk__in=list(jobs)).update(updated_date=now)
        touch.task_changed(task, now)


def _swap(change: Change, actor: User | None, now: datetime) -> None:
    before = change.before
    fields: dict[str, Any] = {"next_number": change.next_number, "counts": change.counts}
    if change.delta is None:
        fields |= {"document": change.document, "delta_bytes": 0}
    else:
        fields["delta_bytes"] = F("delta_bytes") + len(change.delta)
    if not swapped(before, revision=before.revision + 1, **fields):
        raise _Lost(before.job)
    if change.delta is None:
        set_document(before.job, before.revision + 1, change.document, actor, now)
    else:
        revision = before.revision + 1
        AnnotationDelta.objects.create(
            id=AnnotationDelta.key_of(before.job, revision),
            job_id=before.job,
            revision=revision,
            payload=change.delta,
            actor=actor,
            created_date=now,
        )


def swapped(before: Saved, **fields: Any) -> bool:
    """Set fields of the job if nobody has saved since `before` was read."""
    unchanged = Job.objects.filter(pk=before.job, revision=before.revision, document=before.document)
    return unchanged.update(**fields) == 1


def set_document(job: int, revision: int, document: str, actor: User | None, now: datetime) -> None:
    """Note that a revision is a document, and that the deltas before it are in there."""
    AnnotationDelta.objects.filter(job_id=job).delete()
    Revision.objects.create(job_id=job, number=revision, document=document, actor=actor, created_date=now)
