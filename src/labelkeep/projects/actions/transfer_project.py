"""Give a project to another organization."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.projects import fields, transfers
from labelkeep.projects.holding import hold_project
from labelkeep.projects.models import Project


def transfer_project(*, actor: Actor, now: datetime, project: Project, organization_id: int | None) -> Project:
    """Put `project` with all that is in it into an organization, or into its owner's sandbox (None).

    Its owner stays; nobody is assigned to it, its tasks and jobs any more. Its backups follow it.

    Raises:
        Forbidden: the actor may not take it away, or not make projects where it goes.
        BadInput: there is no such organization.
        Conflict: background work on it is under way.
    """
    organization = fields.organization("organization_id", organization_id)
    transfers.permit(actor, project, organization_id)
    with transaction.atomic():
        hold_project(project.pk)
        transfers.refuse_while_busy(project)
        fields.change(project, {"organization": organization})
        transfers.tasks_of(project).update(organization=organization)
        transfers.reset_assignees(project, now)
    project.refresh_from_db()
    return project
