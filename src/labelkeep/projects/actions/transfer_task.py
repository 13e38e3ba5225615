"""Give a task that stands alone to another organization."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput
from labelkeep.projects import fields, transfers
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Task


def transfer_task(*, actor: Actor, now: datetime, task: Task, organization_id: int | None) -> Task:
    """Put `task` into an organization, or into its owner's sandbox (None).

    Its owner stays; nobody is assigned to it and its jobs any more. Its backups follow it.

    Raises:
        Forbidden: the actor may not take it away, or not make tasks where it goes.
        BadInput: it is in a project, with which it goes; or there is no such organization.
        Conflict: background work on it is under way.
    """
    organization = fields.organization("organization_id", organization_id)
    transfers.permit(actor, task, organization_id)
    with transaction.atomic():
        if hold_task(task.pk).project_id is not None:
            raise BadInput({"organization_id": ["A task in a project is transferred with its project"]})
        transfers.refuse_while_busy(task)
        fields.change(task, {"organization": organization})
        transfers.reset_assignees(task, now)
    task.refresh_from_db()
    return task
