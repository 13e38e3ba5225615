"""Change a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields
from labelkeep.projects.actions.transfer_project import transfer_project
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.holding import hold_project
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.status import STATUSES


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
    _may(actor, project, owner_id=owner_id, assignee_id=assignee_id, storages=(source_storage, target_storage))
    transfers = organization_id is not UNSET and organization_id != project.organization_id
    if transfers:
        fields.alone("organization_id", name, bug_tracker, owner_id, assignee_id, status, labels or UNSET)
    changes: dict[str, Any] = {}
    if name is not UNSET:
        changes["name"] = fields.text("name", name, limit=256)
    if bug_tracker is not UNSET:
        changes["bug_tracker"] = fields.text("bug_tracker", bug_tracker, limit=2000, blank=True)
    if owner_id is not UNSET:
        changes["owner"] = fields.user("owner_id", owner_id)
    if assignee_id is not UNSET and assignee_id != project.assignee_id:
        changes |= {"assignee": fields.user("assignee_id", assignee_id), "assignee_updated_date": now}
    if status is not UNSET:
        changes |= {"status": fields.choice("status", status, STATUSES), "status_kept": True}
    if source_storage is not UNSET:
        changes["source_storage"] = fields.storage("source_storage", source_storage)
    if target_storage is not UNSET:
        changes["target_storage"] = fields.storage("target_storage", target_storage)
    changes["updated_date"] = now
    with transaction.atomic():
        hold_project(project.pk)
        fields.change(project, changes)
        if labels:
            upsert_labels(actor=actor, now=now, home=project, labels=labels)
        if transfers and organization_id is not UNSET:
            transfer_project(actor=actor, now=now, project=project, organization_id=organization_id)
    return project


def _may(
    actor: Actor,
    project: Project,
    *,
    owner_id: int | Unset | None,
    assignee_id: int | Unset | None,
    storages: tuple[Mapping[str, Any] | Unset | None, ...],
) -> None:
    subject = subject_of(project)
    require(actor, "project:update", subject)
    if owner_id is not UNSET:
        require(actor, "project:update-owner", subject)
    if assignee_id is not UNSET:
        require(actor, "project:update-assignee", subject)
    if any(storage is not UNSET for storage in storages):
        require(actor, "project:update-storage", subject)
