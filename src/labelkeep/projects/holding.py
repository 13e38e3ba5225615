"""Holding a project or task, so that what is decided by it, and by what lies below, is still so at the commit.

The order of transactions.py: the project first, then the task; whoever holds these may write all rows below them.
"""

from __future__ import annotations

from contextlib import suppress

from django.db import connection, transaction

from labelkeep.errors import NotFound, Unavailable
from labelkeep.projects.models import Project, Task
from labelkeep.transactions import hold

_ATTEMPTS = 10


def hold_project(id: int, *, to_remove: bool = False) -> None:
    """Hold a project until the transaction ends.

    Raises:
        NotFound: it is gone.
    """
    hold(Project.objects.filter(pk=id), to_remove=to_remove)
    if not Project.objects.filter(pk=id).exists():
        raise NotFound("No Project matches the given query.")


def hold_task(id: int, *, also: int | None = None, to_remove: bool = False) -> Task:
    """Hold a task and the project that it is in, and `also` the project where it shall be; the task as it is now.

    Raises:
        NotFound: it is gone.
        Unavailable: it is moved again and again.
    """
    if not connection.features.has_select_for_update:
        return _task(id)
    for _ in range(_ATTEMPTS):
        with suppress(_Moved), transaction.atomic():  # leaving it in vain lets go of what was held in vain
            return _held(id, also, to_remove)
    raise Unavailable("The task is being moved; try again.")


class _Moved(Exception):
    """To another project, before we had the task."""


def _held(id: int, also: int | None, to_remove: bool) -> Task:
    before = Task.objects.filter(pk=id).values_list("project_id", flat=True).first()
    hold(Project.objects.filter(pk__in=[it for it in (before, also) if it is not None]))
    hold(Task.objects.filter(pk=id), to_remove=to_remove)
    task = _task(id)
    if task.project_id != before:
        raise _Moved
    return task


def _task(id: int) -> Task:
    task = Task.objects.filter(pk=id).first()
    if task is None:
        raise NotFound("No Task matches the given query.")
    return task


def hold_home(home: Project | Task) -> None:
    """Hold what labels or a guide belong to."""
    if isinstance(home, Project):
        hold_project(home.pk)
    else:
        hold_task(home.pk)
