"""Annotations as people see them: of a job, and of a task, where its jobs are merged. JSON comes out in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.annotations.builder import HELD, Sorter
from labelkeep.annotations.model import KINDS, Kind, Object
from labelkeep.annotations.overlap import JobView, Placed, merged
from labelkeep.annotations.parts import read_object, record_of
from labelkeep.annotations.spool import Incoming
from labelkeep.annotations.wire import Ids, Writer
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.queries.validation import pool_of
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.loading import Saved, load

_TOGETHER = 1_000  # objects
_OPEN = 8  # jobs that are held while their neighbours are read: they share frames


def view_job(actor: Actor, job: Job) -> Iterator[bytes]:
    """The annotations of a job as the wire's JSON, part by part.

    Raises:
        Forbidden: the actor may not see them.
    """
    require(actor, "job:view-annotations", subject_of(job))
    saved = load(job)
    writer = Writer(saved.ids, job.pk)
    return envelope((kind, (writer.render(part) for part in saved.iterate(kind))) for kind in KINDS)


def view_task(actor: Actor, task: Task) -> Iterator[bytes]:
    """The annotations of a task as the wire's JSON, part by part.

    Raises:
        Forbidden: the actor may not see them.
    """
    require(actor, "task:view-annotations", subject_of(task))
    ids = table_for(task)
    jobs = jobs_of(task)
    writers = [Writer(ids, job.pk) for job in jobs]

    def rendered(kind: Kind) -> Iterator[bytes]:
        for placed in objects_of_task(task, jobs, kind, ids):
            yield _rendered(writers, placed)

    return envelope((kind, rendered(kind)) for kind in KINDS)


def objects_of_task(task: Task, jobs: Sequence[Job], kind: Kind, ids: Ids) -> Iterator[list[Placed]]:
    """The objects of one kind in the task's view, each with the position of its job in `jobs`."""
    pool = pool_of(task)
    hidden = frozenset(pool.honeypots.frames) if pool else frozenset()  # what is drawn there is no annotation
    loaded = lru_cache(_OPEN)(lambda job: load(job, ids=ids))
    views = [JobView(job.start_frame, job.stop_frame, _Lazy(job, loaded, hidden)) for job in jobs]
    return merged(views, kind, overlap=task.overlap or 0, spatial=task.dimension == "3d")


def jobs_of(task: Task) -> list[Job]:
    """The jobs that make up a task, by start frame; the ground truth job only where it is a pool of honeypots."""
    types = [Job.Type.ANNOTATION] + ([Job.Type.GROUND_TRUTH] if has_pool(task) else [])
    return list(Job.objects.filter(task=task, type__in=types).order_by("start_frame", "id"))


def has_pool(task: Task) -> bool:
    """Whether annotation jobs show frames of a ground truth pool in between."""
    return (task.validation_layout or {}).get("mode") == "gt_pool"


def envelope(kinds: Iterator[tuple[Kind, Iterator[bytes]]] | Iterator[tuple[Kind, list[bytes]]]) -> Iterator[bytes]:
    """`{"version": 0, "tags": […], …}` from rendered pieces, which may be empty."""
    yield b'{"version":0'
    for kind, pieces in kinds:
        yield b',"%b":[' % kind.encode()
        begun = False
        for piece in pieces:
            if piece:
                yield b"," + piece if begun else piece
                begun = True
        yield b"]"
    yield b"}"


def affected_of_task(
    task: Task, jobs: Sequence[Job], ids: Ids, objects: dict[int, Incoming], spool_dir: Path
) -> Iterator[bytes]:
    """What a change made of a task, as the wire's JSON: what stands in several jobs once, as in the task's view."""
    owners = [job for job in jobs if job.pk in objects]
    writers = [Writer(ids, job.pk) for job in owners]
    views = [JobView(job.start_frame, job.stop_frame, _Changed(objects[job.pk], spool_dir)) for job in owners]

    def rendered(kind: Kind) -> Iterator[bytes]:
        for placed in merged(views, kind, overlap=task.overlap or 0, spatial=task.dimension == "3d"):
            yield _rendered(writers, placed)

    return envelope((kind, rendered(kind)) for kind in KINDS)


def affected(ids: Ids, objects: dict[int, Incoming]) -> Iterator[bytes]:
    """What a change made, as the wire's JSON, in the order in which it came. `objects`: job → objects with numbers."""

    def rendered(kind: Kind) -> Iterator[bytes]:
        for job, incoming in objects.items():
            writer = Writer(ids, job)
            for other, batch in incoming:
                if other == kind:
                    yield writer.render([item for _, item in batch])

    return envelope((kind, rendered(kind)) for kind in KINDS)


@dataclass
class _Changed:
    """What a change made of a job, sorted whenever it is asked for, so that jobs of a large task do not add up."""

    objects: Incoming
    spool_dir: Path

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        with closing(Sorter(self.spool_dir, HELD)) as sorter:
            for other, batch in self.objects:
                for _, item in batch if other == kind else ():
                    if start <= item.frame and (stop is None or item.frame < stop):
                        sorter.add(record_of(item))
            records = iter(sorter)
            while some := list(islice(records, _TOGETHER)):
                yield [read_object(kind, record.data) for record in some]


def _rendered(writers: Sequence[Writer], placed: list[Placed]) -> bytes:
    """Objects of several jobs, those of one job that follow each other in one go."""
    runs = groupby(placed, key=itemgetter(0))
    return b",".join([writers[position].render([item for _, item in run]) for position, run in runs])


@dataclass
class _Lazy:
    """A job's annotations, read when they are needed: a task may have thousands of jobs."""

    job: Job
    loaded: Callable[[int], Saved]
    hidden: frozenset[int]

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        if not self.job.document and not self.job.delta_bytes:
            return
        hidden = self.hidden if self.job.type == Job.Type.ANNOTATION else frozenset()
        for objects in self.loaded(self.job.pk).iterate(kind, start, stop):
            yield [item for item in objects if item.frame not in hidden] if hidden else objects
