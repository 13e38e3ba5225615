"""Make a task, in a project or on its own; its frames come later (attach_data)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.projects import fields, label_rows, touch
from labelkeep.projects.holding import hold_project
from labelkeep.projects.label_input import LabelInput, as_new, check
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of

MAX_REPLICAS = 11


def create_task(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    project: Project | None = None,
    labels: Sequence[LabelInput] = (),
    segment_size: int = 0,
    overlap: int | None = None,
    bug_tracker: str = "",
    subset: str = "",
    assignee_id: int | None = None,
    consensus_replicas: int = 0,
    source_storage: Mapping[str, Any] | None = None,
    target_storage: Mapping[str, Any] | None = None,
) -> Task:
    """Make a task without frames, owned by the actor.

    In a project it takes the project's labels and organization; alone it has `labels` and the organization that the
    request names.

    Raises:
        Forbidden: the actor may not make tasks there.
        BadInput: a field or a label cannot be used, or both a project and labels are given.
    """
    _may(actor, project)
    if project is not None and labels:
        raise BadInput("Task must have only one of Label set or project_id")
    labels = [as_new(label) for label in labels]
    check(labels)
    assignee = fields.user("assignee_id", assignee_id)
    task = Task(
        project=project,
        name=fields.text("name", name, limit=256),
        owner=actor.user,
        assignee=assignee,
        assignee_updated_date=now if assignee else None,
        organization_id=project.organization_id if project else actor.organization_id,
        bug_tracker=fields.text("bug_tracker", bug_tracker, limit=2000, blank=True),
        subset=fields.text("subset", subset, limit=64, blank=True),
        segment_size=fields.natural("segment_size", segment_size),
        overlap=None if overlap is None else fields.natural("overlap", overlap),
        consensus_replicas=_replicas(consensus_replicas),
        source_storage=fields.storage("source_storage", source_storage),
        target_storage=fields.storage("target_storage", target_storage),
        created_date=now,
        updated_date=now,
    )
    with transaction.atomic():
        if project is not None:
            hold_project(project.pk)
        task.save(force_insert=True)
        label_rows.create(task, labels)
        if project is not None:
            touch.project_status_changed(project.pk, now)
    return task


def _may(actor: Actor, project: Project | None) -> None:
    if project is None:
        require(actor, "task:create", Subject(organization_id=actor.organization_id, owner=actor.id))
    else:
        require(actor, "task:create-in-project", subject_of(project))


def _replicas(count: int) -> int:
    if count != 0 and not 2 <= count <= MAX_REPLICAS:
        raise BadInput(
            {
                "consensus_replicas": [
                    "Consensus replicas must be 0 or a positive number more than 1 and less than "
                    f"{MAX_REPLICAS + 1}, got {count}"
                ]
            }
        )
    return count
