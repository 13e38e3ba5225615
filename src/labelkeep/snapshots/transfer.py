"""What a backup, or a part of it, would change in a project or task that is there: planned first, then written.

A task of the backup that is there (its uuid, or its origin's) gets annotations, job by job, on the frames that are the
same picture under the same number. A task that is not there is added whole. All else stays as it is: stages, people,
issues, guides, labels. What cannot come is listed, never fatal. Nothing that is there already comes a second time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Literal

from labelkeep.annotations.blending import Tally, blend, translated
from labelkeep.annotations.labels import LabelTable
from labelkeep.annotations.model import KINDS, Object
from labelkeep.annotations.narrowing import merged, narrow
from labelkeep.annotations.parts import Index, iterate, read_index
from labelkeep.annotations.spool import Bodies, Spool
from labelkeep.media import documents
from labelkeep.projects.models import Job, Project, Task
from labelkeep.projects.queries.validation import pool_of
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.history import logged
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.loading import load
from labelkeep.projects.saved.saving import Change
from labelkeep.snapshots.accept.spool import DocumentSpool
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.manifest import JobRecord, LabelRecord, TaskManifest
from labelkeep.snapshots.selection import Chosen

Mode = Literal["append", "replace", "skip"]
Outcome = Literal["added", "changed", "same", "skipped"]
Ranges = list[tuple[int, int]]


@dataclass
class Item:
    """What becomes of one task of the backup."""

    record: TaskManifest
    task: Task | None  # where it goes; None: it is added
    outcome: Outcome
    why: str = ""
    tally: Tally = field(default_factory=Tally)
    missing_frames: Ranges = field(default_factory=list)
    missing_labels: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For the report."""
        return {
            "id": self.record.id,
            "name": self.record.name,
            "task": self.task.pk if self.task else None,
            "outcome": self.outcome,
            "why": self.why,
            **{name: dict(getattr(self.tally, name)) for name in ("added", "removed", "same")},
            "missing_frames": [list(frames) for frames in self.missing_frames],
            "missing_labels": self.missing_labels,
        }


@dataclass(frozen=True)
class How:
    """The mode; where bytes are read from, and where there is room for what does not fit into memory. `writes`: the
    documents of the change are kept, else it is only counted."""

    mode: Mode
    get: Get
    spool_dir: Path
    writes: bool = False


def items(chosen: Chosen, target: Project | Task, how: How) -> Iterator[Item]:
    """What becomes of each task that was chosen, one after the other."""
    labels = chosen.subject.labels
    for record in chosen.tasks:
        task = _found(record, target)
        if task is not None:
            yield _into(record, labels, task, chosen, how)
        elif isinstance(target, Task):
            yield Item(record, None, "skipped", "it is another task than the one to transfer into")
        elif not _fits(record, target):
            yield Item(record, None, "skipped", "the project holds tasks of another dimension")
        else:
            yield Item(record, None, "added")


def _fits(record: TaskManifest, project: Project) -> bool:
    others = Task.objects.filter(project=project, has_data=True)
    return record.data is None or not others.exclude(dimension=record.data.dimension).exists()


def _found(record: TaskManifest, target: Project | Task) -> Task | None:
    """The task that the record is of, or a restored copy of it; the copy of a copy has another origin."""
    tasks = [target] if isinstance(target, Task) else list(Task.objects.filter(project=target).order_by("pk"))
    itself = [task for task in tasks if str(task.uuid) == record.uuid]
    copies = [task for task in tasks if task.origin.get("uuid") == record.uuid]
    return next(chain(itself, copies), None)


def _into(record: TaskManifest, labels: Iterable[LabelRecord], task: Task, chosen: Chosen, how: How) -> Item:
    item = Item(record, task, "skipped")
    item.why = _refusal(record, task, how.mode)
    if item.why:
        return item
    keys = _Keys.of(record, labels, table_for(task).table)
    wanted = {key for id, key in record.label_keys.labels.items() if chosen.labels is None or id in chosen.labels}
    item.missing_labels = sorted(keys.missing(record, wanted))
    there, item.missing_frames = _same_frames(record, task, how.get)
    scope = _Scope(frozenset(wanted & keys.labels.keys()), _common(there, chosen.frames), chosen.frames is not None)
    pairs = _jobs(record, task)
    for job_record, job in pairs:
        if job_record.id not in chosen.empty:
            _job(job_record, job, keys, scope, item, how)
    item.outcome = "changed" if item.tally else "same"
    return item


def _refusal(record: TaskManifest, task: Task, mode: Mode) -> str:
    if mode == "skip":
        return "it is there"
    if record.data is None or not task.has_data:
        return "it has no data"
    if pool_of(task) is not None:
        return "its honeypots show frames of a pool; restore it as a new one instead"
    return ""


@dataclass(frozen=True)
class _Scope:
    """Label keys of the backup, frames that are the same, and whether frames were chosen at all."""

    labels: frozenset[int]
    frames: Ranges
    by_frames: bool

    def has(self, frame: int) -> bool:
        return any(first <= frame <= last for first, last in self.frames)


