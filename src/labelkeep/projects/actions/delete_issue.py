"""Remove an issue with its comments."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects.models import Issue
from labelkeep.projects.queries.subjects import subject_of_issue


def delete_issue(*, actor: Actor, issue: Issue) -> None:
    """Remove the issue.

    Raises:
        Forbidden: the actor neither made it nor looks after its task.
    """
    require(actor, "issue:delete", subject_of_issue(issue))
    issue.delete()
