"""Delete a ground truth job; the other jobs are the task itself."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, NotFound
from labelkeep.projects import hooks, touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of


def delete_job(*, actor: Actor, now: datetime, job: Job) -> None:
    """Remove the row with its annotations and issues.

    Raises:
        Forbidden: the actor may not remove jobs there.
        BadInput: it is not a ground truth job, or the validation frames of the task are part of the task.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    require(actor, "job:delete", subject_of(job))
    task = job.task
    if job.type != Job.Type.GROUND_TRUTH:
        raise BadInput("Only ground truth jobs can be removed")
    if (task.validation_layout or {}).get("mode") == "gt_pool":
        raise BadInput('GT jobs cannot be removed when task validation mode is "gt_pool"')

    def carry_out(confirm: hooks.Confirm) -> None:
        held = hold_task(task.pk)
        confirm()
        if not Job.objects.filter(pk=job.pk).delete()[0]:
            raise NotFound("No Job matches the given query.")
        if held.validation_layout is not None:
            Task.objects.filter(pk=task.pk).update(validation_layout=None)
        touch.status_changed(held, now)

    hooks.remove(hooks.Removal("job", (job.pk,), "task", task.pk, actor, now), carry_out)
