"""The key map of a task: which small integer stands for which label and attribute in the task's documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from labelkeep.annotations.labels import AttributeDef, LabelDef, LabelTable
from labelkeep.annotations.wire import Ids
from labelkeep.projects.models import Attribute, Label, Task


def table_for(task: Task, using: str = "default") -> Ids:
    """The labels of a task (its own, or its project's) by key and by id, deleted ones included.

    Labels and attributes without a key get one; keys are never used twice. `using`: a connection that only reads
    (capture) gives no keys: what has none yet is in no document.
    """
    labels = _labels(task, using)
    attributes = list(Attribute.objects.using(using).filter(label__in=[label.pk for label in labels]).order_by("id"))
    keys = task.label_keys
    if _missing(keys, labels, attributes):
        keys = _given_keys(task, labels, attributes) if using == "default" else _from_row(task, using)
    return _ids(keys, labels, attributes)


def _labels(task: Task, using: str) -> list[Label]:
    home = {"project_id": task.project_id} if task.project_id else {"task_id": task.pk}
    return list(Label.objects.using(using).filter(**home).order_by("id"))


def _missing(keys: dict[str, Any], labels: Iterable[Label], attributes: Iterable[Attribute]) -> bool:
    known_labels, known_attributes = keys.get("labels", {}), keys.get("attributes", {})
    return any(str(label.pk) not in known_labels for label in labels) or any(
        str(attribute.pk) not in known_attributes for attribute in attributes
    )


def _from_row(task: Task, using: str) -> dict[str, Any]:
    keys: dict[str, Any] = Task.objects.using(using).values_list("label_keys", flat=True).get(pk=task.pk)
    return keys


def _given_keys(task: Task, labels: Iterable[Label], attributes: Iterable[Attribute]) -> dict[str, Any]:
    """Give keys to what has none, from the row as it is now: somebody else may have given some in the meantime."""
    with transaction.atomic():
        keys: dict[str, Any] = (
            Task.objects.select_for_update().values_list("label_keys", flat=True).get(pk=task.pk) or {}
        )
        keys = {
            "labels": dict(keys.get("labels", {})),
            "attributes": dict(keys.get("attributes", {})),
            "next": keys.get("next", 1),
        }
        for name, rows in (("labels", labels), ("attributes", attributes)):
            for row in rows:
                if str(row.pk) not in keys[name]:
                    keys[name][str(row.pk)] = keys["next"]
                    keys["next"] += 1
        Task.objects.filter(pk=task.pk).update(label_keys=keys)
    task.label_keys = keys
    return keys


def _ids(keys: dict[str, Any], labels: Iterable[Label], attributes: Iterable[Attribute]) -> Ids:
    label_keys = {int(id): key for id, key in keys.get("labels", {}).items()}
    attribute_keys = {int(id): key for id, key in keys.get("attributes", {}).items()}
    by_label: dict[int, list[AttributeDef]] = {}
    for row in attributes:
        if row.pk in attribute_keys:
            by_label.setdefault(row.label_id, []).append(_attribute(row, attribute_keys[row.pk]))
    table = LabelTable(
        LabelDef(
            key=label_keys[label.pk],
            name=label.name,
            type=label.type,
            parent=label_keys.get(label.parent_id) if label.parent_id else None,
            attributes=tuple(by_label.get(label.pk, ())),
            deleted=label.deleted_at is not None,
        )
        for label in labels
        if label.pk in label_keys
    )
    return Ids(table, label_keys, attribute_keys)


def _attribute(row: Attribute, key: int) -> AttributeDef:
    return AttributeDef(key, row.name, row.mutable, row.input_type, row.default_value, tuple(row.values))
