"""Capture: a project or task, as it is at one moment, becomes a backup.

Small edits are folded into documents first, all rows are read in one transaction, and only then are manifests written:
documents, then the root under `manifests/`, then the row (invariant 1). An unchanged task has the same manifest bytes
as before, so it costs nothing. Whatever could not be restored is refused here, by name (invariant 3).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.annotations import deltas, document
from labelkeep.errors import NotFound, Unavailable
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.snapshots import codec, named, records, rows, shrinkage
from labelkeep.snapshots.codec import Subject
from labelkeep.snapshots.contents import contents_of
from labelkeep.snapshots.manifest import FORMAT, Root
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.rows import Kind, Rows
from labelkeep.store import Store, name_of


@dataclass(frozen=True)
class Frozen:
    """A written subject manifest: its name, itself, and what it counts."""

    name: str
    subject: Subject
    rows: Rows
    counts: dict[str, int]
    logical_size: int
    new_bytes: int
    media: dict[str, dict[str, int]] = field(default_factory=dict)  # see Backup.media


@dataclass(frozen=True)
class Reason:
    """Why a backup is made, as its row says it. `actor` None: the server's own schedule."""

    actor: Actor | None
    trigger: Backup.Trigger = Backup.Trigger.MANUAL
    note: str = ""
    slot: datetime | None = None
    protected: str = ""
    lightweight: bool = False


def capture(*, actor: Actor, kind: Kind, id: int, now: datetime, lightweight: bool = False) -> Backup:
    """Back up a project or task; the backup is complete when this returns. Raises as `freeze`."""
    frozen = freeze(actor=actor, kind=kind, id=id)
    backup = keep(frozen, Reason(actor, lightweight=lightweight), now=now)
    with transaction.atomic():
        backup.save(force_insert=True)
    return backup


def freeze(*, actor: Actor | None, kind: Kind, id: int) -> Frozen:
    """Write the manifest of a project or task as it is at this moment, and prove that all it names is there.

    Without an actor it is the server's own schedule that asks: whoever set that was allowed to.

    Raises:
        Forbidden: the actor may not. NotFound: it is not there.
        Refused: something that it needs is missing from the store; the findings name file and task.
    """
    target = _target(kind, id)
    if actor is not None:
        require(actor, "backup:make", subject_of_backups(target))
    frozen = _write(kind, id, vault.live())
    named.prove(frozen.name, frozen.subject, vault.live())
    return frozen


def keep(frozen: Frozen, reason: Reason, *, now: datetime) -> Backup:
    """Put the root of a backup under `manifests/`. The row that is returned is for the caller to save, last of all."""
    store = vault.live()
    root = _root(frozen, store.server, now)
    store.put_manifest(codec.encode(root), group=root.subject_uuid, created=now, backup=root.backup)
    backup = _row(frozen, root, reason, now)
    backup.shrinkage = shrinkage.since_last(frozen.name, frozen.subject, store.get_document)
    return backup


def _write(kind: Kind, id: int, store: Store) -> Frozen:
    _fold(kind, id)
    moment = rows.read(kind, id)
    writer = _Writer(store)
    folded = _fold_rest(moment, writer)
    crcs = _crcs(moment)
    tasks = [records.of_task(moment, row, crcs, folded) for row in moment.tasks]
    names = writer.put([codec.encode(task) for task in tasks])
    subject: Subject = tasks[0] if kind == "task" else records.of_project(moment, names, crcs)
    name = names[0] if kind == "task" else writer.put_one(codec.encode(subject))
    found = contents_of(subject, tasks, store.get_document)
    files = found.counts.get("files", 0) + found.counts.get("assets", 0)
    media = {"included": {"count": files, "bytes": found.size}}
    return Frozen(name, subject, moment, found.counts, found.size + writer.written, writer.new, media)


