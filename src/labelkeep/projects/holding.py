"""Holding a project or task, so that what is decided by it, and by what lies below, is still so at the commit.

The order of transactions.py: the project first, then the task; whoever holds these may write all rows below them.
"""

from __future__ import annotations

from labelkeep.errors import NotFound, Unavailable
from labelkeep.projects.models import Project, Task
from labelkeep.transactions import hold

_ATTEMPTS = 10


def hold_project(id: int, *, to_remove: bool = False) -> None:
    """Hold a project until the transaction ends. One that is gone is nobody's to hold: the next statement finds out."""
    hold(Project.objects.filter(pk=id), to_remove=to_remove)


def hold_task(id: int, *, also: int | None = None, to_remove: bool = False) -> Task:
    """Hold a task and the project that it is in, and `also` the project where it shall be; the task as it is now.

    Raises:
        NotFound: it is gone.
    """
    for _ in range(_ATTEMPTS):
        before = _project_of(id)
        hold(Project.objects.filter(pk__in={before, also} - {None}))
        hold(Task.objects.filter(pk=id), to_remove=to_remove)
        task = Task.objects.filter(pk=id).first()
        if task is None:
            break
        if task.project_id == before:  # else it was moved before we had it
            return task
    else:
        raise Unavailable("The task is being moved; try again.")
    raise NotFound("No Task matches the given query.")


def hold_home(home: Project | Task) -> None:
    """Hold what labels or a guide belong to."""
    if isinstance(home, Project):
        hold_project(home.pk)
    else:
        hold_task(home.pk)


def _project_of(task_id: int) -> int | None:
    return Task.objects.filter(pk=task_id).values_list("project_id", flat=True).first()
