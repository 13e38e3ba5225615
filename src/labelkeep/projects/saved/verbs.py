"""Changing annotations: replace, patch and clear, of one job or of a whole task. Each decides whether the actor may.

What arrives is spooled, so that memory does not grow with it and a save can be applied again. At task level objects
go to the jobs that show their frame, tracks are cut there, and all jobs change in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Literal

from django.conf import settings

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.annotations.model import Kind
from labelkeep.annotations.spool import Bodies, Incoming, Spool
from labelkeep.annotations.wire import Ids, read
from labelkeep.errors import BadInput
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.distribution import Distribution
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.pool import Arriving, through_pool
from labelkeep.projects.saved.saving import Plan, save
from labelkeep.projects.saved.view import affected, affected_of_task, jobs_of

Action = Literal["create", "update", "delete"]
NO_DATA = "The task has no data yet, so there is nothing to annotate"
Batches = Iterable[tuple[Kind, int, bytes]]  # kind, index of the first object, JSON array of whole objects


def replace(actor: Actor, place: Job | Task, batches: Batches, *, now: datetime) -> None:
    """The objects that arrive stand in for all others; they have no ids yet. Equal ones keep their numbers.

    Raises:
        Forbidden: the actor may not change the annotations.
        BadInput: what arrives is wrong; nothing is changed.
    """
    task = _permitted(actor, place)
    ids = table_for(task)
    with closing(Spool(_temporary())) as spool:
        jobs = _jobs(place)
        distribution = Distribution(jobs, spool, Bodies)
        for kind, objects in through_pool(place, "replace", _read(batches, ids, numbered=False), spool):
            distribution.share(kind, objects)
        arrived = distribution.arrived
        concerned = [job.pk for job in jobs if job.pk in arrived or _may_hold(place, job)]
        changes: dict[int, Plan] = {job: plans.replaced(arrived[job], _temporary()) for job in concerned}
        save(task, changes, ids=ids, actor=actor.user, now=now)


def clear(actor: Actor, place: Job | Task, *, now: datetime) -> None:
    """Remove all objects.

    Raises:
        Forbidden: the actor may not change the annotations.
    """
    task = _permitted(actor, place)
    changes: dict[int, Plan] = {job.pk: plans.cleared for job in _jobs(place) if _may_hold(place, job)}
    save(task, changes, ids=table_for(task), actor=actor.user, now=now)


def patch(actor: Actor, place: Job | Task, action: Action, batches: Batches, *, now: datetime) -> Iterator[bytes]:
    """Create, update or delete the objects that arrive; the affected objects as the wire's JSON, in pieces.

    When this returns, everything is saved; the pieces are read from a temporary file.

    Raises:
        Forbidden: the actor may not change the annotations.
        BadInput: what arrives is wrong; nothing is changed.
    """
    task = _permitted(actor, place)
    ids = table_for(task)
    spool = Spool(_temporary())
    try:
        jobs = _jobs(place)
        distribution = Distribution(jobs, spool, Incoming)
        take = {"create": distribution.share, "update": distribution.move, "delete": distribution.remove}[action]
        arriving = _read(batches, ids, numbered=action != "create")
        for kind, objects in through_pool(place, action, arriving, spool):
            take(kind, objects)
        arrived, removed = distribution.arrived, distribution.removed
        concerned = {job for job in arrived.keys() | removed.keys() if arrived[job].count or removed[job].count}
        changes = {job: plans.edited(removed[job], arrived[job], spool) for job in concerned}
        made = save(task, changes, ids=ids, actor=actor.user, now=now)
    except BaseException:
        spool.close()
        raise
    results = {job: change.affected for job, change in made.items() if change.affected is not None}
    if isinstance(place, Task) and task.overlap:
        return _closing(spool, affected_of_task(task, jobs, ids, results, _temporary()))
    return _closing(spool, affected(ids, results))


def _read(batches: Batches, ids: Ids, *, numbered: bool) -> Arriving:
    for kind, first, items in batches:
        yield kind, read(kind, items, ids, numbered=numbered, first=first)


def _may_hold(place: Job | Task, job: Job) -> bool:
    """Whether a job is looked at where nothing comes for it: of a task's jobs only those that were not empty."""
    return isinstance(place, Job) or bool(job.document or job.delta_bytes)


def _closing(spool: Spool, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with closing(spool):
        yield from pieces


def _permitted(actor: Actor, place: Job | Task) -> Task:
    """The task, if the actor may change annotations there and there is something to annotate."""
    kind = "job" if isinstance(place, Job) else "task"
    require(actor, f"{kind}:update-annotations", subject_of(place))
    task = place.task if isinstance(place, Job) else place
    if not task.has_data:
        raise BadInput(NO_DATA)
    return task


def _jobs(place: Job | Task) -> list[Job]:
    return [place] if isinstance(place, Job) else jobs_of(place)


def _temporary() -> Path:
    """The folder for temporary files."""
    directory = Path(settings.DATA_DIR) / "tmp"
    directory.mkdir(parents=True, exist_ok=True)
    return directory
