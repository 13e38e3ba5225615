"""What lies in the live store, and whose it is: the report for admins, and what one backup alone keeps there.

Bytes are as stored. Sums over the catalog are quick; who shares what with whom is worked out by following everything
that projects and backups name, which is why it is only done when asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.media import space, vault
from labelkeep.media.models import StoredObject, UploadChunk
from labelkeep.projects.models import Asset, Job, Project, Revision, Task
from labelkeep.snapshots import needed
from labelkeep.snapshots.backup_queries import get_backup
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.prune import prune
from labelkeep.store.needed import Needed
from labelkeep.store.usage import Share, Usage

_BATCH = 500


def report(actor: Actor, *, reclaimable: bool = False, projects: bool = False) -> dict[str, Any]:
    """What the store holds. `reclaimable`: how much of it nothing needs. `projects`: whose it is.

    Raises:
        Forbidden: the actor is no admin.
    """
    require(actor, "server:administer", Subject())
    told: dict[str, Any] = {
        "store": _amount(StoredObject.objects.all()),
        "blobs": _amount(StoredObject.objects.filter(kind=StoredObject.Kind.BLOB)),
        "documents": _amount(StoredObject.objects.filter(kind=StoredObject.Kind.DOCUMENT)),
        "condemned": _amount(StoredObject.objects.exclude(condemned_at=None)),
        "faulty": _amount(StoredObject.objects.exclude(fault="")),
        "uploads": _sum(UploadChunk.objects.aggregate(count=Count("pk"), bytes=Sum("size"))),
        "backups": _sum(Backup.objects.aggregate(count=Count("pk"), bytes=Sum("logical_size"))),
        "disk": asdict(space.room()),
        "reclaimable": None,
        "projects": None,
    }
    if reclaimable:
        dry = prune(now=clock.now(), dry_run=True)
        told["reclaimable"] = {"count": dry.unneeded, "bytes": dry.unneeded_bytes}
    if projects:
        told["projects"] = _by_owner()
    return told


def reclaimable_of(actor: Actor, id: UUID) -> dict[str, int]:
    """What of a backup nothing else needs: what goes when it is forgotten and the store pruned.

    Raises:
        NotFound, Forbidden: as `get_backup`.
    """
    backup, live = get_backup(actor, id), vault.live()
    own, others = Needed(), Needed()
    try:
        needed.work_out(live, others, without=backup)
        own.follow([backup.manifest])
        needed.follow_all(live, own)
        return _outside(own.names(), others)
    finally:
        own.close()
        others.close()


def _amount(rows: Any) -> dict[str, int]:
    return _sum(rows.aggregate(count=Count("pk"), bytes=Sum("stored_size")))


def _sum(row: dict[str, Any]) -> dict[str, int]:
    return {"count": row["count"], "bytes": int(row["bytes"] or 0)}


def _outside(names: Iterator[str], others: Needed) -> dict[str, int]:
    count = size = 0
    while batch := list(islice(names, _BATCH)):
        sizes = _sizes(sorted(set(batch) - others.holding(batch)))
        count, size = count + len(sizes), size + sum(sizes.values())
    return {"count": count, "bytes": size}


@dataclass(frozen=True)
class _Owner:
    """A project, a task that is in none, or what is left of one of them: its backups."""

    kind: str
    id: int | None
    name: str
    seeds: list[str]


def _by_owner() -> list[dict[str, Any]]:
    live, usage, owners = vault.live(), Usage(), list(_owners())
    try:
        for number, owner in enumerate(owners):
            names = Needed()
            names.follow(owner.seeds)
            needed.follow_all(live, names)
            usage.add(number, names.names())
            names.close()
        shares = usage.shares(_sizes)
    finally:
        usage.close()
    told = [
        {"kind": owner.kind, "id": owner.id, "name": owner.name, **asdict(shares.get(number, Share()))}
        for number, owner in enumerate(owners)
    ]
    return sorted(told, key=lambda row: -row["bytes"])


def _owners() -> Iterator[_Owner]:
    seen: set[UUID] = set()
    for project in Project.objects.order_by("pk"):
        tasks = Task.objects.filter(project=project)
        uuids = {project.uuid, *tasks.values_list("uuid", flat=True)}
        seen |= uuids
        yield _Owner("project", project.pk, project.name, _seeds(tasks, Q(guide__project=project), uuids))
    for task in Task.objects.filter(project=None).order_by("pk"):
        seen.add(task.uuid)
        yield _Owner("task", task.pk, task.name, _seeds(Task.objects.filter(pk=task.pk), Q(pk=None), {task.uuid}))
    left = Backup.objects.exclude(source_uuid__in=seen).exclude(project_uuid__in=seen)
    for uuid, kind in left.order_by("source_uuid").values_list("source_uuid", "kind").distinct():
        backups = left.filter(source_uuid=uuid).order_by("-created_date")
        yield _Owner(kind, None, backups[0].source_name, list(backups.values_list("manifest", flat=True)))


def _seeds(tasks: QuerySet[Task], guide: Q, uuids: set[UUID]) -> list[str]:
    """What the rows of these tasks name, and their backups."""
    found: set[str] = set()
    for pair in tasks.values_list("sources_document", "frames_document"):
        found |= set(pair)
    found |= set(Job.objects.filter(task__in=tasks).values_list("document", flat=True))
    found |= set(Revision.objects.filter(job__task__in=tasks).values_list("document", flat=True))
    found |= set(Asset.objects.filter(guide | Q(guide__task__in=tasks)).values_list("blob", flat=True))
    backups = Backup.objects.filter(Q(source_uuid__in=uuids) | Q(project_uuid__in=uuids))
    return sorted((found | set(backups.values_list("manifest", flat=True))) - {""})


def _sizes(names: list[str]) -> dict[str, int]:
    return dict(StoredObject.objects.filter(name__in=names).values_list("name", "stored_size"))
