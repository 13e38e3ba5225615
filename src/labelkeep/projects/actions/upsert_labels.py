"""Make, change and delete labels of a project or of a task that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import hooks, label_rows, touch
from labelkeep.projects.holding import hold_home
from labelkeep.projects.label_input import LabelInput, as_new, check
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of


def upsert_labels(*, actor: Actor, now: datetime, home: Project | Task, labels: Sequence[LabelInput]) -> None:
    """Apply `labels` to `home`: with `id` one is changed, or deleted when it says so; without, one is made.

    Labels that are not mentioned stay. All of it happens, or none.

    Raises:
        Forbidden: the actor may not change the labels.
        BadInput: something in a label cannot be used, two have the same name, or a task has its project's labels.
        NotFound: an id is not one of `home`'s labels.
        LabelkeepError: what has to be done before labels are deleted could not be done; nothing is changed.
    """
    require(actor, "label:update", subject_of(home))
    if isinstance(home, Task) and home.project_id is not None:
        raise BadInput("Task inside a project cannot have labels of its own; change the labels of the project")
    labels = [label if label.id is not None else as_new(label) for label in labels]
    check(labels)
    if not labels:
        return

    def carry_out(confirm: hooks.Confirm) -> None:
        hold_home(home)  # one at a time: names are unique among all of them
        confirm()
        _apply(home, labels, now)
        touch.labels_changed(home, now)

    if deleted := tuple(given.id for given in labels if given.deleted and given.id is not None):
        hooks.remove(hooks.Removal("label", deleted, kind_of(home), home.pk, actor, now), carry_out)
    else:
        with transaction.atomic():
            carry_out(lambda: None)


def _apply(home: Project | Task, labels: Sequence[LabelInput], now: datetime) -> None:
    for given in labels:
        if given.id is None:
            continue
        label = label_rows.find(home, given.id)
        if given.deleted:
            label_rows.bury(label, now)
        else:
            label_rows.change(label, given)
    label_rows.create(home, [given for given in labels if given.id is None])
    label_rows.check_names(home)
