"""Change who works on a job and how far it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields, status, touch
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.holding import hold_task
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
        fields.choice("stage", stage, status.STAGES)
    if state is not UNSET:
        fields.choice("state", state, status.STATES)
    changes: dict[str, Any] = {"updated_date": now}
    if assignee_id is not UNSET:
        require(actor, "job:update-assignee", subject)
        if assignee_id != job.assignee_id:
            changes |= {"assignee": fields.user("assignee", assignee_id), "assignee_updated_date": now}
    with transaction.atomic():
        task = hold_task(job.task_id)
        held = Job.objects.only("stage", "state").get(pk=job.pk)
        progress = _progress(held, stage, state)
        fields.change(job, {**changes, **progress})
        moved = (held.stage, held.state) != (progress["stage"], progress["state"])
        (touch.progress_changed if moved else touch.status_changed)(task, now)
    return job


def _progress(held: Job, stage: str | Unset, state: str | Unset) -> dict[str, str]:
    """Stage, state and status afterwards, from the row as it is inside the transaction."""
    new_stage = held.stage if isinstance(stage, Unset) else stage
    kept = held.state if new_stage == held.stage else "new"
    new_state = kept if isinstance(state, Unset) else state
    return {"stage": new_stage, "state": new_state, "status": status.of_job(new_stage, new_state)}
