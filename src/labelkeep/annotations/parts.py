"""The annotation document of a job: an index that names immutable parts, one kind of object each (design §1).

A part is `{"kind", "version", "objects": […]}` in canonical JSON: fields in the order of model.py, defaults left out,
shortest floats, −0 as 0, no NaN; objects in the order of (frame, number). Parts are cut as trie.py says. Everything
here works part by part, so memory does not grow with the number of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

import msgspec

from labelkeep.annotations.model import KINDS, Kind, Object, Shape, Tag, Track, TrackedShape
from labelkeep.annotations.trie import NUMBER_BITS, NUMBERS, Record, key_of
from labelkeep.errors import BadInput

Put = Callable[[bytes], str]  # keeps a document, returns its name
Get = Callable[[str], bytes]

VERSION: Literal[1] = 1
LAST_FRAME = 2**31 - 1


class Part(msgspec.Struct, omit_defaults=True, kw_only=True, frozen=True):
    """One part: its document, the first and the last object in it, and what it holds."""

    kind: Kind
    name: str
    first: tuple[int, int]  # frame and number of the first object
    last: tuple[int, int]
    count: int
    size: int  # bytes of the objects' canonical JSON, a comma each
    labels: dict[int, int] = {}  # objects by label key

    @property
    def low(self) -> int:
        """The key of the first object."""
        return key_of(*self.first)


class Index(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The document that a job names. `parts` are in the order of KINDS, then of their objects."""

    kind: Literal["annotations"]
    version: Literal[1]
    next: int = 1  # the next object number; numbers are never reused
    parts: list[Part] = []

    def of(self, kind: Kind) -> list[Part]:
        """The parts of one kind, in order."""
        return [part for part in self.parts if part.kind == kind]

    def counts(self) -> dict[str, dict[str, int]]:
        """`{"<label key>": {"<kind>": n}}`."""
        found: dict[str, dict[str, int]] = {}
        for part in self.parts:
            for label, count in part.labels.items():
                kinds = found.setdefault(str(label), {})
                kinds[part.kind] = kinds.get(part.kind, 0) + count
        return found


@dataclass(frozen=True, slots=True)
class Written:
    """An index and the name under which it is kept."""

    name: str
    index: Index


def index_of(parts: list[Part], next_number: int) -> Index:
    """The index of these parts, in order."""
    parts = sorted(parts, key=lambda part: (KINDS.index(part.kind), part.first))
    return Index(kind="annotations", version=VERSION, next=next_number, parts=parts)


EMPTY = index_of([], 1)


class _Tags(msgspec.Struct):
    kind: Literal["tags"]
    version: Literal[1]
    objects: list[Tag]


class _Shapes(msgspec.Struct):
    kind: Literal["shapes"]
    version: Literal[1]
    objects: list[Shape]


class _Tracks(msgspec.Struct):
    kind: Literal["tracks"]
    version: Literal[1]
    objects: list[Track]


_READERS: dict[Kind, msgspec.json.Decoder[Any]] = {
    "tags": msgspec.json.Decoder(_Tags),
    "shapes": msgspec.json.Decoder(_Shapes),
    "tracks": msgspec.json.Decoder(_Tracks),
}
_TYPES: dict[Kind, Any] = {"tags": Tag, "shapes": Shape, "tracks": Track}
_INDEX = msgspec.json.Decoder(Index)
_ENCODER = msgspec.json.Encoder()


def read_index(name: str, get: Get) -> Index:
    """Read an index; the empty name is the empty document."""
    return _INDEX.decode(get(name)) if name else EMPTY


def read_part(part: Part, get: Get) -> list[Object]:
    """All objects of one part."""
    objects: list[Object] = _READERS[part.kind].decode(get(part.name)).objects
    return objects


class _Head(msgspec.Struct, gc=False):
    number: int
    frame: int
    label: int


class _Heads(msgspec.Struct):
    objects: list[_Head]


class _Raws(msgspec.Struct):
    objects: list[msgspec.Raw]


_HEADS, _RAWS = msgspec.json.Decoder(_Heads), msgspec.json.Decoder(_Raws)
_FEW = 4  # from one wanted object in so many on, reading the whole part is no slower


def read_records(part: Part, get: Get) -> list[Record]:
    """The objects of one part as they stand there. A part is canonical, so this is what encoding them would give."""
    text = get(part.name)
    pairs = zip(_HEADS.decode(text).objects, _RAWS.decode(text).objects, strict=True)
    return [Record(key_of(head.frame, head.number), head.label, bytes(raw)) for head, raw in pairs]


