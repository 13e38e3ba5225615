"""Make a project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.projects import fields, label_rows, quotas
from labelkeep.projects.label_input import LabelInput, as_new, check
from labelkeep.projects.models import Project
from labelkeep.projects.quotas import Home


def create_project(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    labels: Sequence[LabelInput] = (),
    bug_tracker: str = "",
    assignee_id: int | None = None,
    source_storage: Mapping[str, Any] | None = None,
    target_storage: Mapping[str, Any] | None = None,
) -> Project:
    """Make a project with its labels, owned by the actor, in the organization that the request names.

    Raises:
        Forbidden: the actor may not make projects there.
        BadInput: a field or a label cannot be used.
        Conflict: the quota allows no more projects.
    """
    require(actor, "project:create", Subject(organization_id=actor.organization_id, owner=actor.id))
    quotas.room(Home(actor.id, actor.organization_id)).require(projects=1)
    labels = [as_new(label) for label in labels]
    check(labels)
    assignee = fields.user("assignee_id", assignee_id)
    project = Project(
        name=fields.text("name", name, limit=256),
        owner=actor.user,
        assignee=assignee,
        assignee_updated_date=now if assignee else None,
        organization_id=actor.organization_id,
        bug_tracker=fields.text("bug_tracker", bug_tracker, limit=2000, blank=True),
        source_storage=fields.storage("source_storage", source_storage),
        target_storage=fields.storage("target_storage", target_storage),
        created_date=now,
        updated_date=now,
    )
    with transaction.atomic():
        project.save(force_insert=True)
        label_rows.create(project, labels)
    return project
