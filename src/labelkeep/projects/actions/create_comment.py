"""Say something in an issue."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields
from labelkeep.projects.actions.create_issue import MESSAGE_LIMIT
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Comment, Issue
from labelkeep.projects.queries.subjects import subject_of_issue


def create_comment(*, actor: Actor, now: datetime, issue: Issue, message: str) -> Comment:
    """Add a message of the actor's to the conversation.

    Raises:
        Forbidden: the actor takes no part in the issue.
        BadInput: the message is blank or too long.
    """
    require(actor, "comment:create", subject_of_issue(issue))
    comment = Comment(
        issue=issue,
        owner=actor.user,
        message=fields.text("message", message, limit=MESSAGE_LIMIT),
        created_date=now,
        updated_date=now,
    )
    with transaction.atomic():
        hold_task(issue.job.task_id)
        comment.save(force_insert=True)
        Issue.objects.filter(pk=issue.pk).update(updated_date=now)
    return comment
