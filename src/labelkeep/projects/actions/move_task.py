"""Move a task into another project, or out of one. Documents stay as they are: labels are found by name, and the key
map changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.projects import hooks, label_rows, touch
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Attribute, Job, Label, Project, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.saved import keys

# A label is known by its name and, where it is a point, its skeleton's; skeletons and others are never taken for each
# other, because their objects differ in kind.
LabelName = tuple[str, str, bool]


def move_task(*, actor: Actor, now: datetime, task: Task, project: Project | None) -> Task:
    """Put `task` into `project`, with the organization of the project; with None, let it stand alone where it is, with
    labels like those that the project has.

    Objects keep their label where there is one of the same name, and attributes likewise; objects of other labels are
    hidden and dropped when next rewritten.

    Raises:
        Forbidden: the actor may not take the task away, or not make tasks where it goes.
        BadInput: the project holds tasks of another dimension.
        LabelkeepError: objects would lose their label, and what has to be done before could not be done.
    """
    _may(actor, task, project)
    moved: list[Task] = []

    def carry_out(confirm: hooks.Confirm) -> None:
        moved[:] = [_move(task.pk, project, now, confirm)]

    try:
        with transaction.atomic():
            carry_out(_not_without_a_backup)
    except _Loses:
        hooks.remove(hooks.Removal("move", (task.pk,), "task", task.pk, actor, now), carry_out)
    return moved[0]


class _Loses(Exception):
    """Objects would lose their label, or the value of an attribute."""


def _not_without_a_backup() -> None:
    raise _Loses


def _move(id: int, project: Project | None, now: datetime, confirm: hooks.Confirm) -> Task:
    """`confirm` is called before anything is changed, when objects lose something by it."""
    task = hold_task(id, also=project.pk if project else None)
    if project is not None:
        _check_dimension(task, project)
    if project is not None and _loses(task, project):
        confirm()
    keys.table_for(task)  # every label that the documents may name has its key before the map is carried over
    task.refresh_from_db()
    before = task.project
    _take_labels(task, project)
    task.project = project
    task.organization_id = project.organization_id if project else task.organization_id
    task.save(update_fields=["label_keys", "project", "organization"])
    for project_id in {concerned.pk for concerned in (before, project) if concerned is not None}:
        touch.project_status_changed(project_id, now)
    return task


def _loses(task: Task, project: Project) -> bool:
    """Whether labels or attributes that objects of the task may have do not go with it."""
    if not any(Job.objects.filter(task=task).values_list("counts", flat=True)):
        return False
    before = _labels(task.project or task)
    names = (remapped(task.label_keys, before, labels) for labels in (before, _labels(project)))
    had, has = (set(keys["labels"].values()) | set(keys["attributes"].values()) for keys in names)
    return bool(had - has)


def _may(actor: Actor, task: Task, project: Project | None) -> None:
    require(actor, "task:update-project", subject_of(task))
    if project is None:
        require(actor, "task:create", Subject(organization_id=task.organization_id, owner=actor.id))
    else:
        require(actor, "task:create-in-project", subject_of(project))


def _take_labels(task: Task, project: Project | None) -> None:
    """The key map leads to the labels of where the task goes; alone it has copies of those it had."""
    before = _labels(task.project or task)
    if project is not None:
        task.label_keys = remapped(task.label_keys, before, _labels(project))
        task.labels.all().delete()
    elif task.project is not None:
        label_rows.create(task, label_rows.inputs_of(task.project))
        task.label_keys = remapped(task.label_keys, before, _labels(task))


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
