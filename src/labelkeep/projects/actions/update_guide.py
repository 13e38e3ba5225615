"""Rewrite a guide."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects.actions.create_guide import checked
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Guide
from labelkeep.projects.queries.subjects import home_of_guide, subject_of_guide


def update_guide(*, actor: Actor, now: datetime, guide: Guide, markdown: str | Unset = UNSET) -> Guide:
    """Replace the text, if one is given. Assets that it no longer shows stay, for the next edit may show them again.

    Raises:
        Forbidden: the actor may not write this guide.
        BadInput: the text is too long.
    """
    require(actor, "guide:update", subject_of_guide(home_of_guide(guide)))
    if markdown is not UNSET:
        guide.markdown, guide.updated_date = checked(markdown), now
        guide.save(update_fields=["markdown", "updated_date"])
    return guide
