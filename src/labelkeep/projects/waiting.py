"""Uploads that wait for a task to take them."""

from __future__ import annotations

from django.db.models import QuerySet

from labelkeep.media.models import Upload
from labelkeep.operations.models import Operation
from labelkeep.operations.start import UNDER_WAY
from labelkeep.projects.actions.attach_data import KIND, PURPOSE
from labelkeep.projects.models import Task


def uploads_for(tasks: QuerySet[Task]) -> list[str]:
    """What was sent for these tasks, by whomever, and nothing is reading; an operation that reads frees its own."""
    reading = Operation.objects.filter(kind=KIND, status__in=UNDER_WAY, task_id__isnull=False).values("task_id")
    sent = Upload.objects.filter(purpose=PURPOSE, target_id__in=tasks.values("pk"))
    return list(sent.exclude(target_id__in=reading).values_list("pk", flat=True))
