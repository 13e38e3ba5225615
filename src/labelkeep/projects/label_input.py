"""Labels as they are given: structs, and the checks that need no database (spec/cvat-protocol.md §8.6).   Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec.structs import replace

from labelkeep.errors import BadInput
from labelkeep.projects import colors, svg

TYPES = (
    "any",
    "cuboid",
    "ellipse",
    "mask",
    "points",
    "polygon",
    "polyline",
    "rectangle",
    "skeleton",
    "tag",
)
INPUT_TYPES = ("checkbox", "radio", "number", "text", "select")
SVG_LIMIT = 2**20


class AttributeInput(msgspec.Struct, kw_only=True):
    """An attribute to make or, with `id`, to change; `deleted` removes it."""

    id: int | None = None
    name: str = ""
    mutable: bool | None = None
    input_type: str | None = None
    default_value: str | None = None
    values: list[str] | None = None
    deleted: bool = False


class SublabelInput(msgspec.Struct, kw_only=True):
    """A point of a skeleton."""

    id: int | None = None
    name: str = ""
    color: str | None = None
    type: str | None = None
    attributes: list[AttributeInput] = []


class LabelInput(SublabelInput, kw_only=True):
    """A label to make or, with `id`, to change; `deleted` removes it. What is not given stays as it is."""

    deleted: bool = False
    svg: str | None = None
    sublabels: list[SublabelInput] = []


def as_new(label: LabelInput) -> LabelInput:
    """The label as one to be made, where it was copied from somewhere else: its ids mean nothing here.

    Nodes of its picture that show the copied ids of points come to name these points.
    """
    names = {point.id: point.name for point in label.sublabels if point.id is not None}
    return replace(
        label,
        id=None,
        attributes=_new_attributes(label),
        sublabels=[replace(point, id=None, attributes=_new_attributes(point)) for point in label.sublabels],
        svg=svg.with_names(label.svg, names) if label.svg else label.svg,
    )


def _new_attributes(label: SublabelInput) -> list[AttributeInput]:
    return [replace(attribute, id=None) for attribute in label.attributes if not attribute.deleted]


def check(labels: Sequence[LabelInput]) -> None:
    """Check everything that can be seen without the database.

    Raises:
        BadInput: `{"labels": [{} or {field: [sentence]}, …]}`, or a list of one sentence.
    """
    errors = [_errors(label) for label in labels]
    if any(errors):
        raise BadInput({"labels": errors})
    for label in labels:
        _unique_attributes(label.attributes)
        for sublabel in label.sublabels:
            _unique_attributes(sublabel.attributes)
    unique_names(label.name for label in labels if label.name and not label.deleted)


def unique_names(names: Iterable[str]) -> None:
    """Raise when two labels of one parent have the same name."""
    listed = list(names)
    if len(listed) != len(set(listed)):
        raise BadInput("All label names must be unique")


def _errors(label: SublabelInput) -> dict[str, object]:
    errors: dict[str, object] = {}
    label.name = label.name.strip()
    new = label.id is None
    if new and isinstance(label, LabelInput) and label.deleted:
        errors["non_field_errors"] = ["A label that is to be deleted must have an id"]
    if problem := _name(label.name, required=new):
        errors["name"] = [problem]
    if label.color and not colors.is_color(label.color):
        errors["color"] = ["A color must look like #rrggbb."]
    if label.type is not None and label.type not in TYPES:
        errors["type"] = [f'"{label.type}" is not a valid choice.']
    problems = [_attribute(attribute) for attribute in label.attributes]
    if any(problems):
        errors["attributes"] = problems
    if isinstance(label, LabelInput):
        _skeleton(label, errors)
    elif label.type == "skeleton":
        errors["type"] = ["A point of a skeleton cannot be a skeleton."]
    return errors


def _skeleton(label: LabelInput, errors: dict[str, object]) -> None:
    if label.svg and len(label.svg) > SVG_LIMIT:
        errors["svg"] = [f"Ensure this field has no more than {SVG_LIMIT} characters."]
    if label.id is None and label.type != "skeleton" and (label.sublabels or label.svg):
        errors["sublabels"] = ["Only skeletons may have sublabels and an svg."]
    problems = [_errors(sublabel) for sublabel in label.sublabels]
    if any(problems):
        errors["sublabels"] = problems
    elif len({it.name for it in label.sublabels if it.name}) != len([it for it in label.sublabels if it.name]):
        errors["sublabels"] = ["All label names must be unique"]


def _name(name: str, *, required: bool) -> str:
    if required and not name:
        return "This field may not be blank."
    if "\x00" in name:
        return "Null characters are not allowed."
    return "Ensure this field has no more than 64 characters." if len(name) > 64 else ""


def _attribute(attribute: AttributeInput) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    attribute.name = attribute.name.strip()
    new = attribute.id is None
    if problem := _name(attribute.name, required=new):
        errors["name"] = [problem]
    if new and attribute.input_type is None:
        errors["input_type"] = ["This field is required."]
    if attribute.input_type is not None and attribute.input_type not in INPUT_TYPES:
        errors["input_type"] = [f'"{attribute.input_type}" is not a valid choice.']
    if attribute.default_value is not None and len(attribute.default_value) > 128:
        errors["default_value"] = ["Ensure this field has no more than 128 characters."]
    if attribute.values is not None:
        if any(len(value) > 200 for value in attribute.values):
            errors["values"] = ["Ensure this field has no more than 200 characters."]
        if any("\n" in value for value in attribute.values):
            errors["values"] = ["A value must be a single line."]
    return errors


def _unique_attributes(attributes: Sequence[AttributeInput]) -> None:
    seen: set[str] = set()
    for attribute in attributes:
        if attribute.deleted or not attribute.name:
            continue
        if attribute.name in seen:
            raise BadInput(f"Duplicate attribute with name '{attribute.name}' exists")
        seen.add(attribute.name)
