"""Announce that the data of a task is about to arrive."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Task
from labelkeep.projects.queries.subjects import subject_of

NO_MORE_DATA = "Adding more data is not supported"


def start_data(*, actor: Actor, now: datetime, task: Task) -> None:
    """From now on the task has a data id, still without frames. Announcing twice is harmless.

    Raises:
        Forbidden: the actor may not bring data.
        BadInput: the task has its frames already.
    """
    require(actor, "task:upload-data", subject_of(task))
    if task.has_data:
        raise BadInput(NO_MORE_DATA)
    with transaction.atomic():
        held = hold_task(task.pk)
        if held.has_data:
            raise BadInput(NO_MORE_DATA)
        Task.objects.filter(pk=task.pk).update(data_started=True)
        touch.task_changed(held, now)
    task.data_started = True
