"""What labels lost since the backup before. Objects are drawn slowly and removed quickly: a label that suddenly has few
left was more likely emptied by mistake than on purpose, and then the backup before is the one that will be wanted.

Only task manifests that differ are read; the others only where a label looks as if it had lost much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import structlog

from labelkeep.errors import BadInput, StoreError
from labelkeep.snapshots import codec
from labelkeep.snapshots.accept.labels import flat
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import ProjectManifest, TaskManifest
from labelkeep.snapshots.models import Backup

LEAST = 20  # objects before: of a few, many are soon gone
MOST = (4, 5)  # the share that has to be gone: four of five

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Loss:
    """A label, and how many objects it had and has."""

    label: str
    before: int
    after: int


@dataclass(frozen=True)
class Shrinkage:
    """The backup before, and the labels that lost most of their objects since."""

    previous: UUID
    losses: tuple[Loss, ...]


def since_last(name: str, subject: Subject, get: Get) -> Shrinkage | None:
    """What was lost since the newest complete backup of the same source; None where it is nothing to speak of.

    Where that backup cannot be read, nothing is said: the new one must not fail for it, and a check will tell.
    """
    made = Backup.objects.filter(source_uuid=subject.uuid, state=Backup.State.COMPLETE)
    previous = made.order_by("-created_date").first()
    if previous is None or previous.manifest == name:
        return None
    try:
        losses = compare(codec.read_subject(previous.manifest, get), subject, get)
    except (StoreError, BadInput) as error:
        log.warning("shrinkage.unknown", backup=str(previous.pk), error=str(error))
        return None
    return Shrinkage(previous.pk, tuple(losses)) if losses else None


def compare(before: Subject, after: Subject, get: Get) -> list[Loss]:
    """The labels of `before` that lost most of their objects, the greatest loss first."""
    living, still = _living(before), _living(after)
    same = _names(before) & _names(after)
    had, has = _counts(_tasks(before, same, get)), _counts(_tasks(after, same, get))
    suspects = [id for id in living if id not in still or _is_lost(had[id], has[id])]
    if not suspects:
        return []
    shared = _counts(codec.decode(get(name), TaskManifest) for name in sorted(same))
    found = [
        Loss(living[id], had[id] + shared[id], has[id] + shared[id] if id in still else 0) for id in sorted(suspects)
    ]
    lost = [loss for loss in found if loss.before >= LEAST and _is_lost(loss.before, loss.after)]
    return sorted(lost, key=lambda loss: loss.after - loss.before)


def _is_lost(before: int, after: int) -> bool:
    return before > 0 and (before - after) * MOST[1] >= before * MOST[0]


def _living(subject: Subject) -> dict[int, str]:
    """Labels that are not deleted: the objects of others are in documents, but nobody sees them."""
    return {label.id: label.name for label in flat(subject.labels) if not label.deleted_at}


def _names(subject: Subject) -> set[str]:
    return set(subject.tasks) if isinstance(subject, ProjectManifest) else set()


def _tasks(subject: Subject, but: set[str], get: Get) -> Iterable[TaskManifest]:
    if isinstance(subject, TaskManifest):
        return [subject]
    return (codec.decode(get(name), TaskManifest) for name in subject.tasks if name not in but)


def _counts(tasks: Iterable[TaskManifest]) -> Counter[int]:
    """Objects by label id."""
    counts: Counter[int] = Counter()
    for task in tasks:
        ids = {str(key): id for id, key in task.label_keys.labels.items()}
        for job in task.jobs:
            for key, kinds in job.counts.items():
                if key in ids:
                    counts[ids[key]] += sum(kinds.values())
    return counts
