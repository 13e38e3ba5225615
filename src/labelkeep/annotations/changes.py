"""What has become of one object: how two values of it differ, in the words of people who draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any, Literal

from labelkeep.annotations.model import Object, Shape, Tag, Track, TrackedShape

# `other`: occluded, outside, z order, group, source or score; of a track also which numbers its points have.
Change = Literal["added", "removed", "moved", "relabelled", "attributes", "other"]
CHANGES: tuple[Change, ...] = ("added", "removed", "moved", "relabelled", "attributes", "other")


def changes(before: Object | None, after: Object | None) -> list[Change]:
    """How an object has changed, in the order of CHANGES; empty where it has not."""
    if before is None or after is None:
        return ["added"] if before is None and after is not None else ["removed"] if after is None and before else []
    if before == after:
        return []
    told: list[tuple[Change, Callable[[Any], Any]]] = [
        ("moved", geometry),
        ("relabelled", _label),
        ("attributes", attributes),
    ]
    found = [change for change, of in told if of(before) != of(after)]
    return found + (["other"] if _other(before) != _other(after) or not found else [])


def key_frames(before: Track, after: Track) -> list[int]:
    """The frames on which the key frames of two tracks, or of their points, differ."""
    one, other = _keys(before), _keys(after)
    found = {frame for frame in one.keys() | other.keys() if one.get(frame) != other.get(frame)}
    for a, b in _paired(before.elements, after.elements):
        if a is None or b is None:
            found.update(shape.frame for part in (a, b) if part for shape in part.shapes)
        else:
            found.update(key_frames(a, b))
    return sorted(found)


def geometry(item: Object) -> tuple[Any, ...]:
    """Where and what it is: frame, type, points, rotation; of a track, those of its key frames."""
    if isinstance(item, Tag):
        return (item.frame,)
    if isinstance(item, Track):
        own: tuple[Any, ...] = tuple(_place(shape) for shape in item.shapes)
    else:
        own = (_place(item),)
    return own, tuple(geometry(element) for element in _in_order(item.elements))


def attributes(item: Object) -> tuple[Any, ...]:
    """The values of all its attributes."""
    own: tuple[Any, ...] = (_values(item),)
    if isinstance(item, Track):
        own += tuple((shape.frame, _values(shape)) for shape in item.shapes if shape.attributes)
    return own if isinstance(item, Tag) else (own, tuple(attributes(element) for element in _in_order(item.elements)))


def content(item: Object) -> tuple[Any, ...]:
    """All but its numbers: two objects with the same content are the same to people."""
    return _label(item), geometry(item), attributes(item), _other(item)


def _label(item: Object) -> Any:
    return item.label if isinstance(item, Tag) else (item.label, tuple(part.label for part in _in_order(item.elements)))


def _other(item: Object) -> tuple[Any, ...]:
    common = (item.group or 0, item.source)
    if isinstance(item, Tag):
        return common
    if isinstance(item, Shape):
        own: Any = (item.occluded, item.outside, item.z_order, item.score)
    else:
        own = tuple((shape.frame, shape.occluded, shape.outside, shape.z_order) for shape in item.shapes)
    return common, own, tuple(_other(element) for element in _in_order(item.elements))


def _place(shape: Shape | TrackedShape) -> tuple[Any, ...]:
    return shape.frame, shape.type, tuple(shape.points), shape.rotation


def _values(item: Object | TrackedShape) -> tuple[Any, ...]:
    return tuple(sorted((attribute.key, attribute.value) for attribute in item.attributes))


def _in_order(elements: Sequence[Any]) -> list[Any]:
    return sorted(elements, key=lambda element: (element.label, element.number)) if elements else []


def _keys(track: Track) -> dict[int, TrackedShape]:
    return {shape.frame: shape for shape in track.shapes}


def _paired(before: Sequence[Track], after: Sequence[Track]) -> list[tuple[Track | None, Track | None]]:
    return list(zip_longest(_in_order(before), _in_order(after)))
