"""Move a task into another project. Documents stay as they are: labels are found by name, and the key map changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import touch
from labelkeep.projects.models import Attribute, Label, Project, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.saved import keys

# A label is known by its name and, where it is a point, its skeleton's; skeletons and others are never taken for each
# other, because their objects differ in kind.
LabelName = tuple[str, str, bool]


def move_task(*, actor: Actor, now: datetime, task: Task, project: Project) -> Task:
    """Put `task` into `project`, with the organization of the project.

    Objects keep their label where the project has one of the same name, and attributes likewise; objects of other
    labels are hidden and dropped when next rewritten.

    Raises:
        Forbidden: the actor may not change the task, or not make tasks in that project.
        BadInput: the project holds tasks of another dimension.
    """
    require(actor, "task:update", subject_of(task))
    require(actor, "task:create-in-project", subject_of(project))
    _check_dimension(task, project)
    with transaction.atomic():
        task = Task.objects.select_for_update().get(pk=task.pk)
        keys.table_for(task)  # every label that the documents may name has its key before the map is carried over
        task.refresh_from_db()
        before = task.project_id
        task.label_keys = remapped(task.label_keys, _labels(task.project or task), _labels(project))
        task.labels.all().delete()
        task.project, task.organization_id = project, project.organization_id
        task.save(update_fields=["label_keys", "project", "organization"])
        for project_id in {project.pk, project.pk if before is None else before}:
            touch.project_status_changed(project_id, now)
    return task


def remapped(label_keys: dict[str, Any], old: Iterable[Label], new: Iterable[Label]) -> dict[str, Any]:
    """The key map after the move: each new label that has the name of an old one takes over its key.   Pure."""
    olds, news = _by_name(old), _by_name(new)
    labels: dict[str, int] = {}
    attributes: dict[str, int] = {}
    for name, label in news.items():
        was = olds.get(name)
        key = label_keys.get("labels", {}).get(str(was.pk)) if was else None
        if was is None or key is None:
            continue
        labels[str(label.pk)] = key
        attributes.update(_attributes(label_keys.get("attributes", {}), was.attributes.all(), label.attributes.all()))
    return {**label_keys, "labels": labels, "attributes": attributes}


def _attributes(keys: dict[str, int], old: Iterable[Attribute], new: Iterable[Attribute]) -> dict[str, int]:
    olds = {attribute.name: str(attribute.pk) for attribute in old}
    pairs = ((str(attribute.pk), keys.get(olds.get(attribute.name, ""))) for attribute in new)
    return {id: key for id, key in pairs if key is not None}


def _by_name(labels: Iterable[Label]) -> dict[LabelName, Label]:
    return {(it.parent.name if it.parent else "", it.name, it.type == "skeleton"): it for it in labels}


def _labels(home: Project | Task) -> list[Label]:
    rows = home.labels.filter(deleted_at=None).select_related("parent").prefetch_related("attributes")
    return list(rows.order_by("id"))


def _check_dimension(task: Task, project: Project) -> None:
    others = Task.objects.filter(project=project, has_data=True).exclude(pk=task.pk)
    if task.has_data and others.exclude(dimension=task.dimension).exists():
        raise BadInput(f"The project holds tasks that are not {task.dimension}; the task cannot be moved there")
