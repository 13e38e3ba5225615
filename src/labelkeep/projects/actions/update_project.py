"""Change a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.projects import fields
from labelkeep.projects.actions.transfer_project import transfer_project
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.changes import Changes
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.holding import hold_project
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project


def update_project(
    *,
    actor: Actor,
    now: datetime,
    project: Project,
    name: str | Unset = UNSET,
    bug_tracker: str | Unset = UNSET,
    owner_id: int | Unset | None = UNSET,
    assignee_id: int | Unset | None = UNSET,
    status: str | Unset = UNSET,
    source_storage: Mapping[str, Any] | Unset | None = UNSET,
    target_storage: Mapping[str, Any] | Unset | None = UNSET,
    organization_id: int | Unset | None = UNSET,
    labels: Sequence[LabelInput] = (),
) -> Project:
    """Apply what is given; nothing given is legal and asks for the permission alone.

    A status that is given stays until stage or state of a job in the project change. Another organization may be
    given together with storages alone (`transfer_project`).

    Raises:
        Forbidden: the actor may not change one of the given fields.
        BadInput: a field cannot be used.
        Conflict: it is to go to another organization while background work on it is under way.
    """
    given = Changes(
        name=name,
        bug_tracker=bug_tracker,
        owner_id=owner_id,
        assignee_id=assignee_id,
        status=status,
        source_storage=source_storage,
        target_storage=target_storage,
    )
    given.permit(actor, project)
    transfers = organization_id is not UNSET and organization_id != project.organization_id
    if transfers:
        given.check_transfer(labels or UNSET)
    changes = {**given.of(project, now), "updated_date": now}
    with transaction.atomic():
        hold_project(project.pk)
        fields.change(project, changes)
        if labels:
            upsert_labels(actor=actor, now=now, home=project, labels=labels)
        if transfers and organization_id is not UNSET:
            transfer_project(actor=actor, now=now, project=project, organization_id=organization_id)
    return project
