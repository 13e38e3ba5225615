"""Remove a guide with its assets."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects.models import Guide
from labelkeep.projects.queries.subjects import home_of_guide, subject_of_guide


def delete_guide(*, actor: Actor, guide: Guide) -> None:
    """Remove the rows; the blobs stay for the backups that need them, until prune.

    Raises:
        Forbidden: the actor may not write this guide.
    """
    require(actor, "guide:delete", subject_of_guide(home_of_guide(guide)))
    guide.delete()
