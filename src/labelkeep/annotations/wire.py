"""Annotations as the REST API speaks them (cvat-protocol §8.7): label and attribute ids instead of keys, object ids.

Reading is typed and fast where a batch is plainly right; where it is not, each object is looked at by itself, as
leniently as REST framework would, and what remains wrong is told in its nested form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import orjson

from labelkeep.annotations.labels import LabelDef, LabelTable
from labelkeep.annotations.model import Attr, Kind, Object, Shape, ShapeType, Tag, Track, TrackedShape
from labelkeep.annotations.trie import NUMBER_BITS, NUMBERS
from labelkeep.annotations.validate import check_object, nested
from labelkeep.annotations.wire_errors import bad_points, told
from labelkeep.errors import BadInput


@dataclass(frozen=True)
class Ids:
    """The labels of a task with the database ids that stand for their keys on the wire."""

    table: LabelTable
    labels: Mapping[int, int]  # label id → key
    attributes: Mapping[int, int]  # attribute id → key

    @cached_property
    def label_ids(self) -> Mapping[int, int]:
        """Key → label id."""
        return {key: id for id, key in self.labels.items()}

    @cached_property
    def attribute_ids(self) -> Mapping[int, int]:
        """Key → attribute id."""
        return {key: id for id, key in self.attributes.items()}

    def label(self, id: int, parent: LabelDef | None = None) -> LabelDef:
        """The living label with this id; with `parent`, one of its points.

        Raises:
            BadInput: there is none.
        """
        label = self.table.label(self.labels.get(id, 0))
        if label is None or label.deleted or label.parent != (parent.key if parent else None):
            raise BadInput([f"label_id `{id}` is invalid"])
        return label


class _Attribute(msgspec.Struct, gc=False):
    spec_id: int
    value: str | int | float


class _Tag(msgspec.Struct, kw_only=True, gc=False):
    id: int | None = None
    label_id: int
    frame: int
    group: int | None = 0
    source: str = "manual"
    attributes: list[_Attribute] = []


class _Shape(_Tag, kw_only=True, gc=False):
    type: ShapeType
    points: list[float] = []
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    score: float = 1.0
    elements: list[_Shape] = []


class _TrackedShape(msgspec.Struct, kw_only=True, gc=False):
    type: ShapeType
    frame: int
    points: list[float] = []
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    attributes: list[_Attribute] = []


class _Track(_Tag, kw_only=True, gc=False):
    shapes: list[_TrackedShape]
    elements: list[_Track] = []


_TYPES: dict[Kind, Any] = {"tags": _Tag, "shapes": _Shape, "tracks": _Track}
_READERS: dict[Kind, msgspec.json.Decoder[Any]] = {
    "tags": msgspec.json.Decoder(list[_Tag]),
    "shapes": msgspec.json.Decoder(list[_Shape]),
    "tracks": msgspec.json.Decoder(list[_Track]),
}


def read(kind: Kind, items: bytes, ids: Ids, *, numbered: bool, first: int = 0) -> list[tuple[int, Object]]:
    """The objects in the text of a JSON array, each with the id it was sent with (0: none); their numbers are 0.

    `numbered`: ids must be there (update, delete), else they must not. `first`: index of the first, for messages.

    Raises:
        BadInput: nested field errors, or a bare list where a label or attribute is unknown.
    """
    try:
        given = _READERS[kind].decode(items)
    except msgspec.DecodeError:
        given = _leniently(kind, items, first)
    return [_object(kind, item, ids, numbered, first + position) for position, item in enumerate(given)]


def _object(kind: Kind, item: Any, ids: Ids, numbered: bool, position: int) -> tuple[int, Object]:
    if numbered != (item.id is not None):
        message = "must be present and not null" if numbered else "must be absent"
        raise _fault(kind, position, {"id": [message]})
    label = ids.label(item.label_id)
    made = _made(kind, item, label, ids)
    if problems := check_object(made):
        raise _fault(kind, position, nested(problems))
    return item.id or 0, made


def _made(kind: Kind, item: Any, label: LabelDef, ids: Ids) -> Object:
    if kind == "shapes":
        return _shape(item, label, ids)
    if kind == "tracks":
        return _track(item, label, ids)
    return Tag(number=0, attributes=_attributes(item, label, ids), **_common(item, label))


def _common(item: Any, label: LabelDef) -> dict[str, Any]:
    return {"frame": item.frame, "label": label.key, "group": item.group, "source": item.source or "manual"}


def _shape(item: _Shape, label: LabelDef, ids: Ids) -> Shape:
    return Shape(
        number=0,
        frame=item.frame,
        label=label.key,
        type=item.type,
        points=item.points,
        occluded=item.occluded,
        outside=item.outside,
        z_order=item.z_order,
        rotation=item.rotation,
        group=item.group,
        source=item.source or "manual",
        score=item.score,
        attributes=_attributes(item, label, ids),
        elements=[_shape(element, ids.label(element.label_id, label), ids) for element in item.elements],
    )


def _track(item: _Track, label: LabelDef, ids: Ids) -> Track:
    shapes = sorted((_tracked(shape, label, ids) for shape in item.shapes), key=lambda shape: shape.frame)
    return Track(
        number=0,
        attributes=_attributes(item, label, ids, mutable=False),
        shapes=shapes,
        elements=[_track(element, ids.label(element.label_id, label), ids) for element in item.elements],
        **{**_common(item, label), "frame": shapes[0].frame if shapes else item.frame},
    )


def _tracked(item: _TrackedShape, label: LabelDef, ids: Ids) -> TrackedShape:
    return TrackedShape(
        frame=item.frame,
        type=item.type,
        points=item.points,
        occluded=item.occluded,
        outside=item.outside,
        z_order=item.z_order,
        rotation=item.rotation,
        attributes=_attributes(item, label, ids, mutable=True),
    )


def _attributes(item: Any, label: LabelDef, ids: Ids, mutable: bool | None = None) -> list[Attr]:
    """By key, the last of equal ones; `mutable`: only such attributes may stand here."""
    if not item.attributes:
        return []
    found: dict[int, str] = {}
    for given in item.attributes:
        known = label.attribute(ids.attributes.get(given.spec_id, 0))
        if known is None or (mutable is not None and known.mutable != mutable):
            raise BadInput([f"spec_id `{given.spec_id}` is invalid"])
        found[known.key] = str(given.value)
    return [Attr(key, value) for key, value in sorted(found.items())]


def _fault(kind: Kind, position: int, problem: dict[str, Any]) -> BadInput:
    """The wire pads with empty objects up to the wrong one; far down a long list only the wrong one is told."""
    padding: list[dict[str, Any]] = [{} for _ in range(position)] if position < 1_000 else []
    return BadInput({kind: [*padding, problem]})


def _leniently(kind: Kind, items: bytes, first: int) -> list[Any]:
    given = orjson.loads(items)
    made = []
    for position, item in enumerate(given):
        if not isinstance(item, dict):
            raise _fault(kind, first + position, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
        if problem := bad_points(item):
            raise _fault(kind, first + position, problem)
        try:
            made.append(msgspec.convert(item, _TYPES[kind], strict=False))
        except msgspec.ValidationError as error:
            raise _fault(kind, first + position, told(str(error))) from error
    return made


def id_of(job: int, number: int) -> int:
    """The id of an object on the wire; below 2^53, so that JavaScript keeps it."""
    return job << NUMBER_BITS | number


def job_and_number(id: int) -> tuple[int, int]:
    """The job and the number that an id stands for."""
    return id >> NUMBER_BITS, id & NUMBERS - 1


class Writer:
    """Objects of one job as the wire's JSON."""

    def __init__(self, ids: Ids, job: int) -> None:
        self._ids = ids
        self._base = job << NUMBER_BITS
        self._defaults = {label.key: self._default_values(label) for label in ids.table}

    def render(self, objects: list[Object]) -> bytes:
        """The objects, separated by commas, without brackets; empty for none."""
        return orjson.dumps([self.value(item) for item in objects])[1:-1]

    def value(self, item: Object) -> dict[str, Any]:
        """One object. Attributes that it has no value for are there with their defaults."""
        if isinstance(item, Shape):
            return self._shape(item, elements=True)
        if isinstance(item, Track):
            return self._track(item, elements=True)
        return self._common(item) | {"attributes": self._attributes(item.label, item.attributes, None)}

    def _common(self, item: Object) -> dict[str, Any]:
        return {
            "id": self._base | item.number,
            "label_id": self._ids.label_ids[item.label],
            "frame": item.frame,
            "group": item.group,
            "source": item.source,
        }

    def _shape(self, item: Shape, *, elements: bool) -> dict[str, Any]:
        value = {
            "id": self._base | item.number,
            "label_id": self._ids.label_ids[item.label],
            "type": item.type,
            "frame": item.frame,
            "group": item.group,
            "source": item.source,
            "occluded": item.occluded,
            "outside": item.outside,
            "z_order": item.z_order,
            "rotation": item.rotation,
            "points": item.points,
            "score": item.score,
            "attributes": self._attributes(item.label, item.attributes, None),
        }
        if elements:
            value["elements"] = [self._shape(part, elements=False) for part in item.elements if self._known(part)]
        return value

    def _track(self, item: Track, *, elements: bool) -> dict[str, Any]:
        carried: dict[int, str] = {}
        shapes = []
        for shape in item.shapes:
            carried = carried | {attribute.key: attribute.value for attribute in shape.attributes}
            shapes.append(self._tracked(item.label, shape, carried))
        value = self._common(item) | {
            "shapes": shapes,
            "attributes": self._attributes(item.label, item.attributes, False),
        }
        if elements:
            value["elements"] = [self._track(part, elements=False) for part in item.elements if self._known(part)]
        return value

    def _tracked(self, label: int, shape: TrackedShape, carried: dict[int, str]) -> dict[str, Any]:
        values = [Attr(key, value) for key, value in carried.items()]
        return {
            "id": None,
            "type": shape.type,
            "frame": shape.frame,
            "occluded": shape.occluded,
            "outside": shape.outside,
            "z_order": shape.z_order,
            "rotation": shape.rotation,
            "points": shape.points,
            "attributes": self._attributes(label, values, True),
        }

    def _known(self, element: Shape | Track) -> bool:
        return element.label in self._ids.table.shown

    def _default_values(self, label: LabelDef) -> list[tuple[int, int, str, bool]]:
        ids = self._ids.attribute_ids
        return [(item.key, ids[item.key], item.default_value, item.mutable) for item in label.attributes]

    def _attributes(self, label: int, given: list[Attr], mutable: bool | None) -> list[dict[str, Any]]:
        """Values by attribute id; attributes that the label no longer has are left out."""
        if not self._defaults[label]:
            return []
        values = {attribute.key: attribute.value for attribute in given}
        return [
            {"spec_id": id, "value": values.get(key, default)}
            for key, id, default, changes in self._defaults[label]
            if mutable is None or changes == mutable
        ]
