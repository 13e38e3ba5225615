"""Remove a comment."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects.models import Comment
from labelkeep.projects.queries.subjects import subject_of_comment


def delete_comment(*, actor: Actor, comment: Comment) -> None:
    """Remove the comment.

    Raises:
        Forbidden: the actor takes no part in the issue.
    """
    require(actor, "comment:delete", subject_of_comment(comment))
    comment.delete()
