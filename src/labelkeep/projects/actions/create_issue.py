"""Pin a remark to a place on a frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import fields
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Comment, Issue, Job
from labelkeep.projects.queries.subjects import subject_of

MESSAGE_LIMIT = 2**16


def create_issue(
    *,
    actor: Actor,
    now: datetime,
    job: Job,
    frame: int,
    position: Sequence[float],
    message: str,
    assignee_id: int | None = None,
    resolved: bool = False,
) -> Issue:
    """Make an issue of the actor's; `message` becomes its first comment.

    Raises:
        Forbidden: the actor may not take part in this job.
        BadInput: the frame is not one of the job's, or a field cannot be used.
    """
    require(actor, "issue:create", subject_of(job))
    _check_frame(job, frame)
    text = fields.text("message", message, limit=MESSAGE_LIMIT)
    issue = Issue(
        job=job,
        frame=frame,
        position=checked(position),
        owner=actor.user,
        assignee=fields.user("assignee", assignee_id),
        resolved=resolved,
        created_date=now,
        updated_date=now,
    )
    with transaction.atomic():
        hold_task(job.task_id)
        issue.save(force_insert=True)
        Comment.objects.create(issue=issue, owner=actor.user, message=text, created_date=now, updated_date=now)
    return issue


def checked(position: Sequence[float]) -> list[float]:
    """A place on a frame, which has at least one number.

    Raises:
        BadInput: it has none.
    """
    if not position:
        raise BadInput({"position": ["This list may not be empty."]})
    return list(position)


def _check_frame(job: Job, frame: int) -> None:
    if job.frames is not None and frame not in job.frames:
        raise BadInput({"frame": [f"Frame {frame} is not one of those that the job has"]})
    if not job.start_frame <= frame <= job.stop_frame:
        raise BadInput({"frame": [f"The job has frames {job.start_frame} to {job.stop_frame}, not {frame}"]})