class _Writer:
    """Puts documents together, so that new ones lie together too, and counts bytes, the new ones apart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.written = self.new = 0

    def put(self, documents: Sequence[bytes]) -> list[str]:
        """Keep documents; durable when their names return. Known ones cost one look at the catalog for all."""
        names = [name_of(data) for data in documents]
        known = self._store.catalog.rescue(set(names))
        fresh = {name: data for name, data in zip(names, documents, strict=True) if name not in known}
        if len(fresh) == 1:
            self._store.put_document(*fresh.values())
        elif fresh:
            with self._store.ingest() as ingest:
                for data in fresh.values():
                    ingest.put_document(data)
        self.written += sum(map(len, documents))
        self.new += sum(map(len, fresh.values()))
        return names

    def put_one(self, data: bytes) -> str:
        """Keep a document."""
        return self.put([data])[0]


def _target(kind: Kind, id: int) -> Project | Task:
    found = (
        Project.objects.filter(pk=id).first()
        if kind == "project"
        else Task.objects.select_related("project").filter(pk=id).first()
    )
    if found is None:
        raise NotFound(f"The {kind} was deleted before its backup was made")
    return found


def _fold(kind: Kind, id: int) -> None:
    """Fold small edits into documents, so that the next backup finds them there. Annotators go on meanwhile."""
    jobs = Job.objects.filter(**{"task__project_id" if kind == "project" else "task_id": id}, delta_bytes__gt=0)
    with suppress(Unavailable, NotFound):  # the capture itself folds what is still changing, and sees what is gone
        saved.fold(list(jobs.values_list("id", flat=True)))


def _fold_rest(moment: Rows, writer: _Writer) -> dict[int, str]:
    """Documents of jobs that were edited again between folding and reading: made for this backup alone."""
    get, found = vault.live().get_document, {}
    for jobs in moment.jobs.values():
        for job in jobs:
            if edits := moment.deltas.get(job["id"]):
                change = deltas.combine(bytes(edit["payload"]) for edit in edits)
                index = document.read_index(job["document"], get)
                found[job["id"]] = document.edit(index, change, get, writer.put_one).name
    return found


def _crcs(moment: Rows) -> dict[str, int]:
    blobs = {asset["blob"] for assets in moment.assets.values() for asset in assets}
    return dict(StoredObject.objects.filter(name__in=blobs).values_list("name", "crc32")) if blobs else {}


def _root(frozen: Frozen, server: str, now: datetime) -> Root:
    return Root(
        format=FORMAT,
        backup=str(uuid.uuid4()),
        server=server,
        created_date=records.moment(now),
        subject=frozen.name,
        subject_kind=frozen.subject.kind,
        subject_uuid=frozen.subject.uuid,
        name=frozen.subject.name,
        counts=frozen.counts,
        logical_size=frozen.logical_size,
        left_out=_left_out(frozen.subject),
    )


def _left_out(subject: Subject) -> list[str]:
    """What belongs to the project and cannot be in any backup."""
    storages = [subject.source_storage, subject.target_storage]
    if any(storage and storage.get("location") == "cloud_storage" for storage in storages):
        return ["cloud storages: they hold credentials, and credentials are never in a backup"]
    return []


def _row(frozen: Frozen, root: Root, reason: Reason, now: datetime) -> Backup:
    row, project = frozen.rows.subject, _project_of(frozen.rows.subject)
    return Backup(
        id=uuid.UUID(root.backup),
        kind=root.subject_kind,
        state=Backup.State.COMPLETE,
        trigger=reason.trigger,
        manifest=root.subject,
        source_uuid=uuid.UUID(root.subject_uuid),
        source_id=row["id"],
        source_name=root.name,
        project_uuid=project.uuid if project else None,
        organization_id=row["organization_id"],
        owner=reason.actor.user if reason.actor else None,
        source_owner_id=project.owner_id if project else row["owner_id"],
        lightweight=reason.lightweight,
        created_date=now,
        checked_date=now,  # `freeze` has just proved that all is there
        counts=root.counts,
        media=frozen.media,
        logical_size=root.logical_size,
        new_bytes=frozen.new_bytes,
        note=reason.note,
        slot=reason.slot,
        protected=reason.protected,
    )


def _project_of(row: dict[str, Any]) -> Project | None:
    """The project that a task is in: its backups are for the people of that."""
    return Project.objects.filter(pk=row["project_id"]).first() if row.get("project_id") else None


def present(kind: Kind, id: int) -> str:
    """The name of the manifest of a project or task as it is now: something to compare with, which is no backup.

    Raises:
        NotFound: it is not there.
    """
    _target(kind, id)
    return _write(kind, id, vault.live()).name
