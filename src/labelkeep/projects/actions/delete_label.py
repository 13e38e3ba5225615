"""Delete a label: a tombstone hides it and its shapes until an undo."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import label_rows, touch
from labelkeep.projects.holding import hold_home
from labelkeep.projects.models import Label
from labelkeep.projects.queries.subjects import home_of_label, subject_of


def delete_label(*, actor: Actor, now: datetime, label: Label) -> None:
    """Delete `label` with its sublabels. Its name is free again at once.

    Raises:
        Forbidden: the actor may not change the labels of its project or task.
        BadInput: it is a point of a skeleton, which changes with the skeleton.
    """
    home = home_of_label(label)
    require(actor, "label:delete", subject_of(home))
    if label.parent_id is not None:
        raise BadInput(
            "Sublabels cannot be deleted this way. Please send a PATCH request with updated parent label data instead."
        )
    with transaction.atomic():
        hold_home(home)
        label_rows.bury(label, now)
        touch.labels_changed(home, now)
