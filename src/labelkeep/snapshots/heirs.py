"""Whose backups are when what they are backups of goes: its last owner's, and its last organization's.

A backup knows whose its project was when it was made. Since then the project may have been given to somebody else, and
who gave it away must not get it back by its deletion. So whoever has it last is noted when it goes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization
from labelkeep.projects.hooks import Kind
from labelkeep.projects.models import Project, Task
from labelkeep.snapshots.models import Backup


def note_heirs(*, kind: Kind, id: int, actor: Actor, now: datetime) -> None:
    """Before a project or task is removed: note whose it is, in its backups and in those of its tasks."""
    if kind == "project":
        project = Project.objects.get(pk=id)
        _note(Q(source_uuid=project.uuid), project)
        _note(Q(source_uuid__in=project.tasks.values("uuid")) | Q(project_uuid=project.uuid), project, within=project)
    else:
        task = Task.objects.select_related("project").get(pk=id)
        _note(Q(source_uuid=task.uuid), task.project or task, within=task.project)


def leave_organization(*, instance: Organization, **signal: Any) -> None:
    """Before an organization is removed, and its projects with it: their backups are their owners' alone."""
    Backup.objects.filter(organization_id=instance.pk).update(organization_id=None)


def _note(condition: Q, home: Project | Task, within: Project | None = None) -> None:
    Backup.objects.filter(condition).update(
        source_owner=home.owner_id,
        organization_id=home.organization_id,
        project_uuid=within.uuid if within else None,
    )
