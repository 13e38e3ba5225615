"""What a job holds now: its document with the deltas laid over it, both as they are at one moment.

Row and deltas are two statements; that nobody has put the deltas into a document in between is seen from their size.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from labelkeep.annotations import deltas
from labelkeep.annotations.document import Edit, Index, iterate, read_index, read_numbered, read_records
from labelkeep.annotations.model import Kind, Object
from labelkeep.annotations.trie import NUMBERS, Record, key_of
from labelkeep.annotations.wire import Ids
from labelkeep.errors import NotFound, Unavailable
from labelkeep.media import vault
from labelkeep.projects.models import AnnotationDelta, Job, Task
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
)
ATTEMPTS = 100
_TOGETHER = 50  # jobs whose deltas are in memory at the same time, each up to deltas.BOUND
Payload = bytes | memoryview
Delta = tuple[int, Payload]  # its revision
BUSY = "The annotations are being changed by many others; try again."


class Version(NamedTuple):
    """Which annotations of a job something was made from."""

    job: int
    revision: int
    document: str


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
    deltas: Sequence[Delta]  # small edits since the document, by revision
    edits: Edit  # what they change
    ids: Ids

    @property
    def version(self) -> Version:
        """Which these are."""
        return Version(self.job, self.revision, self.document)

    def records(self, kind: Kind) -> Iterator[list[Record]]:
        """All objects of one kind as they are encoded, part by part; those of deleted labels are left out."""
        shown = self.ids.table.shown
        parts = (read_records(part, vault.live().get_document) for part in self.index.of(kind))
        for records in self.edits.over_records(kind, parts):
            yield [record for record in records if record.label in shown]

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
    """What one job holds. `ids`: the task's labels, where the caller has them.

    Raises:
        NotFound: the job is gone.
        Unavailable: it was saved again and again in between.
    """
    return next(load_all([job if isinstance(job, int) else job.pk], ids=ids, using=using))


def load_all(jobs: Iterable[int], *, ids: Ids | None = None, using: str = "default") -> Iterator[Saved]:
    """What these jobs hold, in their order, read some at a time, when they are asked for.

    Raises:
        NotFound: a job is gone.
        Unavailable: one was saved again and again in between.
    """
    waiting = iter(jobs)
    while some := list(islice(waiting, _TOGETHER)):
        rows = _rows(some, using)
        for job in some:
            row, payloads = rows[job]
            known = ids or table_for(Task.objects.using(using).get(pk=row["task_id"]), using)
            yield _saved(job, row, payloads, known)


def _rows(jobs: Sequence[int], using: str) -> dict[int, tuple[dict[str, Any], list[Delta]]]:
    """The row of each job and the deltas that belong to it."""
    found: dict[int, tuple[dict[str, Any], list[Delta]]] = {}
    for _ in range(ATTEMPTS):
        missing = [job for job in jobs if job not in found]
        if not missing:
            return found
        rows = {row["id"]: row for row in Job.objects.using(using).filter(pk__in=missing).values("id", *_COLUMNS)}
        if len(rows) < len(missing):
            raise NotFound("No Job matches the given query.")
        payloads = _payloads([row for row in rows.values() if row["delta_bytes"]], using)
        for job, row in rows.items():
            if sum(len(payload) for _, payload in payloads.get(job, ())) == row["delta_bytes"]:
                found[job] = row, payloads.get(job, [])
    raise Unavailable(BUSY)


def _payloads(rows: Sequence[dict[str, Any]], using: str) -> dict[int, list[Delta]]:
    """The deltas of each job up to its revision, in order."""
    if not rows:
        return {}
    revisions = {row["id"]: row["revision"] for row in rows}
    rows_of = AnnotationDelta.objects.using(using).filter(job__in=revisions).order_by("id")
    payloads: dict[int, list[Delta]] = {}
    for job, revision, payload in rows_of.values_list("job_id", "revision", "payload"):
        if revision <= revisions[job]:
            payloads.setdefault(job, []).append((revision, payload))
    return payloads


def _saved(job: int, row: Mapping[str, Any], payloads: Sequence[Delta], ids: Ids) -> Saved:
    return Saved(
        job=job,
        task=row["task_id"],
        start_frame=row["start_frame"],
        stop_frame=row["stop_frame"],
        document=row["document"],
        revision=row["revision"],
        next_number=row["next_number"],
        delta_bytes=row["delta_bytes"],
        counts=row["counts"],
        index=read_index(row["document"], vault.live().get_document),
        deltas=payloads,
        edits=deltas.combine(payload for _, payload in payloads),
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
        for item in read_numbered(part, missing, vault.live().get_document):
            if key_of(item.frame, item.number) not in places:
                found[item.number] = item
    return found


def _any_within(keys: Sequence[int], low: int, high: int) -> bool:
    at = bisect_left(keys, low)
    return at < len(keys) and keys[at] <= high
