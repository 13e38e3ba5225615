"""Change a task; also what project it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.projects import fields, touch
from labelkeep.projects.actions.move_task import move_task
from labelkeep.projects.actions.transfer_task import transfer_task
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.holding import hold_task
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.status import STATUSES


def update_task(
    *,
    actor: Actor,
    now: datetime,
    task: Task,
    name: str | Unset = UNSET,
    bug_tracker: str | Unset = UNSET,
    subset: str | Unset = UNSET,
    owner_id: int | Unset | None = UNSET,
    assignee_id: int | Unset | None = UNSET,
    status: str | Unset = UNSET,
    source_storage: Mapping[str, Any] | Unset | None = UNSET,
    target_storage: Mapping[str, Any] | Unset | None = UNSET,
    organization_id: int | Unset | None = UNSET,
    project: Project | Unset | None = UNSET,
    labels: Sequence[LabelInput] = (),
) -> Task:
    """Apply what is given; nothing given is legal and asks for the permission alone.

    A status that is given stays until stage or state of one of its jobs change. Another organization may be given
    together with storages alone (`transfer_task`).

    Raises:
        Forbidden: the actor may not change one of the given fields.
        BadInput: a field cannot be used.
        Conflict: it is to go to another organization while background work on it is under way.
    """
    _may(actor, task, owner_id=owner_id, assignee_id=assignee_id, storages=(source_storage, target_storage))
    transfers = organization_id is not UNSET and organization_id != task.organization_id
    if transfers:
        given = (name, bug_tracker, subset, owner_id, assignee_id, status, project, labels or UNSET)
        fields.alone("organization_id", *given)
    changes: dict[str, Any] = {}
    if name is not UNSET:
        changes["name"] = fields.text("name", name, limit=256)
    if bug_tracker is not UNSET:
        changes["bug_tracker"] = fields.text("bug_tracker", bug_tracker, limit=2000, blank=True)
    if subset is not UNSET:
        changes["subset"] = fields.text("subset", subset, limit=64, blank=True)
    if owner_id is not UNSET:
        changes["owner"] = fields.user("owner_id", owner_id)
    if assignee_id is not UNSET and assignee_id != task.assignee_id:
        changes |= {"assignee": fields.user("assignee_id", assignee_id), "assignee_updated_date": now}
    if status is not UNSET:
        changes |= {"status": fields.choice("status", status, STATUSES), "status_kept": True}
    if source_storage is not UNSET:
        changes["source_storage"] = fields.storage("source_storage", source_storage)
    if target_storage is not UNSET:
        changes["target_storage"] = fields.storage("target_storage", target_storage)
    with transaction.atomic():
        hold_task(task.pk, also=project.pk if isinstance(project, Project) else None)
        fields.change(task, changes)
        if project is not UNSET and (project.pk if project else None) != task.project_id:
            task = move_task(actor=actor, now=now, task=task, project=project)
        if labels:
            upsert_labels(actor=actor, now=now, home=task, labels=labels)
        if transfers and organization_id is not UNSET:
            transfer_task(actor=actor, now=now, task=task, organization_id=organization_id)
        touch.task_changed(task, now)
        if "status" in changes and task.project_id is not None:
            touch.project_status_changed(task.project_id, now)
    task.updated_date = now
    return task


def _may(
    actor: Actor,
    task: Task,
    *,
    owner_id: int | Unset | None,
    assignee_id: int | Unset | None,
    storages: tuple[Mapping[str, Any] | Unset | None, ...],
) -> None:
    subject = subject_of(task)
    require(actor, "task:update", subject)
    if owner_id is not UNSET:
        require(actor, "task:update-owner", subject)
    if assignee_id is not UNSET:
        require(actor, "task:update-assignee", subject)
    if any(storage is not UNSET for storage in storages):
        require(actor, "task:update-storage", subject)
