"""A part of a backup, as a smaller backup: chosen tasks, jobs, labels and frames. The manifest in the store stays.

A task is always whole: its frames and media come all, and jobs that were not chosen come empty, as new ones, because
every frame of a task belongs to a job. Labels that were not chosen do not come, nor objects of theirs. Of frames that
were not chosen nothing comes that was drawn or said there; tracks are cut (annotations/narrowing.py).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from labelkeep.annotations import narrowing
from labelkeep.annotations.parts import read_index
from labelkeep.errors import BadInput, listed
from labelkeep.snapshots import codec
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import JobRecord, LabelRecord, TaskManifest

Put = Callable[[bytes], str]


class Selection(msgspec.Struct, kw_only=True, frozen=True):
    """What to take of a backup; an empty list does not narrow. Ids are those in the backup.

    `tasks` come with all their jobs, `jobs` alone. `labels` are ids or names, `frames` ranges `[first, last]` of each
    task.
    """

    tasks: list[int] = []
    jobs: list[int] = []
    labels: list[int | str] = []
    frames: list[tuple[int, int]] = []

    def __bool__(self) -> bool:
        return bool(self.tasks or self.jobs or self.labels or self.frames)


ALL = Selection()


@dataclass(frozen=True)
class Chosen:
    """What is restored: a subject and its tasks, and the keys and frames that documents are still to be narrowed to."""

    subject: Subject
    tasks: list[TaskManifest]
    labels: frozenset[int] | None = None  # ids in the backup; None: all
    frames: list[tuple[int, int]] | None = None
    empty: frozenset[int] = field(default_factory=frozenset)  # ids of jobs that were not chosen


def choose(manifest: str, get: Get, selection: Selection) -> Chosen:
    """The subject named `manifest`, with the tasks and labels that `selection` names. No annotation is read.

    Raises:
        BadInput: it names what the backup does not have; or the manifest is of a newer format.
    """
    subject = codec.read_subject(manifest, get)
    tasks = list(codec.read_tasks(subject, get))
    if not selection:
        return Chosen(subject, tasks)
    labels = _labels(subject.labels, selection.labels)
    taken = _tasks(tasks, selection)
    if labels is not None:
        alone = isinstance(subject, TaskManifest)
        taken = [_with_labels(task, labels) for task in taken] if alone else taken
        subject = taken[0] if alone else _with_labels(subject, labels)
    empty = _left_empty(taken, selection)
    return Chosen(subject, taken, labels, _frames(selection.frames), empty)


def narrowed(chosen: Chosen, get: Get, put: Put, spool_dir: Path | None = None) -> Chosen:
    """The same with documents that hold no more than was chosen. With `store.name_of` for `put` nothing is written."""
    if chosen.labels is None and chosen.frames is None and not chosen.empty:
        return chosen
    tasks = [_narrow_task(task, chosen, get, put, spool_dir) for task in chosen.tasks]
    subject = tasks[0] if isinstance(chosen.subject, TaskManifest) else chosen.subject
    return Chosen(subject, tasks)


def _tasks(tasks: Sequence[TaskManifest], selection: Selection) -> list[TaskManifest]:
    jobs = {job.id: task.id for task in tasks for job in task.jobs}
    _check("tasks", set(selection.tasks), {task.id for task in tasks})
    _check("jobs", set(selection.jobs), jobs)
    if not selection.tasks and not selection.jobs:
        return list(tasks)
    wanted = {*selection.tasks, *(jobs[job] for job in selection.jobs)}
    return [task for task in tasks if task.id in wanted]


def _left_empty(tasks: Iterable[TaskManifest], selection: Selection) -> frozenset[int]:
    if not selection.jobs:
        return frozenset()
    whole, chosen = set(selection.tasks), set(selection.jobs)
    return frozenset(job.id for task in tasks if task.id not in whole for job in task.jobs if job.id not in chosen)


def _labels(records: Iterable[LabelRecord], wanted: Sequence[int | str]) -> frozenset[int] | None:
    if not wanted:
        return None
    living = [record for record in records if not record.deleted_at]
    known: dict[int | str, int] = {record.id: record.id for record in living}
    known |= {record.name: record.id for record in living}
    _check("labels", set(wanted), known)
    return frozenset(known[label] for label in wanted)


def _check(name: str, wanted: Collection[int | str], known: Collection[Any]) -> None:
    if strange := sorted(set(wanted) - set(known), key=str):
        raise BadInput({name: [f"The backup has no such {name}: {listed(strange)}"]})


def _frames(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]] | None:
    if any(not 0 <= first <= last for first, last in ranges):
        raise BadInput({"frames": ["A range is a first and a last frame, in this order."]})
    return narrowing.merged(ranges) if ranges else None


def _with_labels(record: Any, labels: Collection[int]) -> Any:
    return msgspec.structs.replace(record, labels=[label for label in record.labels if label.id in labels])


def _narrow_task(task: TaskManifest, chosen: Chosen, get: Get, put: Put, spool_dir: Path | None) -> TaskManifest:
    keys = None if chosen.labels is None else keys_of(task.label_keys.labels, chosen.labels)
    jobs = [
        _emptied(job) if job.id in chosen.empty else _narrow_job(job, keys, chosen.frames, get, put, spool_dir)
        for job in task.jobs
    ]
    return msgspec.structs.replace(task, jobs=jobs)


def keys_of(keys: Mapping[int, int], labels: Collection[int]) -> frozenset[int]:
    """The keys that documents have for labels."""
    return frozenset(key for label, key in keys.items() if label in labels)


def _emptied(job: JobRecord) -> JobRecord:
    """A job with the same frames that nobody has worked on."""
    same = {
        name: getattr(job, name) for name in ("id", "uuid", "type", "start_frame", "stop_frame", "frames", "parent")
    }
    return JobRecord(**same, created_date=job.created_date, updated_date=job.updated_date)


def _narrow_job(
    job: JobRecord,
    keys: frozenset[int] | None,
    frames: list[tuple[int, int]] | None,
    get: Get,
    put: Put,
    spool_dir: Path | None,
) -> JobRecord:
    """The job with less in it; the document stays where all of it was chosen."""
    if frames is not None:
        issues = [issue for issue in job.issues if any(first <= issue.frame <= last for first, last in frames)]
        job = msgspec.structs.replace(job, issues=issues)
        if any(first <= job.start_frame and job.stop_frame <= last for first, last in frames):
            frames = None
    has_other_labels = keys is not None and {int(key) for key in job.counts} - keys
    if not job.document or (frames is None and not has_other_labels):
        return job
    written = narrowing.narrow(
        read_index(job.document, get), get, put, last=job.stop_frame, labels=keys, frames=frames, spool_dir=spool_dir
    )
    index = written.index
    return msgspec.structs.replace(job, document=written.name, counts=index.counts(), next_number=index.next)
