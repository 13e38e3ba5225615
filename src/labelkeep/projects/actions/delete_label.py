"""Delete a label: a tombstone hides it and its shapes until an undo."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import hooks, label_rows, touch
from labelkeep.projects.holding import hold_home
from labelkeep.projects.models import Label
from labelkeep.projects.queries.subjects import home_of_label, kind_of, subject_of


def delete_label(*, actor: Actor, now: datetime, label: Label) -> None:
    """Delete `label` with its sublabels. Its name is free again at once.

    Raises:
        Forbidden: the actor may not change the labels of its project or task.
        BadInput: it is a point of a skeleton, which changes with the skeleton.
        LabelkeepError: what has to be done before a removal could not be done; nothing is removed.
    """
    home = home_of_label(label)
    require(actor, "label:delete", subject_of(home))
    if label.parent_id is not None:
        raise BadInput(
            "Sublabels cannot be deleted this way. Please send a PATCH request with updated parent label data instead."
        )

    def carry_out(confirm: hooks.Confirm) -> None:
        hold_home(home)
        confirm()
        label_rows.bury(label_rows.find(home, label.pk), now)
        touch.labels_changed(home, now)

    hooks.remove(hooks.Removal("label", (label.pk,), kind_of(home), home.pk, actor, now), carry_out)
