"""Change where an issue points, who sees to it, and whether it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields
from labelkeep.projects.actions.create_issue import checked
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Issue
from labelkeep.projects.queries.subjects import subject_of_issue


def update_issue(
    *,
    actor: Actor,
    now: datetime,
    issue: Issue,
    position: Sequence[float] | Unset = UNSET,
    assignee_id: int | Unset | None = UNSET,
    resolved: bool | Unset = UNSET,
) -> Issue:
    """Apply what is given.

    Raises:
        Forbidden: the actor takes no part in the issue.
        BadInput: there is no such assignee, or no place in the position.
    """
    require(actor, "issue:update", subject_of_issue(issue))
    changes: dict[str, Any] = {"updated_date": now}
    if position is not UNSET:
        changes["position"] = checked(position)
    if assignee_id is not UNSET:
        changes["assignee"] = fields.user("assignee", assignee_id)
    if resolved is not UNSET:
        changes["resolved"] = resolved
    fields.change(issue, changes)
    return issue