def read_numbered(part: Part, numbers: Collection[int], get: Get) -> list[Object]:
    """Those objects of one part that have one of these numbers. For few of them the others are skipped over."""
    if len(numbers) * _FEW > part.count:
        return [item for item in read_part(part, get) if item.number in numbers]
    text = get(part.name)
    places = [at for at, head in enumerate(_HEADS.decode(text).objects) if head.number in numbers]
    raws = _RAWS.decode(text).objects if places else []
    return [read_object(part.kind, raws[at]) for at in places]


def read_object(kind: Kind, data: bytes | msgspec.Raw) -> Object:
    """One object, as `record_of` encoded it."""
    item: Object = msgspec.json.decode(data, type=_TYPES[kind])
    return item


def iterate(index: Index, kind: Kind, get: Get, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
    """The objects of one kind on frames `start` up to but not including `stop`, part by part, by (frame, number).

    A track counts as being on the frame where it begins.
    """
    stop = LAST_FRAME + 1 if stop is None else stop
    for part in index.of(kind):
        if part.last[0] < start or part.first[0] >= stop:
            continue
        objects = read_part(part, get)
        if part.first[0] < start or part.last[0] >= stop:
            objects = [item for item in objects if start <= item.frame < stop]
        yield objects


def write_index(index: Index, put: Put) -> Written:
    """Keep an index."""
    return Written(put(_ENCODER.encode(index)), index)


def write_part(kind: Kind, records: Sequence[Record], put: Put) -> Part:
    """Keep sorted records as one part."""
    body = b",".join([record.data for record in records])
    labels: dict[int, int] = {}
    for record in records:
        labels[record.label] = labels.get(record.label, 0) + 1
    return Part(
        kind=kind,
        name=put(b'{"kind":"%b","version":%d,"objects":[%b]}' % (kind.encode(), VERSION, body)),
        first=_place(records[0].key),
        last=_place(records[-1].key),
        count=len(records),
        size=len(body) + 1,
        labels=dict(sorted(labels.items())),
    )


def record_of(item: Object) -> Record:
    """Encode one object canonically.

    Raises:
        BadInput: a number in it is not finite, or frame or object number are out of range.
    """
    if not (0 <= item.frame <= LAST_FRAME and 0 < item.number < NUMBERS):
        raise BadInput(f"object {item.number} on frame {item.frame}: out of range")
    _settle(item)
    data = _ENCODER.encode(item)
    if b"null" in data:  # NaN and Infinity are written so, and a group that is None
        _check_finite(item)
    if b"-0.0" in data:
        data = _ENCODER.encode(_without_minus_zero(item))
    return Record(key_of(item.frame, item.number), item.label, data)


def canonical(item: Object) -> bytes:
    """The canonical JSON of one object."""
    return record_of(item).data


def _place(key: int) -> tuple[int, int]:
    return key >> NUMBER_BITS, key & NUMBERS - 1


# msgspec leaves out a field that *is* its default, and equal floats and strings need not be the same object.
_SOURCE, _ROTATION, _SCORE = (
    next(field.default for field in msgspec.structs.fields(Shape) if field.name == name)
    for name in ("source", "rotation", "score")
)


def _settle(item: Object | TrackedShape) -> None:
    """Let values that equal their default be it."""
    if isinstance(item, (Shape, TrackedShape)) and item.rotation == 0:
        item.rotation = _ROTATION
    if isinstance(item, TrackedShape):
        return
    if item.source == _SOURCE:
        item.source = _SOURCE
    if isinstance(item, Shape):
        if item.score == 1:
            item.score = _SCORE
    elif isinstance(item, Track):
        for shape in item.shapes:
            _settle(shape)
    for element in getattr(item, "elements", ()):
        _settle(element)


def _check_finite(item: Object | TrackedShape) -> None:
    for geometry in _geometries(item):
        numbers = [*geometry.points, geometry.rotation, getattr(geometry, "score", 0.0)]
        if not all(map(isfinite, numbers)):
            raise BadInput(f"object on frame {item.frame}: a number is not finite")


def _without_minus_zero(item: Object) -> Object:
    copy = msgspec.convert(msgspec.to_builtins(item), type(item))
    _settle(copy)
    for geometry in _geometries(copy):
        geometry.points = [value + 0.0 for value in geometry.points]  # −0.0 + 0.0 is 0.0
        if isinstance(geometry, Shape) and geometry.score == 0:
            geometry.score = 0.0
    return copy


def _geometries(item: Object | TrackedShape) -> Iterator[Shape | TrackedShape]:
    if isinstance(item, (Shape, TrackedShape)):
        yield item
    if isinstance(item, Track):
        yield from item.shapes
    for element in getattr(item, "elements", ()):
        yield from _geometries(element)
