"""Reword a comment."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields
from labelkeep.projects.actions.create_issue import MESSAGE_LIMIT
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Comment
from labelkeep.projects.queries.subjects import subject_of_comment


def update_comment(*, actor: Actor, now: datetime, comment: Comment, message: str | Unset = UNSET) -> Comment:
    """Replace the message, if one is given.

    Raises:
        Forbidden: the actor takes no part in the issue.
        BadInput: the message is blank or too long.
    """
    require(actor, "comment:update", subject_of_comment(comment))
    if message is not UNSET:
        comment.message = fields.text("message", message, limit=MESSAGE_LIMIT)
        comment.updated_date = now
        comment.save(update_fields=["message", "updated_date"])
    return comment
