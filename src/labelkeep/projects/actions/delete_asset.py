"""Remove a picture or PDF from a guide."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects.models import Asset
from labelkeep.projects.queries.subjects import home_of_guide, subject_of_guide


def delete_asset(*, actor: Actor, asset: Asset) -> None:
    """Remove the row; the blob stays for the backups that need it, until prune.

    Raises:
        Forbidden: the actor may not write the guide.
    """
    require(actor, "asset:delete", subject_of_guide(home_of_guide(asset.guide)))
    asset.delete()
