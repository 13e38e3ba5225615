"""Moving `updated_date` of everything that a change concerns: one statement a kind, whatever the number of rows."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Case, F, Value, When

from labelkeep.projects import status
from labelkeep.projects.models import Job, Project, Task


def task_changed(task: Task, now: datetime) -> None:
    """A task changed: itself and its project."""
    Task.objects.filter(pk=task.pk).update(updated_date=now)
    if task.project_id is not None:
        Project.objects.filter(pk=task.project_id).update(updated_date=now)


def labels_changed(home: Project | Task, now: datetime) -> None:
    """Labels changed: their project or task, and all tasks and jobs below, show other labels than before."""
    if isinstance(home, Project):
        Project.objects.filter(pk=home.pk).update(updated_date=now)
        Task.objects.filter(project=home).update(updated_date=now)
        Job.objects.filter(task__project=home).update(updated_date=now)
    else:
        Task.objects.filter(pk=home.pk).update(updated_date=now)
        Job.objects.filter(task=home).update(updated_date=now)


def progress_changed(task: Task, now: datetime) -> None:
    """Stage or state of a job changed: a status that somebody had set, above, has had its time."""
    Task.objects.filter(pk=task.pk).update(status_kept=False)
    if task.project_id is not None:
        Project.objects.filter(pk=task.project_id).update(status_kept=False)
    status_changed(task, now)


def status_changed(task: Task, now: datetime) -> None:
    """Jobs of the task came, went or changed: derive the status of the task and of its project, and touch both."""
    jobs = Job.objects.filter(task=task, type=Job.Type.ANNOTATION).values_list("status", flat=True).distinct()
    Task.objects.filter(pk=task.pk).update(status=_unless_kept(status.of_parts(jobs)), updated_date=now)
    if task.project_id is not None:
        project_status_changed(task.project_id, now)


def project_status_changed(project_id: int, now: datetime) -> None:
    """Tasks of the project came, went or changed: derive its status anew and touch it."""
    tasks = Task.objects.filter(project_id=project_id).values_list("status", flat=True).distinct()
    Project.objects.filter(pk=project_id).update(status=_unless_kept(status.of_parts(tasks)), updated_date=now)


def _unless_kept(derived: str) -> Case:
    """The derived status; where somebody set one, that one stays."""
    return Case(When(status_kept=True, then=F("status")), default=Value(derived))
