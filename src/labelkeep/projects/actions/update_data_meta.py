"""Mark frames as deleted, or bring them back. The frames themselves stay: numbers never shift."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, NotFound, listed
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of
from labelkeep.projects.queries.validation import Layout, Pool, pool_of
from labelkeep.projects.validation_changes import Change, carry_out

IN_POOL = (
    "When task validation mode is gt_pool, GT frames can only be deleted and restored via the GT job's "
    "api/jobs/{id}/data/meta endpoint"
)


def update_data_meta(*, actor: Actor, now: datetime, of: Task | Job, deleted_frames: Collection[int]) -> None:
    """Set the deleted frames of a task, or those inside the range of a job.

    For a ground truth job they are the frames that validation leaves out. The task's own stay as they are, but where
    the frames are a pool: they and the honeypots that show them are then deleted too.

    Raises:
        Forbidden: the actor may not change it.
        BadInput: the task has no data, or a number that is not one of its frames.
        NotFound: the job was removed meanwhile.
    """
    require(actor, f"{kind_of(of)}:update-metadata", subject_of(of))
    if isinstance(of, Job) and of.type == Job.Type.GROUND_TRUTH:
        _leave_out(actor, now, of, deleted_frames)
    elif isinstance(of, Job):
        _delete_in_job(now, of, deleted_frames)
    else:
        _delete(now, of, deleted_frames)
    _mirror(of)


def _leave_out(actor: Actor, now: datetime, job: Job, frames: Collection[int]) -> None:
    def decide(task: Task, layout: Layout) -> Change:
        if layout.mode is None:
            raise NotFound("No Job matches the given query.")
        _check_in_job(job, frames)
        return Change(sorted(set(frames)), jobs=[job.pk])

    carry_out(actor, now, job.task_id, decide)


def _delete_in_job(now: datetime, job: Job, frames: Collection[int]) -> None:
    _check_in_job(job, frames)
    with transaction.atomic():
        task = hold_task(job.task_id)
        Task.objects.filter(pk=task.pk).update(deleted_frames=merged(task.deleted_frames, frames, job))
        Job.objects.filter(pk=job.pk).update(updated_date=now)
        touch.task_changed(task, now)


def _delete(now: datetime, task: Task, frames: Collection[int]) -> None:
    pool = pool_of(task)
    with transaction.atomic():
        held = hold_task(task.pk)
        _check_in_task(held, pool, frames)
        Task.objects.filter(pk=task.pk).update(deleted_frames=sorted(frames))
        touch.task_changed(held, now)


def merged(present: Collection[int], deleted: Collection[int], job: Job) -> list[int]:
    """The deleted frames afterwards: those inside the job's range are replaced."""
    outside = {frame for frame in present if not job.start_frame <= frame <= job.stop_frame}
    return sorted(outside | set(deleted))


def _check_in_job(job: Job, frames: Collection[int]) -> None:
    own = range(job.start_frame, job.stop_frame + 1) if job.frames is None else set(job.frames)
    if foreign := sorted(frame for frame in set(frames) if frame not in own):
        raise BadInput(f"Frames {listed(foreign)} do not belong to the job")


def _check_in_task(task: Task, pool: Pool | None, frames: Collection[int]) -> None:
    if not task.has_data or task.size is None:
        raise BadInput("This task has no data attached yet. Please set up task data and try again")
    if len(set(frames)) != len(frames):
        raise BadInput({"deleted_frames": ["Deleted frames cannot repeat"]})
    if unknown := sorted(set(frames).difference(range(task.size))):
        raise BadInput({"deleted_frames": [f"Unknown frames {listed(unknown)} requested for removal"]})
    if pool and any(pool.first <= frame <= pool.last for frame in set(frames).difference(task.deleted_frames)):
        raise BadInput({"deleted_frames": [IN_POOL]})


def _mirror(of: Task | Job) -> None:
    """Let the object in the caller's hand show what was written."""
    shown = of if isinstance(of, Task) else of.task
    shown.refresh_from_db(fields=["deleted_frames", "validation_layout"])
