"""The versions of one object that backups hold: of the job itself, and of what it was restored from.

Revisions say who changed an object (projects/saved/versions.py); a restored copy has none of its original. Its objects
keep their numbers and their job its place, so the backups of the origin tell what they were, if not who did it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from labelkeep.accounts.actor import Actor
from labelkeep.annotations.model import Kind, Object
from labelkeep.media import vault
from labelkeep.projects.models import Job, Task
from labelkeep.projects.saved.versions import Documents
from labelkeep.snapshots import codec
from labelkeep.snapshots.backup_queries import visible_backups
from labelkeep.snapshots.manifest import JobRecord, ProjectManifest, TaskManifest
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.records import archive_order
from labelkeep.snapshots.rows import Row

_GENERATIONS = 10  # restored from what was restored from …


@dataclass
class Past:
    """An object of the origin, as these backups have it; `item` None: it was not there any more."""

    kind: Kind
    item: Object | None
    date: datetime  # of the first of the backups
    backups: list[UUID] = field(default_factory=list)


def backups_of(actor: Actor, job: Job) -> list[tuple[int, UUID]]:
    """The backups that hold a job, the first one first, each with the revision that it has."""
    task = job.task
    uuids = [str(task.uuid), *([str(task.project.uuid)] if task.project else [])]
    records = _Records(actor, str(task.uuid), uuids)
    return [(record.revision, backup.pk) for backup, jobs in records for record in jobs if record.uuid == str(job.uuid)]


def before_restore(actor: Actor, job: Job, number: int) -> list[Past]:
    """What the object with this number was in the origin of a restored job, the first one first."""
    found: list[Past] = []
    place = _place(job)
    for task, project in _origins(job.task):
        documents, older = Documents([number]), list[Past]()
        for backup, jobs in _Records(actor, task, [task, *([project] if project else [])]):
            if place < len(jobs) and _is_like(jobs[place], job):
                _add(older, documents.at(jobs[place].document).get(number), backup)
        found = older + found
    return found


def _add(found: list[Past], standing: tuple[Kind, Object] | None, backup: Backup) -> None:
    if not found and standing is None:
        return
    kind, item = standing or (found[-1].kind, None)
    if not found or found[-1].item != item:
        found.append(Past(kind, item, backup.created_date))
    found[-1].backups.append(backup.pk)


class _Records:
    """The jobs of one task in all backups that somebody may see. Manifests that several backups share are read once."""

    def __init__(self, actor: Actor, task: str, sources: list[str]) -> None:
        self._backups = visible_backups(actor).filter(source_uuid__in=sources, state=Backup.State.COMPLETE)
        self._task = task
        self._known: dict[str, list[JobRecord] | None] = {}

    def __iter__(self) -> Iterator[tuple[Backup, list[JobRecord]]]:
        for backup in self._backups.order_by("created_date", "id"):
            for name in self._tasks(backup):
                if name not in self._known:
                    self._known[name] = self._jobs(name)
                if jobs := self._known[name]:
                    yield backup, jobs

    def _tasks(self, backup: Backup) -> list[str]:
        if backup.kind == Backup.Kind.TASK:
            return [backup.manifest]
        subject = codec.read_subject(backup.manifest, vault.live().get_document)
        return subject.tasks if isinstance(subject, ProjectManifest) else []

    def _jobs(self, name: str) -> list[JobRecord] | None:
        task = codec.decode(vault.live().get_document(name), TaskManifest)
        return task.jobs if task.uuid == self._task else None


def _origins(task: Task | None) -> Iterator[tuple[str, str]]:
    """Of which task and project a task is a restored copy, and those of what, as far as they are known here."""
    for _ in range(_GENERATIONS):
        if task is None or not task.origin.get("backup"):
            return
        origin = task.origin["uuid"]
        yield origin, task.project.origin.get("uuid", "") if task.project else ""
        task = Task.objects.select_related("project").filter(uuid=origin).first()


def _place(job: Job) -> int:
    rows: list[Row] = [dict(row) for row in Job.objects.filter(task=job.task_id).values("id", "type", "parent_id")]
    rows = archive_order(rows)
    return [row["id"] for row in rows].index(job.pk)


def _is_like(record: JobRecord, job: Job) -> bool:
    return (record.type, record.start_frame, record.stop_frame) == (job.type, job.start_frame, job.stop_frame)
