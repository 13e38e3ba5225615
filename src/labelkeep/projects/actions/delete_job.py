"""Delete a ground truth job; the other jobs are the task itself."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of


def delete_job(*, actor: Actor, now: datetime, job: Job) -> None:
    """Remove the row with its annotations and issues.

    Raises:
        Forbidden: the actor may not remove jobs there.
        BadInput: it is not a ground truth job, or the validation frames of the task are part of the task.
    """
    require(actor, "job:delete", subject_of(job))
    task = job.task
    if job.type != Job.Type.GROUND_TRUTH:
        raise BadInput("Only ground truth jobs can be removed")
    if (task.validation_layout or {}).get("mode") == "gt_pool":
        raise BadInput('GT jobs cannot be removed when task validation mode is "gt_pool"')
    with transaction.atomic():
        task = hold_task(task.pk)
        job.delete()
        if task.validation_layout is not None:
            Task.objects.filter(pk=task.pk).update(validation_layout=None)
        touch.status_changed(task, now)
