"""Which backups there are for whom. They outlive what they are backups of, and so do the rights to them.

While the project or task lives, its people have the rights, wherever it was transferred meanwhile. When a task is gone,
the people of its project; when that is gone too, those whose it was last: its owner then, and the organization's
(heirs.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require, require_member
from labelkeep.accounts.visibility import Lookups, where
from labelkeep.errors import NotFound
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.snapshots.models import Backup

_HOME = Lookups("organization", owner=("owner",), assignee=("assignee",))
_GONE = Lookups("organization_id", owner=("source_owner",))


def visible_backups(actor: Actor) -> QuerySet[Backup]:
    """The backups that the actor may see, in the organization that the request names. `is_source_gone` says of each
    whether its project or task is there no more.

    Raises:
        Forbidden: the organization is not his.
    """
    require_member(actor)
    backups = Backup.objects.annotate(is_source_gone=_is_gone(), is_project_gone=_is_project_gone())
    if not actor.is_anywhere:
        organization = actor.organization_id
        backups = backups.filter(_of(Q(organization=organization), Q(organization_id=organization)))
    return backups if actor.is_admin else backups.filter(_mine(actor))


def whose_source_is_gone(backups: QuerySet[Backup], gone: bool) -> QuerySet[Backup]:
    """Those whose project or task is there no more, or those where it is."""
    return backups.filter(_is_gone() if gone else ~_is_gone())


def _is_gone() -> Q:
    projects = Project.objects.filter(uuid=OuterRef("source_uuid"))
    tasks = Task.objects.filter(uuid=OuterRef("source_uuid"))
    return ~(Exists(projects) | Exists(tasks))


def _is_project_gone() -> Q:
    return ~Q(Exists(Project.objects.filter(uuid=OuterRef("project_uuid"))))


def _mine(actor: Actor) -> Q:
    return _of(where(actor, "backup:view", _HOME), where(actor, "backup:view", _GONE))


def _of(homes: Q, gone: Q) -> Q:
    """Backups of what lives in `homes`, a condition on projects and on tasks that stand alone; and of what is gone for
    good, those that meet `gone`."""
    survived = Q(is_source_gone=True) & Q(project_uuid__in=Project.objects.filter(homes).values("uuid"))
    return _living(homes) | survived | (Q(is_source_gone=True, is_project_gone=True) & gone)


def _living(homes: Q) -> Q:
    """Rows whose `source_uuid` is that of something living in `homes`."""
    projects = Project.objects.filter(homes).values("uuid")
    alone = Task.objects.filter(homes, project=None).values("uuid")
    within = Task.objects.filter(project__uuid__in=projects).values("uuid")
    return Q(source_uuid__in=projects) | Q(source_uuid__in=alone) | Q(source_uuid__in=within)


def visible_sources(actor: Actor) -> Q:
    """Rows whose `source_uuid` is that of something living whose backups the actor may see, in the organization that
    the request names."""
    here = Q() if actor.is_anywhere else Q(organization=actor.organization_id)
    return _living(here & where(actor, "backup:view", _HOME))


def get_backup(actor: Actor, id: UUID, action: str = "backup:view") -> Backup:
    """A backup, when the actor may do `action` to it.

    Raises:
        NotFound: there is none. Forbidden: the actor may not.
    """
    backup = Backup.objects.select_related("owner").filter(pk=id).first()
    if backup is None:
        raise NotFound("No Backup matches the given query.")
    require(actor, action, subject_of_backup(backup))
    return backup


def source_of(backup: Backup) -> Project | Task | None:
    """The project or task that it is a backup of, where that still lives."""
    if backup.kind == Backup.Kind.PROJECT:
        return Project.objects.filter(uuid=backup.source_uuid).first()
    return Task.objects.select_related("project").filter(uuid=backup.source_uuid).first()


def subject_of_backup(backup: Backup) -> Subject:
    """Whose it is."""
    source = source_of(backup) or Project.objects.filter(uuid__in=[backup.project_uuid]).first()
    if source is not None:
        return subject_of_backups(source)
    return Subject(organization_id=backup.organization_id, owner=backup.source_owner_id)


COLUMNS = (
    *("id", "kind", "state", "trigger", "source_uuid", "source_id", "source_name", "project_uuid", "organization_id"),
    *("lightweight", "created_date", "counts", "logical_size", "new_bytes", "findings", "media", "note", "pinned"),
    *("protected", "slot", "checked_date", "read_date", "owner__id", "owner__username", "owner__first_name"),
    "owner__last_name",
)


def backup_rows(backups: QuerySet[Backup]) -> list[dict[str, Any]]:
    """COLUMNS of each, with `live_id`: the id that its project or task has now, or None. Three statements."""
    rows: list[dict[str, Any]] = list(backups.values(*COLUMNS))
    living = living_ids({row["source_uuid"] for row in rows})
    for row in rows:
        row["live_id"] = living.get(row["source_uuid"])
    return rows


def living_ids(uuids: Iterable[UUID]) -> dict[UUID, int]:
    """The ids that those of these projects and tasks have that are still there. Two statements."""
    return _ids(Project, uuids) | _ids(Task, uuids)


def _ids(model: type[Project] | type[Task], uuids: Iterable[UUID]) -> dict[UUID, int]:
    return dict(model._default_manager.filter(uuid__in=list(uuids)).values_list("uuid", "pk"))
