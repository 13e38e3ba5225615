"""Annotations of documents as the JSON of an archive (docs/design/archive.md): labels and attributes by name.

Works on one batch of objects and keeps nothing. parsing.py goes the other way; facts.py has what the JSON leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from labelkeep.annotations.labels import LabelTable
from labelkeep.annotations.model import Kind, Object, Shape, Tag, Track, TrackedShape
from labelkeep.archive.facts import Facts


class _Value(msgspec.Struct):
    name: str
    value: str


class _Tag(msgspec.Struct):
    frame: int
    group: int
    source: str
    attributes: list[_Value]
    label: str


class _Element(msgspec.Struct):
    type: str
    occluded: bool
    outside: bool
    z_order: int
    rotation: float
    points: list[float]
    frame: int
    group: int
    source: str
    attributes: list[_Value]
    score: float
    label: str


class _Shape(_Element):
    elements: list[_Element]


class _TrackedShape(msgspec.Struct):
    type: str
    occluded: bool
    outside: bool
    z_order: int
    rotation: float
    points: list[float]
    frame: int
    attributes: list[_Value]


class _TrackElement(msgspec.Struct):
    frame: int
    group: int
    source: str
    shapes: list[_TrackedShape]
    attributes: list[_Value]
    label: str


class _Track(_TrackElement):
    elements: list[_TrackElement]


class _Names:
    """Label and attribute names by key, as plain dictionaries: looked up for every object."""

    def __init__(self, labels: LabelTable) -> None:
        self.labels = {label.key: label.name for label in labels}
        self._attributes = {
            label.key: {attribute.key: attribute.name for attribute in label.attributes} for label in labels
        }

    def values(self, item: Object | TrackedShape, label: int) -> list[_Value]:
        known = self._attributes[label]
        return [_Value(known[value.key], value.value) for value in item.attributes if value.key in known]


class Renderer:
    """Renders objects of one task. Keep one for many batches: it prepares the names once."""

    def __init__(self, labels: LabelTable) -> None:
        self._names = _Names(labels)

    def render(self, kind: Kind, objects: Iterable[Object], facts: Facts | None = None) -> bytes:
        """The items of a JSON list, without its brackets, so that texts are joined with commas.

        Labels of the objects must be in the table. Every key that CVAT writes is there; a group of null is written as
        0 and noted in `facts`. An attribute that its label does not have any more is left out.
        """
        found: Sequence[msgspec.Struct]
        if kind == "tags":
            found = [self._tag(item) for item in objects if isinstance(item, Tag) and _noted(item, facts)]
        elif kind == "shapes":
            found = [self._shape(item, facts) for item in objects if isinstance(item, Shape)]
        else:
            found = [self._track(item, facts) for item in objects if isinstance(item, Track)]
        return msgspec.json.encode(found)[1:-1]

    def _tag(self, item: Tag) -> _Tag:
        values = self._names.values(item, item.label)
        return _Tag(item.frame, item.group or 0, item.source, values, self._names.labels[item.label])

    def _element(self, item: Shape) -> _Element:
        return _Element(
            item.type,
            item.occluded,
            item.outside,
            item.z_order,
            item.rotation,
            item.points,
            item.frame,
            item.group or 0,
            item.source,
            self._names.values(item, item.label) if item.attributes else [],
            item.score,
            self._names.labels[item.label],
        )

    def _shape(self, item: Shape, facts: Facts | None) -> _Shape:
        if facts is not None:
            _note(item, facts)
        return _Shape(
            item.type,
            item.occluded,
            item.outside,
            item.z_order,
            item.rotation,
            item.points,
            item.frame,
            item.group or 0,
            item.source,
            self._names.values(item, item.label) if item.attributes else [],
            item.score,
            self._names.labels[item.label],
            [self._element(element) for element in item.elements] if item.elements else [],
        )

    def _tracked(self, item: TrackedShape, label: int) -> _TrackedShape:
        return _TrackedShape(
            item.type,
            item.occluded,
            item.outside,
            item.z_order,
            item.rotation,
            item.points,
            item.frame,
            self._names.values(item, label) if item.attributes else [],
        )

    def _track_element(self, item: Track) -> _TrackElement:
        shapes = [self._tracked(shape, item.label) for shape in item.shapes]
        values = self._names.values(item, item.label)
        return _TrackElement(item.frame, item.group or 0, item.source, shapes, values, self._names.labels[item.label])

    def _track(self, item: Track, facts: Facts | None) -> _Track:
        if facts is not None:
            _note(item, facts)
        shapes = [self._tracked(shape, item.label) for shape in item.shapes]
        values = self._names.values(item, item.label)
        name = self._names.labels[item.label]
        elements = [self._track_element(element) for element in item.elements]
        return _Track(item.frame, item.group or 0, item.source, shapes, values, name, elements)


def _note(item: Shape | Track, facts: Facts) -> None:
    facts.note(item.number, item.group)
    for element in item.elements:
        facts.note(element.number, element.group)


def _noted(item: Tag, facts: Facts | None) -> bool:
    if facts is not None:
        facts.note(item.number, item.group)
    return True


def render(kind: Kind, objects: Iterable[Object], labels: LabelTable, facts: Facts | None = None) -> bytes:
    """`Renderer(labels).render(…)`, for a single batch."""
    return Renderer(labels).render(kind, objects, facts)
