"""What a job holds now: its document with the deltas laid over it, read in one statement, so at one moment."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelkeep.annotations import deltas
from labelkeep.annotations.document import Edit, Index, iterate, read_index, read_part
from labelkeep.annotations.model import Kind, Object
from labelkeep.annotations.trie import NUMBERS, key_of
from labelkeep.annotations.wire import Ids
from labelkeep.errors import NotFound
from labelkeep.media import vault
from labelkeep.projects.models import Job, Task
from labelkeep.projects.saved.keys import table_for

_COLUMNS = (
    "task_id",
    "start_frame",
    "stop_frame",
    "document",
    "revision",
    "next_number",
    "delta_bytes",
    "counts",
    "deltas__payload",
)


@dataclass(frozen=True)
class Saved:
    """The annotations of one job at one revision."""

    job: int
    task: int
    start_frame: int
    stop_frame: int
    document: str
    revision: int
    next_number: int
    delta_bytes: int
    counts: Mapping[str, Mapping[str, int]]
    index: Index
    edits: Edit  # what the deltas change
    ids: Ids

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        """Objects on frames `start` up to but not including `stop`, part by part, by (frame, number).

        Objects of deleted labels are left out.
        """
        shown = self.ids.table.shown
        parts = iterate(self.index, kind, vault.live().get_document, start, stop)
        for objects in self.edits.over(kind, parts):
            yield [
                item
                for item in objects
                if item.label in shown and start <= item.frame and (stop is None or item.frame < stop)
            ]


def load(job: Job | int, *, ids: Ids | None = None, using: str = "default") -> Saved:
    """Read the row, its deltas and its index. `ids`: the task's labels, where the caller has them.

    Raises:
        NotFound: the job is gone.
    """
    job_id = job if isinstance(job, int) else job.pk
    rows = list(Job.objects.using(using).filter(pk=job_id).order_by("deltas__revision").values_list(*_COLUMNS))
    if not rows:
        raise NotFound("No Job matches the given query.")
    first: tuple[Any, ...] = rows[0]
    if ids is None:
        ids = table_for(Task.objects.using(using).get(pk=first[0]), using)
    task, start, stop, document, revision, next_number, delta_bytes, counts, _ = first
    return Saved(
        job=job_id,
        task=task,
        start_frame=start,
        stop_frame=stop,
        document=document,
        revision=revision,
        next_number=next_number,
        delta_bytes=delta_bytes,
        counts=counts,
        index=read_index(document, vault.live().get_document),
        edits=deltas.combine(payload for *_, payload in rows if payload is not None),
        ids=ids,
    )


def find(index: Index, edits: Edit, kind: Kind, wanted: Mapping[int, int]) -> dict[int, Object]:
    """The objects with these numbers. `wanted`: number → the frame where it probably is.

    Reads the parts where they should be, and all others only for numbers that were not there.
    """
    places = edits.places[kind]
    found = {
        key & NUMBERS - 1: item for key, item in places.items() if item is not None and key & NUMBERS - 1 in wanted
    }
    likely = sorted(key_of(frame, number) for number, frame in wanted.items() if number not in found)
    parts = index.of(kind)
    near = [part for part in parts if _any_within(likely, part.low, key_of(*part.last))]
    far = [part for part in parts if part not in near]
    for part in [*near, *far]:
        missing = wanted.keys() - found.keys()
        if not missing:
            break
        for item in read_part(part, vault.live().get_document):
            if item.number in missing and key_of(item.frame, item.number) not in places:
                found[item.number] = item
    return found


def _any_within(keys: Sequence[int], low: int, high: int) -> bool:
    at = bisect_left(keys, low)
    return at < len(keys) and keys[at] <= high
