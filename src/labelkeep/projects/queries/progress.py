"""How far attaching data to a task has come."""

from __future__ import annotations

from typing import Any

from labelkeep.operations import keys
from labelkeep.operations.models import Operation, Status
from labelkeep.projects.models import Task

_STATES = {
    Status.QUEUED: "Queued",
    Status.STARTED: "Started",
    Status.FINISHED: "Finished",
    Status.FAILED: "Failed",
    Status.CANCELLED: "Failed",
}


def data_state(task: Task) -> dict[str, Any]:
    """`{"state", "message", "progress"}` of the operation that makes the task's frames; none counts as finished."""
    operation = Operation.objects.filter(key=keys.create_task(task.pk)).first()
    if operation is None:
        return {"state": "Finished", "message": "", "progress": 1.0}
    return {
        "state": _STATES[Status(operation.status)],
        "message": operation.message,
        "progress": operation.progress,
    }
