"""Where a track is between its key frames (cvat-protocol §8.7), and the piece of it that lies in a job.

Rectangles, ellipses, cuboids and single points move linearly, turning the shorter way; polygons and polylines by
curves.py; groups of points, masks and skeletons stay as they were (a skeleton's elements are tracks of their own). A
shape that is `outside` ends what is seen, until the next one that is not. Mutable attributes are carried on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import msgspec

from labelkeep.annotations import curves
from labelkeep.annotations.model import Track, TrackedShape

_LINEAR = frozenset({"rectangle", "ellipse", "cuboid"})
_CURVED = frozenset({"polygon", "polyline"})


def at(track: Track, frame: int) -> TrackedShape | None:
    """The shape on `frame`, interpolated where it is no key frame; None before the track begins.

    After an `outside` shape, that shape is returned until the next key frame.
    """
    position = bisect_right(track.shapes, frame, key=_frame)
    if position == 0:
        return None
    left = _carried(track, position - 1)
    if left.frame == frame or left.outside or position == len(track.shapes):
        return msgspec.structs.replace(left, frame=frame)
    return between(left, track.shapes[position], frame)


def between(left: TrackedShape, right: TrackedShape, frame: int) -> TrackedShape:
    """The shape on a frame between two key frames."""
    share = (frame - left.frame) / (right.frame - left.frame)
    points, rotation = left.points, left.rotation
    if left.type == right.type:
        if left.type in _LINEAR and len(left.points) == len(right.points):
            points = _mixed(left.points, right.points, share)
            rotation = (left.rotation + _turn(left.rotation, right.rotation) * share + 360) % 360
        elif left.type == "points" and len(left.points) == len(right.points) == 2:
            points = _mixed(left.points, right.points, share)
        elif left.type in _CURVED:
            points = curves.between(left.points, right.points, share, closed=left.type == "polygon")
    return msgspec.structs.replace(left, frame=frame, points=points, rotation=rotation)


def piece(track: Track, start: int, stop: int) -> Track | None:
    """What a job with frames `start` to `stop` holds of the track; None if it is not seen there.

    Key frames inside stay; where the track enters or leaves, an interpolated key frame stands on the border.
    """
    elements = [part for element in track.elements if (part := piece(element, start, stop))]
    shapes = list(_inside(track, start, stop))
    if track.elements and not elements and not shapes:
        return None
    if not shapes and not elements:
        return None
    frame = min([shape.frame for shape in shapes[:1]] + [element.frame for element in elements])
    return msgspec.structs.replace(track, frame=frame, shapes=shapes, elements=elements)


def extent(track: Track) -> tuple[int, int | None]:
    """The first frame of a track and the last one on which it may be seen; None: it goes on for ever."""
    parts = [extent(element) for element in track.elements]
    if track.shapes:
        last = track.shapes[-1]
        parts.append((track.shapes[0].frame, last.frame if last.outside else None))
    ends = [end for _, end in parts if end is not None]
    first = min((start for start, _ in parts), default=track.frame)
    return first, max(ends) if ends and len(ends) == len(parts) else None


def is_seen(track: Track, frames: Iterable[int]) -> bool:
    """Whether the track, or an element of it, is seen on one of the frames."""
    return any(
        (shape := at(part, frame)) is not None and not shape.outside
        for frame in frames
        for part in (track, *track.elements)
    )


def _inside(track: Track, start: int, stop: int) -> Iterator[TrackedShape]:
    keys = [shape for shape in track.shapes if start <= shape.frame <= stop]
    if len(keys) == len(track.shapes):
        yield from keys
        return
    first = at(track, start)
    seen = first is not None and not first.outside
    begun = False  # the first shape of the piece says what the earlier ones said of mutable attributes
    if seen and first is not None and not (keys and keys[0].frame == start):
        yield first
        begun = True
    for position, key in enumerate(keys, bisect_left(track.shapes, start, key=_frame)):
        seen = seen or not key.outside  # nothing is said by an outside shape before the first visible one
        if seen:
            yield key if begun else _carried(track, position)
            begun = True
    last = at(track, stop)
    follows = track.shapes[-1].frame > stop
    if follows and last is not None and not last.outside and (keys or start != stop):
        if keys and keys[-1].frame == stop:
            return
        yield last


def _carried(track: Track, position: int) -> TrackedShape:
    """A key frame with the mutable attributes that it takes over from earlier ones."""
    shape = track.shapes[position]
    known = {attribute.key for attribute in shape.attributes}
    missing = []
    for earlier in reversed(track.shapes[:position]):
        for attribute in earlier.attributes:
            if attribute.key not in known:
                known.add(attribute.key)
                missing.append(attribute)
    return msgspec.structs.replace(shape, attributes=[*shape.attributes, *missing]) if missing else shape


def _frame(shape: TrackedShape) -> int:
    return shape.frame


def _mixed(left: list[float], right: list[float], share: float) -> list[float]:
    return [a + (b - a) * share for a, b in zip(left, right, strict=True)]


def _turn(left: float, right: float) -> float:
    """Degrees from one angle to another, the shorter way."""
    return (right - left + 180) % 360 - 180
