"""Change a task; also what project it is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.projects import fields, touch
from labelkeep.projects.actions.move_task import move_task
from labelkeep.projects.actions.transfer_task import transfer_task
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.changes import Changes
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.holding import hold_task
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project, Task


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
    given = Changes(
        name=name,
        bug_tracker=bug_tracker,
        owner_id=owner_id,
        assignee_id=assignee_id,
        status=status,
        source_storage=source_storage,
        target_storage=target_storage,
    )
    given.permit(actor, task)
    transfers = organization_id is not UNSET and organization_id != task.organization_id
    if transfers:
        given.check_transfer(subset, project, labels or UNSET)
    changes = given.of(task, now)
    if subset is not UNSET:
        changes["subset"] = fields.text("subset", subset, limit=64, blank=True)
    with transaction.atomic():
        task.project_id = hold_task(task.pk, also=project.pk if isinstance(project, Project) else None).project_id
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
