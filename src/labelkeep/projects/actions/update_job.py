"""Change who works on a job and how far it is."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields, status, touch
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Job
from labelkeep.projects.queries.subjects import subject_of


def update_job(
    *,
    actor: Actor,
    now: datetime,
    job: Job,
    stage: str | Unset = UNSET,
    state: str | Unset = UNSET,
    assignee_id: int | Unset | None = UNSET,
) -> Job:
    """Apply what is given. Another stage begins in state `new` unless a state is given too.

    The status of the job follows, and from it those of its task and project.

    Raises:
        Forbidden: the actor may not change one of the given fields.
        BadInput: a value that there is not.
    """
    subject = subject_of(job)
    require(actor, "job:update", subject)
    if stage is not UNSET:
        require(actor, "job:update-stage", subject)
        if fields.choice("stage", stage, status.STAGES) != job.stage:
            job.stage, job.state = stage, "new"
    if state is not UNSET:
        job.state = fields.choice("state", state, status.STATES)
    if assignee_id is not UNSET:
        require(actor, "job:update-assignee", subject)
        if assignee_id != job.assignee_id:
            job.assignee = fields.user("assignee", assignee_id)
            job.assignee_updated_date = now
    job.status = status.of_job(job.stage, job.state)
    job.updated_date = now
    with transaction.atomic():
        job.save(update_fields=["stage", "state", "assignee", "assignee_updated_date", "status", "updated_date"])
        touch.status_changed(job.task, now)
    return job