@dataclass(frozen=True)
class _Keys:
    """Key in the backup → key in the task, of labels and of attributes; and what labels are called in the backup."""

    labels: Mapping[int, int]
    attributes: Mapping[int, int]
    names: Mapping[int, str]

    @classmethod
    def of(cls, record: TaskManifest, labels: Iterable[LabelRecord], table: LabelTable) -> _Keys:
        """Labels are found by name, points by the name of their skeleton too; a skeleton is only ever a skeleton."""
        found: dict[int, int] = {}
        attributes: dict[int, int] = {}
        names: dict[int, str] = {}
        for label, parent in _flat(labels):
            key = record.label_keys.labels.get(label.id)
            if key is None or label.deleted_at:
                continue
            names |= {key: label.name} if parent is None else {}
            above = None if parent is None else found.get(record.label_keys.labels.get(parent.id, 0))
            there = table.by_name(label.name, above) if parent is None or above is not None else None
            if there is None or (there.type == "skeleton") != (label.type == "skeleton"):
                continue
            found[key] = there.key
            for attribute in label.attributes:
                known = there.attribute_by_name(attribute.name)
                old = record.label_keys.attributes.get(attribute.id)
                if known is not None and old is not None:
                    attributes[old] = known.key
        return cls(found, attributes, names)

    def missing(self, record: TaskManifest, wanted: Iterable[int]) -> set[str]:
        """Names of labels that have objects and are not in the task."""
        used = {int(key) for job in record.jobs for key in job.counts}
        return {self.names[key] for key in wanted if key in used and key in self.names and key not in self.labels}


def _flat(labels: Iterable[LabelRecord]) -> Iterator[tuple[LabelRecord, LabelRecord | None]]:
    for label in labels:
        yield label, None
        for sublabel in label.sublabels:
            yield sublabel, label


def _jobs(record: TaskManifest, task: Task) -> list[tuple[JobRecord, Job]]:
    """Jobs of the same kind with the same frames; of several such, the first with the first."""
    waiting: dict[Any, list[Job]] = defaultdict(list)
    for job in Job.objects.filter(task=task).order_by("-pk"):
        waiting[job.type, job.start_frame, job.stop_frame, tuple(job.frames or ())].append(job)
    pairs = []
    for found in record.jobs:
        jobs = waiting[found.type, found.start_frame, found.stop_frame, tuple(found.frames or ())]
        if jobs:
            pairs.append((found, jobs.pop()))
    return pairs


def _same_frames(record: TaskManifest, task: Task, get: Get) -> tuple[Ranges, Ranges]:
    """Frames that are the same here and in the backup, and those of the backup that are not, as ranges."""
    assert record.data is not None, "a task without data was refused"
    everything = [(0, record.data.size - 1)]
    if (record.data.sources, record.data.frames) == (task.sources_document, task.frames_document):
        return everything, []
    ours, theirs = (documents.read_index(name, get) for name in (task.frames_document, record.data.frames))
    if ours.kind != "frames" or theirs.kind != "frames":
        return [], everything
    here = documents.read_frames(ours, get)
    same: list[tuple[int, int]] = []
    lost: list[tuple[int, int]] = []
    for number, frame in enumerate(documents.read_frames(theirs, get)):
        mine = next(here, None)
        is_same = mine is not None and (mine.blob == frame.blob if frame.blob else mine.path == frame.path)
        (same if is_same else lost).append((number, number))
    return merged(same), merged(lost)


def _common(one: Ranges, other: Ranges | None) -> Ranges:
    if other is None:
        return one
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return merged(pair for pair in pairs if pair[0] <= pair[1])


def _job(record: JobRecord, job: Job, keys: _Keys, scope: _Scope, item: Item, how: How) -> None:
    """Count what changes in one job and, where it is not only counted, write the documents of the change."""
    tracks_stay = how.mode == "replace" and (scope.by_frames or bool(item.missing_frames))
    saved, tally, spool = load(job), Tally(), Spool(how.spool_dir)
    with DocumentSpool(how.spool_dir) as narrowed:
        index, get = _narrowed(record, scope, how, narrowed)
        bodies = Bodies(spool)
        for kind in KINDS:
            stays = kind == "tracks" and tracks_stay
            arriving = () if stays else _translated(iterate(index, kind, get), keys)
            replaces = _replacing(keys, scope) if how.mode == "replace" and not stays else None
            standing = chain.from_iterable(saved.iterate(kind))
            for group in blend(kind, standing, arriving, tally, replaces=replaces):
                if how.writes:
                    bodies.add(kind, [(0, one) for one in group])
        if tally and how.writes:
            change = logged(saved, plans.replaced(bodies, how.spool_dir)(saved))
            item.changes += [change] if change is not None else []
    spool.close()
    item.tally.add(tally)


def _replacing(keys: _Keys, scope: _Scope) -> Callable[[Object], bool]:
    """Of objects that stand there, which are replaced."""
    labels = frozenset(keys.labels[key] for key in scope.labels)
    return lambda item: item.label in labels and scope.has(item.frame)


def _translated(parts: Iterable[list[Object]], keys: _Keys) -> Iterator[Object]:
    for objects in parts:
        for item in objects:
            yield translated(item, keys.labels, keys.attributes)


def _narrowed(record: JobRecord, scope: _Scope, how: How, spool: DocumentSpool) -> tuple[Index, Get]:
    """What of a job in the backup is in the scope, and how to read it."""
    index = read_index(record.document, how.get)
    is_whole = any(first <= record.start_frame and record.stop_frame <= last for first, last in scope.frames)
    frames = None if is_whole else scope.frames
    if frames is None and {int(key) for key in index.counts()} <= scope.labels:
        return index, how.get
    written = narrow(
        index, how.get, spool.put, last=record.stop_frame, labels=scope.labels, frames=frames, spool_dir=how.spool_dir
    )
    return written.index, spool.get
