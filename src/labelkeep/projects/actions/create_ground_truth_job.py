"""Make the job that a task's quality is measured by: selected frames, annotated with care."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import fields, selection, status, touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of_new_job
from labelkeep.projects.segments import Segment


@dataclass(frozen=True, kw_only=True)
class Selection:
    """How the frames are chosen (spec/cvat-protocol.md §8.3)."""

    method: str
    frames: Sequence[int] | None = None
    frame_count: int | None = None
    frame_share: float | None = None
    per_job_count: int | None = None
    per_job_share: float | None = None
    seed: int | None = None


def create_ground_truth_job(
    *,
    actor: Actor,
    now: datetime,
    task: Task,
    chosen: Selection,
    assignee_id: int | None = None,
    stage: str = "annotation",
    state: str = "new",
) -> Job:
    """Make the ground truth job of a 2D task; a task has at most one.

    Raises:
        Forbidden: the actor may not make jobs there.
        BadInput: the task has no data, is not 2D, has such a job already, or the selection cannot be made.
    """
    require(actor, "job:create", subject_of_new_job(task))
    _check(task)
    fields.choice("stage", stage, status.STAGES)
    fields.choice("state", state, status.STATES)
    assignee = fields.user("assignee", assignee_id)
    with transaction.atomic():
        task = hold_task(task.pk)
        _check_first(task)
        job = new_ground_truth_job(task, select(task, chosen), now)
        job.stage, job.state, job.status = stage, state, status.of_job(stage, state)
        job.assignee, job.assignee_updated_date = assignee, now if assignee else None
        job.save()
        touch.status_changed(task, now)
    return job


def select(task: Task, chosen: Selection) -> list[int]:
    """The frames that `chosen` means in this task, sorted."""
    size = task.size or 0
    method = fields.choice("frame_selection_method", chosen.method, selection.METHODS)
    if method == "manual":
        if chosen.frames is None:
            raise BadInput({"non_field_errors": ['The "frames" field is required']})
        return selection.manual(chosen.frames, size)
    if chosen.frames is not None:
        sentence = '"frames" can only be used when "frame_selection_method" is "manual"'
        raise BadInput({"non_field_errors": [sentence]})
    if method == "random_uniform":
        return selection.uniform(size, count=chosen.frame_count, share=chosen.frame_share, seed=chosen.seed)
    ranges = Job.objects.filter(task=task, type=Job.Type.ANNOTATION).order_by("id")
    return selection.per_job(
        [Segment(*bounds) for bounds in ranges.values_list("start_frame", "stop_frame")],
        size=size,
        segment_size=task.segment_size,
        overlap=task.overlap or 0,
        count=chosen.per_job_count,
        share=chosen.per_job_share,
        seed=chosen.seed,
    )


def new_ground_truth_job(task: Task, frames: list[int], now: datetime) -> Job:
    """The row, not saved: it reaches over the whole task and has only the selected frames of it."""
    return Job(
        task=task,
        type=Job.Type.GROUND_TRUTH,
        start_frame=0,
        stop_frame=(task.size or 1) - 1,
        frames=frames,
        created_date=now,
        updated_date=now,
    )


def _check(task: Task) -> None:
    if not task.has_data:
        raise BadInput("This task has no data attached yet. Please set up task data and try again")
    if task.dimension != "2d":
        raise BadInput("Ground Truth jobs can only be added in 2d tasks")


def _check_first(task: Task) -> None:
    layout = task.validation_layout or {}
    if layout.get("mode") == "gt_pool" or Job.objects.filter(task=task, type=Job.Type.GROUND_TRUTH).exists():
        mode = layout.get("mode", "gt")
        raise BadInput(f'Task with validation mode "{mode}" cannot have more than 1 GT job')
