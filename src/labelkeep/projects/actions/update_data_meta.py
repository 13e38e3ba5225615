"""Mark frames as deleted, or bring them back. The frames themselves stay: numbers never shift."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import touch
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of


def update_data_meta(*, actor: Actor, now: datetime, of: Task | Job, deleted_frames: Collection[int]) -> None:
    """Set the deleted frames of a task, or those inside the range of a job.

    For a ground truth job they are the frames that validation leaves out, and the task's own stay as they are.

    Raises:
        Forbidden: the actor may not change it.
        BadInput: the task has no data, or a number that is not one of its frames.
    """
    require(actor, f"{kind_of(of)}:update-metadata", subject_of(of))
    task_id = of.pk if isinstance(of, Task) else of.task_id
    with transaction.atomic():
        task = Task.objects.select_for_update().get(pk=task_id)
        _check(task, of, deleted_frames)
        if isinstance(of, Job) and of.type == Job.Type.GROUND_TRUTH:
            task.validation_layout = disabled(task.validation_layout, deleted_frames)
        else:
            task.deleted_frames = merged(task.deleted_frames, deleted_frames, of)
        task.save(update_fields=["deleted_frames", "validation_layout"])
        if isinstance(of, Job):
            Job.objects.filter(pk=of.pk).update(updated_date=now)
        touch.task_changed(task, now)
    _mirror(of, task)


def merged(present: Collection[int], deleted: Collection[int], of: Task | Job) -> list[int]:
    """The deleted frames afterwards: all replaced for a task, those inside its range for a job."""
    if isinstance(of, Task):
        return sorted(set(deleted))
    outside = {frame for frame in present if not of.start_frame <= frame <= of.stop_frame}
    return sorted(outside | set(deleted))


def disabled(layout: dict[str, Any] | None, frames: Collection[int]) -> dict[str, Any]:
    """The validation layout with these frames left out of validation."""
    present = layout or {"mode": "gt", "frames_per_job_count": None, "frames": []}
    return {**present, "disabled_frames": sorted(frames)}


def _check(task: Task, of: Task | Job, frames: Collection[int]) -> None:
    if not task.has_data or task.size is None:
        raise BadInput("This task has no data attached yet. Please set up task data and try again")
    first, last = (0, task.size - 1) if isinstance(of, Task) else (of.start_frame, of.stop_frame)
    selected = set(of.frames) if isinstance(of, Job) and of.frames is not None else None
    wrong = [it for it in frames if not first <= it <= last or (selected is not None and it not in selected)]
    if wrong:
        raise BadInput({"deleted_frames": [f"Frames {', '.join(map(str, sorted(wrong)[:20]))} are not in the range"]})


def _mirror(of: Task | Job, task: Task) -> None:
    """Let the object in the caller's hand show what was written."""
    shown = of if isinstance(of, Task) else of.task
    shown.deleted_frames, shown.validation_layout = task.deleted_frames, task.validation_layout
