"""Delete a task with its jobs."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.media import uploads
from labelkeep.projects import hooks, touch, waiting
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Task
from labelkeep.projects.queries.subjects import subject_of


def delete_task(*, actor: Actor, now: datetime, task: Task) -> None:
    """Remove the rows, then what was uploaded for the task and not used.

    Raises:
        Forbidden: the actor may not delete it.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    require(actor, "task:delete", subject_of(task))

    left: list[str] = []

    def carry_out(confirm: hooks.Confirm) -> None:
        project_id = hold_task(task.pk, to_remove=True).project_id
        confirm()
        hooks.announce_removal(kind="task", id=task.pk, actor=actor, now=now)
        left[:] = waiting.uploads_for(Task.objects.filter(pk=task.pk))
        Task.objects.filter(pk=task.pk).delete()
        if project_id is not None:
            touch.project_status_changed(project_id, now)

    hooks.remove(hooks.Removal("task", (task.pk,), "task", task.pk, actor, now), carry_out)
    uploads.discard(left)
