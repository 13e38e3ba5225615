"""Change one label."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Label
from labelkeep.projects.queries.subjects import home_of_label


def update_label(*, actor: Actor, now: datetime, label: Label, given: LabelInput) -> Label:
    """Apply what is given to a label and return it; a label is deleted by `delete_label` alone.

    Raises:
        Forbidden, BadInput: as `upsert_labels`; also for a sublabel, which changes with its skeleton.
    """
    if given.deleted:
        raise BadInput(
            {
                "non_field_errors": [
                    "Labels cannot be deleted by updating in this endpoint. Please use the DELETE method instead."
                ]
            }
        )
    if label.parent_id is not None:
        raise BadInput(
            "Sublabels cannot be modified this way. Please send a PATCH request with updated parent label data instead."
        )
    given.id = label.pk
    upsert_labels(actor=actor, now=now, home=home_of_label(label), labels=[given])
    label.refresh_from_db()
    return label
