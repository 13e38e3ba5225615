"""Which job takes what of a request: objects go to the jobs that show their frame, tracks are cut there.

A task may have thousands of jobs, so no object is held against each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from labelkeep.annotations import tracks
from labelkeep.annotations.coverage import Coverage
from labelkeep.annotations.model import Kind, Object, Track
from labelkeep.annotations.overlap import cut
from labelkeep.annotations.spool import Bodies, Incoming, Numbered, Spool
from labelkeep.annotations.wire import job_and_number
from labelkeep.projects.models import Job

B = TypeVar("B", Bodies, Incoming)


class Distribution(Generic[B]):
    """The jobs that a request is for, with what has come for each of them; `removed` is what leaves them."""

    def __init__(self, jobs: Sequence[Job], spool: Spool, kept: type[B]) -> None:
        self._jobs = jobs
        self._positions = {job.pk: position for position, job in enumerate(jobs)}
        self._coverage = Coverage([(job.start_frame, job.stop_frame) for job in jobs])
        self._frames = [None if job.frames is None else frozenset(job.frames) for job in jobs]
        self.arrived: dict[int, B] = defaultdict(lambda: kept(spool))
        self.removed: dict[int, Incoming] = defaultdict(lambda: Incoming(spool))

    def share(self, kind: Kind, objects: Iterable[Numbered]) -> None:
        """To every job that shows the frame; what no job shows is dropped."""
        pieces: dict[int, list[Numbered]] = defaultdict(list)
        for _, item in objects:
            for position in self._holders(item):
                if piece := self._piece(item, position):
                    pieces[self._jobs[position].pk].append((0, piece))
        for job, group in pieces.items():
            self.arrived[job].add(kind, group)

    def move(self, kind: Kind, objects: Iterable[Numbered]) -> None:
        """An update stays in the job of its id; beyond its frames it goes to those that have its frame."""
        for job, group in _by_job(objects).items():
            if job not in self._positions:
                self.share(kind, group)
                continue
            pieces = [(id, item, self._piece(item, self._positions[job])) for id, item in group]
            gone = [(id, item) for id, item, piece in pieces if not piece]
            self.arrived[job].add(kind, [(id, piece) for id, _, piece in pieces if piece])
            self.removed[job].add(kind, gone)
            self.share(kind, gone)

    def remove(self, kind: Kind, objects: Iterable[Numbered]) -> None:
        """From the jobs of their ids."""
        for job, group in _by_job(objects).items():
            if job in self._positions:
                self.removed[job].add(kind, group)

    def _holders(self, item: Object) -> Sequence[int]:
        return self._coverage.within(*tracks.extent(item)) if isinstance(item, Track) else self._coverage.at(item.frame)

    def _piece(self, item: Object, position: int) -> Object | None:
        job = self._jobs[position]
        return cut(item, job.start_frame, job.stop_frame, self._frames[position])


def _by_job(objects: Iterable[Numbered]) -> dict[int, list[Numbered]]:
    groups: dict[int, list[Numbered]] = defaultdict(list)
    for id, item in objects:
        groups[job_and_number(id)[0]].append((id, item))
    return groups
