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
from labelkeep.annotations.model import Kind, Object
from labelkeep.annotations.overlap import cut
from labelkeep.annotations.spool import Incoming, Numbered, Spool
from labelkeep.annotations.wire import job_and_number, read
from labelkeep.errors import BadInput
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.saving import Plan, save
from labelkeep.projects.saved.view import affected, jobs_of

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
        arrived = {job.pk: Incoming(spool) for job in jobs}
        for kind, first, items in batches:
            _distribute(kind, read(kind, items, ids, numbered=False, first=first), jobs, arrived)
        changes: dict[int, Plan] = {job: plans.replaced(incoming, _temporary()) for job, incoming in arrived.items()}
        save(task, changes, ids=ids, actor=actor.user, now=now)


def clear(actor: Actor, place: Job | Task, *, now: datetime) -> None:
    """Remove all objects.

    Raises:
        Forbidden: the actor may not change the annotations.
    """
    task = _permitted(actor, place)
    changes: dict[int, Plan] = {job.pk: plans.cleared for job in _jobs(place)}
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
        arrived = {job.pk: Incoming(spool) for job in jobs}
        removed = {job.pk: Incoming(spool) for job in jobs}
        for kind, first, items in batches:
            objects = read(kind, items, ids, numbered=action != "create", first=first)
            if action == "create":
                _distribute(kind, objects, jobs, arrived)
            elif action == "update":
                _move(kind, objects, jobs, arrived, removed)
            else:
                _to_their_jobs(kind, objects, removed)
        changes = {
            job: plans.edited(removed[job], arrived[job], spool)
            for job in arrived
            if removed[job].count or arrived[job].count
        }
        made = save(task, changes, ids=ids, actor=actor.user, now=now)
    except BaseException:
        spool.close()
        raise
    results = {job: change.affected for job, change in made.items() if change.affected is not None}
    return _closing(spool, affected(ids, results))


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


def _distribute(kind: Kind, objects: list[Numbered], jobs: list[Job], arrived: dict[int, Incoming]) -> None:
    """To every job that shows the frame; what no job shows is dropped."""
    for job in jobs:
        pieces = [(0, piece) for _, item in objects if (piece := cut(item, job.start_frame, job.stop_frame))]
        arrived[job.pk].add(kind, pieces)


def _to_their_jobs(kind: Kind, objects: list[Numbered], arrived: dict[int, Incoming]) -> None:
    for job, group in _by_job(objects).items():
        if job in arrived:
            arrived[job].add(kind, group)


def _move(
    kind: Kind, objects: list[Numbered], jobs: list[Job], arrived: dict[int, Incoming], removed: dict[int, Incoming]
) -> None:
    """An update stays in the job of its id; where it leaves that job's frames, it goes to those that have its frame."""
    ranges = {job.pk: (job.start_frame, job.stop_frame) for job in jobs}
    for job, group in _by_job(objects).items():
        if job not in ranges:
            _distribute(kind, group, jobs, arrived)
            continue
        pieces = [(id, item, cut(item, *ranges[job])) for id, item in group]
        arrived[job].add(kind, [(id, piece) for id, _, piece in pieces if piece])
        gone = [(id, item) for id, item, piece in pieces if not piece]
        removed[job].add(kind, gone)
        _distribute(kind, gone, jobs, arrived)


def _by_job(objects: list[Numbered]) -> dict[int, list[Numbered]]:
    groups: dict[int, list[tuple[int, Object]]] = {}
    for id, item in objects:
        groups.setdefault(job_and_number(id)[0], []).append((id, item))
    return groups
