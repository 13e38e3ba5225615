"""What the transfer of a project and that of a task have in common: the questions before, and who works on it after."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import Conflict
from labelkeep.operations.models import Operation
from labelkeep.operations.start import UNDER_WAY
from labelkeep.projects.models import Job, Project, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of


def permit(actor: Actor, thing: Project | Task, organization_id: int | None) -> None:
    """Let pass who may take it from where it is, and make such a thing where it goes.

    Raises:
        Forbidden: the actor may not.
    """
    kind = kind_of(thing)
    require(actor, f"{kind}:update-organization", subject_of(thing))
    require(actor, f"{kind}:create", Subject(organization_id=organization_id, owner=actor.id))


def refuse_while_busy(thing: Project | Task) -> None:
    """Raise while background work on it, or on something in it, is queued or goes on.

    Raises:
        Conflict: it is under way; it belongs to the organization where it was started.
    """
    about = Q(project_id=thing.pk) if isinstance(thing, Project) else Q()
    about |= Q(task_id__in=tasks_of(thing).values("pk")) | Q(job_id__in=jobs_of(thing).values("pk"))
    running = Operation.objects.filter(about, status__in=UNDER_WAY).order_by("created_date").first()
    if running is not None:
        raise Conflict(f"The {kind_of(thing)} cannot be transferred while this request is under way: {running.key}")


def reset_assignees(thing: Project | Task, now: datetime) -> None:
    """Who worked on it in one organization need not know of it in another."""
    own = type(thing).objects.filter(pk=thing.pk)
    for rows in (own, tasks_of(thing), jobs_of(thing)):
        rows.exclude(assignee=None).update(assignee=None, assignee_updated_date=now)
        rows.update(updated_date=now)


def tasks_of(thing: Project | Task) -> QuerySet[Task]:
    """The tasks of a project, or the task itself."""
    return Task.objects.filter(**({"project": thing} if isinstance(thing, Project) else {"pk": thing.pk}))


def jobs_of(thing: Project | Task) -> QuerySet[Job]:
    """All jobs below."""
    return Job.objects.filter(**({"task__project": thing} if isinstance(thing, Project) else {"task": thing}))
