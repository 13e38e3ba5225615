"""Which frame stands for a project, task or job in a list: the first that shows anything."""

from __future__ import annotations

from collections.abc import Iterable

from labelkeep.projects.models import Job, Project, Task


def preview_frame(task: Task, job: Job | None = None) -> int | None:
    """The first frame of a task, or of its job, that is not deleted; None where there is none to show."""
    numbers: Iterable[int] = range(task.size or 0)
    if job is not None:
        numbers = range(job.start_frame, job.stop_frame + 1) if job.frames is None else job.frames
    deleted = set(task.deleted_frames)
    return next((number for number in numbers if number not in deleted), None)


def preview_task(project: Project) -> tuple[Task, int] | None:
    """The newest task of a project that has something to show, and which frame."""
    for task in Task.objects.filter(project=project, has_data=True).order_by("-id").iterator(chunk_size=10):
        number = preview_frame(task)
        if number is not None:
            return task, number
    return None
