"""Delete a task with its jobs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.media import uploads
from labelkeep.projects import hooks, touch
from labelkeep.projects.models import Task
from labelkeep.projects.queries.subjects import subject_of


def delete_task(*, actor: Actor, now: datetime, task: Task) -> None:
    """Remove the rows, then what was uploaded for the task and not used.

    Raises:
        Forbidden: the actor may not delete it.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    require(actor, "task:delete", subject_of(task))
    task_id, project_id = task.pk, task.project_id
    with transaction.atomic():
        hooks.announce_removal(kind="task", id=task_id, actor=actor, now=now)
        task.delete()
        if project_id is not None:
            touch.project_status_changed(project_id, now)
    uploads.discard(upload.pk for upload in uploads.of_target(actor, "task-data", task_id))
