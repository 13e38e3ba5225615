"""What a manifest holds, in numbers: counted when it is captured, when a restore is planned, and when it is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from labelkeep.media import documents
from labelkeep.snapshots.accept.labels import flat
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import LabelKeys, LabelRecord, ProjectManifest, TaskManifest

Counts = dict[str, int]


@dataclass
class Contents:
    """`counts` of tasks, jobs, frames, files, assets, issues and of each kind of objects; objects by the name of their
    label; counts and bytes of media by the id that each task has in the manifest; and all bytes of media."""

    counts: Counts = field(default_factory=dict)
    labels: dict[str, Counts] = field(default_factory=dict)
    tasks: dict[int, Counts] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    size: int = 0


def contents_of(subject: Subject, tasks: Iterable[TaskManifest], get: Get) -> Contents:
    """Count a project or task. Objects of deleted labels are in documents, but nobody sees them: they do not count."""
    found, total = Contents(size=_assets_size(subject)), Counter[str]()
    assets = _assets(subject)
    for task in tasks:
        shown = _shown(subject, task)
        counts = _of_task(task, shown.keys(), get, found)
        found.tasks[task.id] = dict(sorted(counts.items()))
        total.update(counts)
        _by_label(task, shown, found.labels)
        if task is not subject:
            found.size += _assets_size(task)
            assets += _assets(task)
    if assets:
        total["assets"] = assets
    found.counts = dict(sorted(total.items()))
    return found


def _of_task(task: TaskManifest, shown: Iterable[str], get: Get, found: Contents) -> Counter[str]:
    counts = Counter[str]({"tasks": 1, "jobs": len(task.jobs)})
    for job in task.jobs:
        counts["issues"] += len(job.issues)
        for key in job.counts.keys() & set(shown):
            counts.update(job.counts[key])
    if task.data is not None:
        index = documents.read_index(task.data.sources, get)
        counts["frames"] += task.data.size
        counts["files"] += index.count
        found.sizes[task.id] = index.size
        found.size += index.size
    return counts


def _by_label(task: TaskManifest, shown: dict[str, str], labels: dict[str, Counts]) -> None:
    for job in task.jobs:
        for key in sorted(job.counts.keys() & shown.keys()):
            there = labels.setdefault(shown[key], {})
            for kind, count in job.counts[key].items():
                there[kind] = there.get(kind, 0) + count


def _shown(subject: Subject, task: TaskManifest) -> dict[str, str]:
    """The keys of labels that are not deleted, with their names."""
    return living(subject.labels if isinstance(subject, ProjectManifest) else task.labels, task.label_keys)


def living(labels: Iterable[LabelRecord], keys: LabelKeys) -> dict[str, str]:
    """The keys of those labels that are not deleted, as counts have them, with their names."""
    names = {label.id: label.name for label in flat(labels) if not label.deleted_at}
    return {str(key): names[id] for id, key in keys.labels.items() if id in names}


def _assets(subject: Subject) -> int:
    return len(subject.guide.assets) if subject.guide else 0


def _assets_size(subject: Subject) -> int:
    return sum(asset.size for asset in subject.guide.assets) if subject.guide else 0
