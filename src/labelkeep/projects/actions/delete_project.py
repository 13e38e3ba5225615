"""Delete a project with its tasks, jobs and labels."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import hooks
from labelkeep.projects.models import Project
from labelkeep.projects.queries.subjects import subject_of


def delete_project(*, actor: Actor, now: datetime, project: Project) -> None:
    """Remove the rows; blobs and documents stay in the store for the backups that need them, until prune.

    Raises:
        Forbidden: the actor may not delete it.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    require(actor, "project:delete", subject_of(project))
    with transaction.atomic():
        hooks.announce_removal(kind="project", id=project.pk, actor=actor, now=now)
        project.delete()
