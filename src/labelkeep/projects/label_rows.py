"""Label rows from label input: what verbs that make or change labels share. Runs inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from labelkeep.errors import BadInput, NotFound
from labelkeep.projects import svg
from labelkeep.projects.colors import color_for
from labelkeep.projects.label_input import AttributeInput, LabelInput, SublabelInput, unique_names
from labelkeep.projects.models import Attribute, Label, Project, Task


def labels_of(home: Project | Task) -> QuerySet[Label]:
    """The labels of a project or task that are not deleted, sublabels included."""
    return home.labels.filter(deleted_at=None)


def inputs_of(home: Project | Task) -> list[LabelInput]:
    """The labels of a project or task as what makes the same ones elsewhere."""
    rows = list(labels_of(home).prefetch_related("attributes").order_by("id"))
    points: dict[int, list[SublabelInput]] = {}
    for row in rows:
        if row.parent_id is not None:
            points.setdefault(row.parent_id, []).append(SublabelInput(**_input(row)))
    top = [row for row in rows if row.parent_id is None]
    return [LabelInput(**_input(row), svg=row.svg, sublabels=points.get(row.pk, [])) for row in top]


def _input(row: Label) -> dict[str, Any]:
    names = ("name", "mutable", "input_type", "default_value", "values")
    attributes = sorted(row.attributes.all(), key=lambda attribute: attribute.pk)
    return {
        "name": row.name,
        "color": row.color,
        "type": row.type,
        "attributes": [AttributeInput(**{name: getattr(item, name) for name in names}) for item in attributes],
    }


def create(home: Project | Task, inputs: Sequence[LabelInput]) -> None:
    """Make new labels in the order given: few statements, however many labels."""
    taken = set(labels_of(home).filter(parent=None).values_list("color", flat=True))
    rows = [_new(home, label, taken) for label in inputs]
    for row, label in zip(rows, inputs, strict=True):
        row.svg = (label.svg or "") if row.type == "skeleton" else ""
    Label.objects.bulk_create(rows)
    points = [(row, point) for row, label in zip(rows, inputs, strict=True) for point in label.sublabels]
    point_rows = create_sublabels(home, points)
    _create_attributes([*zip(rows, inputs, strict=True), *zip(point_rows, (point for _, point in points), strict=True)])


def create_sublabels(home: Project | Task, points: Sequence[tuple[Label, SublabelInput]]) -> list[Label]:
    """Make the points of skeletons; their attributes are the caller's."""
    taken: dict[int, set[str]] = {}
    rows = [_new(home, point, taken.setdefault(parent.pk, set()), parent) for parent, point in points]
    return Label.objects.bulk_create(rows)


def change(label: Label, given: SublabelInput) -> None:
    """Apply what is given to a label; what is not given stays. A skeleton stays one, and no other becomes one."""
    old = label.name
    label.name = given.name or label.name
    if given.type is not None and "skeleton" not in (given.type, label.type):
        label.type = given.type
    label.color = given.color or label.color
    if isinstance(given, LabelInput) and label.type == "skeleton":
        _change_sublabels(label, given.sublabels)
        if given.svg:
            label.svg = svg.with_names(given.svg, dict(label.sublabels.values_list("id", "name")))
    label.save(update_fields=["name", "type", "color", "svg"])
    if label.parent is not None and label.name != old:
        label.parent.svg = svg.renamed(label.parent.svg, old, label.name)
        label.parent.save(update_fields=["svg"])
    _change_attributes(label, given.attributes)


def bury(label: Label, now: datetime) -> None:
    """Delete a label, leaving a tombstone: shapes are filtered on read, and an undo finds everything as it was."""
    Label.objects.filter(pk=label.pk).update(deleted_at=now)
    label.sublabels.filter(deleted_at=None).update(deleted_at=now)


def check_names(home: Project | Task) -> None:
    """Raise when two live labels of one parent came to have the same name."""
    unique_names(labels_of(home).filter(parent=None).values_list("name", flat=True))


def find(home: Project | Task, id: int, parent: Label | None = None) -> Label:
    """The live label with this id in `home`.

    Raises:
        NotFound: there is none.
    """
    label = labels_of(home).filter(pk=id, parent=parent).select_related("parent").first()
    if label is None:
        raise NotFound(f"Not found label with id #{id} to change")
    return label


def _new(home: Project | Task, given: SublabelInput, taken: set[str], parent: Label | None = None) -> Label:
    color = (given.color or color_for(given.name, taken)).lower()
    taken.add(color)
    place = {"project": home} if isinstance(home, Project) else {"task": home}
    default = "points" if parent is not None else "any"
    return Label(**place, parent=parent, name=given.name, color=color, type=given.type or default)


def _create_attributes(pairs: Iterable[tuple[Label, SublabelInput]]) -> None:
    Attribute.objects.bulk_create(
        [_new_attribute(label, attribute) for label, given in pairs for attribute in given.attributes]
    )


def _new_attribute(label: Label, given: AttributeInput) -> Attribute:
    values = given.values or []
    return Attribute(
        label=label,
        name=given.name,
        mutable=bool(given.mutable),
        input_type=given.input_type or "text",
        default_value=given.default_value if given.default_value is not None else (values[0] if values else ""),
        values=values,
    )


def _change_sublabels(label: Label, points: Sequence[SublabelInput]) -> None:
    home = label.project or label.task
    assert home is not None
    for point in points:
        if point.id is not None:
            row = find(home, point.id, parent=label)
            row.parent = label  # one object: a renamed point changes this label's picture
            change(row, point)
        else:
            rows = create_sublabels(home, [(label, point)])
            _create_attributes([(rows[0], point)])
    if points:
        unique_names(label.sublabels.filter(deleted_at=None).values_list("name", flat=True))


def _change_attributes(label: Label, attributes: Sequence[AttributeInput]) -> None:
    if not attributes:
        return
    present = {row.pk: row for row in label.attributes.all()}
    for given in attributes:
        if given.id is None:
            _new_attribute(label, given).save()
            continue
        row = present.get(given.id)
        if row is None:
            raise NotFound(f"Attribute with id #{given.id} does not exist")
        if given.deleted:
            row.delete()
        else:
            _change_attribute(row, given)
    names = list(label.attributes.values_list("name", flat=True))
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"Duplicate attribute with name '{name}' exists")


def _change_attribute(row: Attribute, given: AttributeInput) -> None:
    row.name = given.name or row.name
    row.mutable = row.mutable if given.mutable is None else given.mutable
    row.input_type = given.input_type or row.input_type
    row.default_value = row.default_value if given.default_value is None else given.default_value
    row.values = row.values if given.values is None else given.values
    row.save()
