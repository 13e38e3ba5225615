"""The JSON of annotations in an archive as objects of documents, a batch at a time, every problem with its place.

A batch that is as it should be is decoded in one go. Only where that fails are its objects looked at one by one.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, NamedTuple, cast

import msgspec

from labelkeep.annotations.labels import ANY, LabelDef, LabelTable
from labelkeep.annotations.model import Attr, Object, Shape, ShapeType, Tag, Track, TrackedShape
from labelkeep.annotations.stream import Batch
from labelkeep.annotations.validate import check_object, points_fit
from labelkeep.archive.facts import Numbering
from labelkeep.archive.fields import escape
from labelkeep.archive.reports import Report
from labelkeep.findings import Level

Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
Signed = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Angle = Annotated[float, msgspec.Meta(ge=0, le=360)]
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Source = Annotated[str, msgspec.Meta(max_length=16)]
Text = Annotated[str, msgspec.Meta(max_length=4096)]


class _Value(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    name: str
    value: Text | int | float


class _Tag(msgspec.Struct, forbid_unknown_fields=True):
    frame: Count
    label: str
    group: Count | None = 0
    source: Source = "manual"
    attributes: list[_Value] = []


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    type: ShapeType
    frame: Count
    label: str
    occluded: bool = False
    outside: bool = False
    z_order: Signed = 0
    rotation: Angle = 0.0
    points: list[float] = []
    group: Count | None = 0
    source: Source = "manual"
    attributes: list[_Value] = []
    elements: list[_Shape] = []
    score: Score = 1.0


class _TrackedShape(msgspec.Struct, forbid_unknown_fields=True):
    type: ShapeType
    frame: Count
    occluded: bool = False
    outside: bool = False
    z_order: Signed = 0
    rotation: Angle = 0.0
    points: list[float] = []
    attributes: list[_Value] = []


class _Track(msgspec.Struct, forbid_unknown_fields=True):
    frame: Count
    label: str
    group: Count | None = 0
    source: Source = "manual"
    shapes: list[_TrackedShape] = []
    attributes: list[_Value] = []
    elements: list[_Track] = []


_TYPES: Final[dict[str, type[msgspec.Struct]]] = {"tags": _Tag, "shapes": _Shape, "tracks": _Track}
_DECODERS: Final = {key: msgspec.json.Decoder(list[kind]) for key, kind in _TYPES.items()}  # type: ignore[valid-type]
_NESTED: Final[dict[tuple[type, str], type]] = {
    **{(kind, "attributes"): _Value for kind in (_Tag, _Shape, _TrackedShape, _Track)},
    (_Shape, "elements"): _Shape,
    (_Track, "elements"): _Track,
    (_Track, "shapes"): _TrackedShape,
}


class _Label(NamedTuple):
    definition: LabelDef
    attributes: dict[str, int]


class _Skip(Exception):
    """An object cannot be used; the finding is there already."""


class Parser:
    """Turns the batches of one annotations.json into objects. Problems go into `report`."""

    def __init__(self, labels: LabelTable, member: str, report: Report) -> None:
        self._labels = labels
        self._member = member
        self._report = report
        self._known: dict[tuple[int | None, str], _Label] = {}
        self._told: set[tuple[str, str]] = set()

    def parse(self, batch: Batch, frames: tuple[int, int], numbering: Numbering) -> list[Object]:
        """The objects of a batch; those that cannot be used are left out, each with an error.

        Objects that begin outside `frames` (first, last of the job) are left out with a warning, as CVAT does.
        """
        place = f"/{batch.job}/{batch.key}"
        if batch.key not in _TYPES:
            if batch.items != b"[]":
                self._report.error("audio", "annotations of audio are not supported", self._member, place)
            return []
        found: list[Object] = []
        for i, item in self._decoded(batch, place):
            number = numbering.number()
            at = f"{place}/{batch.first + i}"
            if not frames[0] <= item.frame <= frames[1]:
                self._outside(item.frame, frames, at)
            try:
                made = self._object(item, number, numbering, at)
            except _Skip:
                continue
            if self._sound(made, at) and frames[0] <= item.frame <= frames[1]:
                found.append(made)
        return found

    def _sound(self, item: Object, at: str) -> bool:
        # the decoder has judged every number by itself; plain shapes, the most by far, need no second look
        if isinstance(item, Shape) and _is_plain(item):
            return True
        problems = check_object(item)
        for where, message in problems:
            self._report.error("bad-annotation", message, self._member, f"{at}/{where}")
        return not problems

    def _outside(self, frame: int, frames: tuple[int, int], at: str) -> None:
        message = f"begins on frame {frame}, the job has {frames[0]} to {frames[1]}; it was left out"
        self._report.add(Level.WARNING, "outside-job", message, self._member, at)

    def _decoded(self, batch: Batch, place: str) -> list[tuple[int, Any]]:
        try:
            return list(enumerate(_DECODERS[batch.key].decode(batch.items)))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(batch, place)

    def _one_by_one(self, batch: Batch, place: str) -> list[tuple[int, Any]]:
        found: list[tuple[int, Any]] = []
        kind = _TYPES[batch.key]
        for i, raw in enumerate(msgspec.json.decode(batch.items, type=list[msgspec.Raw])):
            at = f"{place}/{batch.first + i}"
            try:
                value = msgspec.json.decode(raw)
                self._drop_unknown(value, kind, at)
                found.append((i, msgspec.convert(value, kind)))
            except msgspec.ValidationError as error:
                message, where = _explain(str(error))
                self._report.error("bad-annotation", message, self._member, at + where)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._report.error("bad-json", f"is not JSON: {error}", self._member, at)
            except RecursionError:
                self._report.error("bad-json", "is nested too deeply", self._member, at)
        return found

    def _drop_unknown(self, value: object, kind: type, at: str) -> None:
        """Take unknown keys out of a plain JSON value, and name each once in the file."""
        if not isinstance(value, dict):
            return
        for key in [key for key in value if key not in kind.__struct_fields__]:  # type: ignore[attr-defined]
            del value[key]
            if (kind.__name__, key) not in self._told:
                self._told.add((kind.__name__, key))
                message = f"the key {key!r} is not known and was left out, here and wherever it comes again"
                self._report.add(Level.NOTE, "unknown-key", message, self._member, f"{at}/{escape(key)}")
        for key, inner in value.items():
            nested = _NESTED.get((kind, key))
            if nested and isinstance(inner, list):
                for i, item in enumerate(inner):
                    self._drop_unknown(item, nested, f"{at}/{key}/{i}")

    def _object(self, item: Any, number: int, numbering: Numbering, at: str) -> Object:
        if isinstance(item, _Shape):
            return self._shape(item, None, number, numbering, at)
        if isinstance(item, _Track):
            return self._track(item, None, number, numbering, at)
        tag = cast(_Tag, item)
        label = self._label(tag.label, None, "tag", at)
        return Tag(
            number=number,
            frame=tag.frame,
            label=label.definition.key,
            group=numbering.group(number, tag.group),
            source=tag.source,
            attributes=self._values(tag.attributes, label, at),
        )

    def _shape(self, item: _Shape, parent: int | None, number: int, numbering: Numbering, at: str) -> Shape:
        group = numbering.group(number, item.group)
        # numbers first: an object that is left out must not shift those of its neighbours
        element_numbers = [(numbering.number(), element) for element in item.elements]
        label = self._label(item.label, parent, item.type, at)
        shape = Shape(
            number=number,
            frame=item.frame,
            label=label.definition.key,
            type=item.type,
            points=item.points,
            occluded=item.occluded,
            outside=item.outside,
            z_order=item.z_order,
            rotation=item.rotation,
            group=group,
            source=item.source,
            score=item.score,
            attributes=self._values(item.attributes, label, at) if item.attributes else [],
        )
        if element_numbers:
            shape.elements = [
                self._shape(element, shape.label, n, numbering, f"{at}/elements/{i}")
                for i, (n, element) in enumerate(element_numbers)
            ]
        return shape

    def _track(self, item: _Track, parent: int | None, number: int, numbering: Numbering, at: str) -> Track:
        group = numbering.group(number, item.group)
        element_numbers = [(numbering.number(), element) for element in item.elements]
        label = self._label(item.label, parent, item.shapes[0].type if item.shapes else "", at)
        return Track(
            number=number,
            frame=item.frame,
            label=label.definition.key,
            group=group,
            source=item.source,
            attributes=self._values(item.attributes, label, at),
            shapes=[self._tracked(shape, label, f"{at}/shapes/{i}") for i, shape in enumerate(item.shapes)],
            elements=[
                self._track(element, label.definition.key, n, numbering, f"{at}/elements/{i}")
                for i, (n, element) in enumerate(element_numbers)
            ],
        )

    def _tracked(self, item: _TrackedShape, label: _Label, at: str) -> TrackedShape:
        return TrackedShape(
            frame=item.frame,
            type=item.type,
            points=item.points,
            occluded=item.occluded,
            outside=item.outside,
            z_order=item.z_order,
            rotation=item.rotation,
            attributes=self._values(item.attributes, label, at),
        )

    def _label(self, name: str, parent: int | None, drawn: str, at: str) -> _Label:
        label = self._known.get((parent, name)) or self._look_up(name, parent, at)
        wanted = label.definition.type
        if wanted not in (ANY, drawn) and drawn and (name, drawn) not in self._told:
            self._told.add((name, drawn))
            message = f"a {drawn} has the label {name!r}, which is for {wanted}; it was kept, and so are others like it"
            self._report.add(Level.WARNING, "label-type", message, self._member, f"{at}/label")
        return label

    def _look_up(self, name: str, parent: int | None, at: str) -> _Label:
        definition = self._labels.by_name(name, parent)
        if definition is None:
            what = "label" if parent is None else "point of its skeleton"
            self._report.error("unknown-label", f"{name!r} is no {what}", self._member, f"{at}/label")
            raise _Skip
        label = _Label(definition, {attribute.name: attribute.key for attribute in definition.attributes})
        self._known[parent, name] = label
        return label

    def _values(self, items: list[_Value], label: _Label, at: str) -> list[Attr]:
        found: dict[int, Attr] = {}
        for i, item in enumerate(items):
            key = label.attributes.get(item.name)
            if key is None:
                message = f"the label {label.definition.name!r} has no attribute {item.name!r}"
                self._report.error("unknown-attribute", message, self._member, f"{at}/attributes/{i}/name")
                raise _Skip
            if key in found:
                message = f"the attribute {item.name!r} has two values; the last one was kept"
                self._report.add(Level.WARNING, "two-values", message, self._member, f"{at}/attributes/{i}")
            found[key] = Attr(key, item.value if isinstance(item.value, str) else str(item.value))
        return list(found.values())


def _is_plain(item: Shape) -> bool:
    return item.type != "skeleton" and not item.elements and points_fit(item.type, len(item.points))


def _explain(message: str) -> tuple[str, str]:
    """msgspec's message, and the JSON pointer of the place that it names."""
    text, found, path = message.partition(" - at `$")
    if not found:
        return text, ""
    pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
    return text, pointer
