"""What has changed between two backups, in the words of people who annotate: labels, tasks, jobs, frames, objects.

Tasks are known by uuid and jobs too; in a copy, whose uuids are others, tasks by their name and media, jobs by their
frames. Labels are compared by name where the copy's ids say nothing. What both sides name is not read: a task that did
not change costs nothing, an annotation document as little. Objects are told one by one, in a stream (annotations/diff).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from labelkeep.annotations.diff import Difference, Match, Side, differences
from labelkeep.annotations.document import read_index
from labelkeep.errors import BadInput
from labelkeep.media import documents
from labelkeep.snapshots.codec import Get, Subject, decode, read_subject
from labelkeep.snapshots.diff_names import Names, names_of, paths, translated
from labelkeep.snapshots.diff_types import FieldChange, LabelChange, ObjectChange, Summary, TaskChange, TaskRef
from labelkeep.snapshots.manifest import DataRecord, JobRecord, LabelRecord, ProjectManifest, TaskManifest

T = TypeVar("T")
_HEAD = ("name", "owner", "assignee", "bug_tracker", "status", "subset")
_JOB = ("assignee", "stage", "state")
_LABEL = ("name", "color", "type", "svg", "deleted_at", "attributes")
_TOLD = 1_000  # frames that are named one by one


@dataclass(frozen=True)
class Options:
    """How to compare: which task (id or uuid) and frame alone, and how objects are found again."""

    match: Match = "auto"
    task: str = ""
    frame: int | None = None
    spool_dir: Path | None = None


@dataclass
class TaskPair:
    """A task on both sides, or on one."""

    before: TaskManifest | None
    after: TaskManifest | None
    jobs: list[tuple[JobRecord | None, JobRecord | None]] = field(default_factory=list)

    @property
    def ref(self) -> TaskRef:
        """As the first side knows it, else as the second does."""
        task = self.before or self.after
        assert task is not None
        return {"id": task.id, "uuid": task.uuid, "name": task.name}


class Comparison:
    """Two subject manifests, by name."""

    def __init__(self, a: str, b: str, get: Get, options: Options | None = None) -> None:
        self.get = get
        self.options = options or Options()
        self.names = (a, b)
        self.a, self.b = read_subject(a, get), read_subject(b, get)
        if self.a.kind != self.b.kind:
            raise BadInput(f"A {self.a.kind} and a {self.b.kind} cannot be compared")

    def summary(self) -> Summary:
        """Everything, objects counted. Reads what differs, once."""
        found: Summary = {
            "fields": _fields(None, None, self.a, self.b, _HEAD) if isinstance(self.a, ProjectManifest) else [],
            "labels": self._labels(None, self.a, self.b) if isinstance(self.a, ProjectManifest) else [],
            "tasks": [],
            "objects": {},
            "objects_by_label": {},
            "count": 0,
        }
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        labels: dict[str, Counter[str]] = defaultdict(Counter)
        for pair in self.pairs():
            change = self._tell_task(pair, found)
            counts: Counter[str] = Counter()
            for (_, item), _, label in self._differences(pair):
                counts.update(item.changes)
                kinds[item.kind].update(item.changes)
                labels[label].update(item.changes)
                found["count"] += 1
            if change["change"] == "changed":
                change["objects"] = dict(counts)
            if change["change"] != "changed" or change["objects"] or _any(change):
                found["tasks"].append(change)
        found["objects"] = {kind: dict(counts) for kind, counts in kinds.items()}
        found["objects_by_label"] = {label: dict(labels[label]) for label in sorted(labels)}
        return found

    def objects(self) -> Iterator[ObjectChange]:
        """The objects that changed, task by task, job by job; read while they are asked for."""
        for pair in self.pairs():
            for (job, item), (one, other), label in self._differences(pair):
                standing = item.after or item.before
                assert standing is not None
                yield {
                    "task": pair.ref,
                    "job": job.id,
                    "kind": item.kind,
                    "number": standing.number,
                    "frame": item.frame,
                    "frames": item.frames,
                    "label": label,
                    "changes": list(item.changes),
                    "by": item.by,
                    "before": one.plain(item.before) if item.before else None,
                    "after": other.plain(item.after) if item.after else None,
                }

    # ---- tasks and jobs ----

    def pairs(self, *, unchanged: bool = False) -> Iterator[TaskPair]:
        """The tasks that are asked for, of those that are not the same on both sides; or all of them."""
        before, after = self._tasks(unchanged)
        for one, other in _paired(before, after, lambda task: task.uuid, _look_of_task):
            pair = TaskPair(one, other)
            if not self.options.task or self.options.task in (str(pair.ref["id"]), pair.ref["uuid"]):
                if one and other:
                    pair.jobs = _paired(one.jobs, other.jobs, lambda job: job.uuid, _look_of_job)
                yield pair

    def _tasks(self, unchanged: bool) -> tuple[list[TaskManifest], list[TaskManifest]]:
        if isinstance(self.a, TaskManifest) or isinstance(self.b, TaskManifest):
            return [_as_task(self.a)], [_as_task(self.b)]
        shared = not unchanged and _hidden(self.a) == _hidden(self.b)
        same = set(self.a.tasks) & set(self.b.tasks) if shared else set()
        one, other = ([name for name in side.tasks if name not in same] for side in (self.a, self.b))
        return [decode(self.get(name), TaskManifest) for name in one], [
            decode(self.get(name), TaskManifest) for name in other
        ]

    def _tell_task(self, pair: TaskPair, found: Summary) -> TaskChange:
        """What became of a task, but for its objects; what changed of its fields goes into `found`."""
        one, other = pair.before, pair.after
        if one is None or other is None:
            task = one or other
            assert task is not None
            return _whole(pair, task, names_of(self.a if one else self.b, task))
        told = _fields(pair.ref, None, one, other, _HEAD) + _guides(pair.ref, one, other)
        for job, twin in pair.jobs:
            told += _fields(pair.ref, job.id, job, twin, _JOB) if job and twin else []
        found["fields"] += told
        if isinstance(self.a, TaskManifest):
            found["labels"] += self._labels(pair.ref, one, other)
        change = _task_change(pair, _frames(one.data, other.data, self.get))
        change["fields"] = len(told)
        return change

    def _labels(self, task: TaskRef | None, one: Subject, other: Subject) -> list[LabelChange]:
        same = one.uuid == other.uuid
        before, after = list(paths(one.labels)), list(paths(other.labels))
        found: list[LabelChange] = []
        pairs = _paired(before, after, lambda item: item[1].id if same else item[0], lambda item: item[0])
        for old, new in pairs:
            changes = _label_changes(old[1] if old else None, new[1] if new else None)
            if changes:
                path = (old or new)[0]  # type: ignore[index]
                renamed = new[0] if old and new and old[0] != new[0] else None
                found.append({"task": task, "label": path, "changes": changes, "renamed_to": renamed})
        return found

    # ---- objects ----

    def _differences(self, pair: TaskPair) -> Iterator[tuple[tuple[JobRecord, Difference], tuple[Names, Names], str]]:
        one, other = pair.before, pair.after
        if one is None or other is None:
            return
        names, theirs = names_of(self.a, one), names_of(self.b, other)
        translate = None
        if one.uuid != other.uuid:
            theirs, translate = translated(names, theirs)
        shown = names_of(self.b, other).shown
        spatial = one.data is not None and one.data.dimension == "3d"
        for job, twin in pair.jobs:
            if job is None or twin is None:
                continue
            if translate is None and job.document == twin.document and names.shown == shown:
                continue
            left = Side(read_index(job.document, self.get), self.get, names.shown)
            right = Side(read_index(twin.document, self.get), self.get, shown, translate)
            match = self.options.match if job.uuid == twin.uuid else "overlap"
            for item in differences(left, right, match=match, spatial=spatial, spool_dir=self.options.spool_dir):
                if self._is_wanted(item):
                    label = theirs.label(item.after) if item.after else names.label(item.before)  # type: ignore[arg-type]
                    yield (job, item), (names, theirs), label

    def _is_wanted(self, item: Difference) -> bool:
        return self.options.frame is None or self.options.frame in item.frames


def _as_task(subject: Subject) -> TaskManifest:
    assert isinstance(subject, TaskManifest)
    return subject


def _hidden(subject: Subject) -> set[str]:
    return {path for path, _, shown in paths(subject.labels) if not shown}


def _look_of_task(task: TaskManifest) -> Hashable:
    return task.name, task.data.frames if task.data else ""


def _look_of_job(job: JobRecord) -> Hashable:
    return job.type, job.start_frame, job.stop_frame


def _paired(
    before: Sequence[T], after: Sequence[T], identity: Callable[[T], Hashable], look: Callable[[T], Hashable]
) -> list[tuple[T | None, T | None]]:
    """The same on both sides: by identity, and what is left by its look, in order; those of one side last."""
    partner: dict[int, int] = {}
    for of in (identity, look):
        taken = set(partner.values())
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for j in reversed([j for j in range(len(after)) if j not in taken]):
            waiting[of(after[j])].append(j)
        for i in range(len(before)):
            if i not in partner and waiting.get(of(before[i])):
                partner[i] = waiting[of(before[i])].pop()
    new = set(range(len(after))) - set(partner.values())
    old: list[tuple[T | None, T | None]] = [
        (item, after[partner[i]] if i in partner else None) for i, item in enumerate(before)
    ]
    return old + [(None, after[j]) for j in sorted(new)]


def _fields(task: TaskRef | None, job: int | None, one: Any, other: Any, names: Iterable[str]) -> list[FieldChange]:
    return [
        {"task": task, "job": job, "field": name, "before": getattr(one, name), "after": getattr(other, name)}
        for name in names
        if getattr(one, name, None) != getattr(other, name, None)
    ]


def _guides(task: TaskRef | None, one: Subject, other: Subject) -> list[FieldChange]:
    before, after = (side.guide.markdown if side.guide else None for side in (one, other))
    return [{"task": task, "job": None, "field": "guide", "before": before, "after": after}] if before != after else []


def _label_changes(one: LabelRecord | None, other: LabelRecord | None) -> list[str]:
    """How a label changed: `added` and `removed` are told of what is shown, for a deleted one is kept to be undone."""
    if one is None or one.deleted_at:
        return ["added"] if other and not other.deleted_at else []
    if other is None or other.deleted_at:
        return ["removed"]
    return [name for name in _LABEL if _comparable(one, name) != _comparable(other, name)]


def _comparable(label: LabelRecord, name: str) -> Any:
    if name != "attributes":
        return getattr(label, name)
    return [(item.name, item.mutable, item.input_type, item.default_value, item.values) for item in label.attributes]


def _whole(pair: TaskPair, task: TaskManifest, names: Names) -> TaskChange:
    """A task that came or went."""
    change = "removed" if pair.before else "added"
    counts: Counter[str] = Counter()
    for job in task.jobs:
        for key, kinds in job.counts.items():
            counts.update(kinds if int(key) in names.shown else {})
    return {
        "task": pair.ref,
        "change": change,
        "frames": {change: task.data.size if task.data else 0},
        "deleted_frames": [],
        "restored_frames": [],
        "jobs": {change: len(task.jobs)},
        "objects": dict(counts),
        "fields": 0,
    }


def _task_change(pair: TaskPair, frames: dict[str, int]) -> TaskChange:
    one, other = pair.before, pair.after
    before, after = (set(task.data.deleted_frames) if task and task.data else set() for task in (one, other))
    both = [(job, twin) for job, twin in pair.jobs if job and twin]
    jobs = {
        "added": sum(job is None for job, _ in pair.jobs),
        "removed": sum(twin is None for _, twin in pair.jobs),
        "changed": sum(job.document != twin.document for job, twin in both),
    }
    deleted, restored = sorted(after - before), sorted(before - after)
    return {
        "task": pair.ref,
        "change": "changed",
        "frames": {**frames, "deleted": len(deleted), "restored": len(restored)},
        "deleted_frames": deleted[:_TOLD],
        "restored_frames": restored[:_TOLD],
        "jobs": jobs,
        "objects": {},
        "fields": 0,
    }


def _any(change: TaskChange) -> bool:
    return bool(change["fields"]) or any(change["frames"].values()) or any(change["jobs"].values())


def _frames(one: DataRecord | None, other: DataRecord | None, get: Get) -> dict[str, int]:
    """How many frames came, went, or show something else."""
    if one is None or other is None:
        return {"added": other.size if other else 0, "removed": one.size if one else 0, "changed": 0}
    changed = 0
    if one.frames != other.frames:
        before, after = (documents.read_index(side.frames, get) for side in (one, other))
        if before.video or after.video:
            changed = 0 if before.pages == after.pages else min(before.count, after.count)
        else:
            pairs = zip(documents.read_frames(before, get), documents.read_frames(after, get), strict=False)
            changed = sum(a.blob != b.blob for a, b in pairs)
    return {"added": max(0, other.size - one.size), "removed": max(0, one.size - other.size), "changed": changed}
