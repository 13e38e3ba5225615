"""How alike two objects are that have no number in common: 0 (not at all) to 1, and the box that each lies in.

Rectangles, simple polygons and cuboids of point clouds by the area that they share (geometry.py), all others by the
boxes around them; tracks by their shapes on some frames.
"""

from __future__ import annotations

from collections.abc import Sequence

from labelkeep.annotations import tracks
from labelkeep.annotations.geometry import similarity
from labelkeep.annotations.model import Shape, Track, TrackedShape

Box = tuple[float, float, float, float]  # left, top, right, bottom
_LOOKED_AT = 12  # frames of two tracks
_POINTS = 64  # a polygon with more numbers is compared by its box: its area costs the square of them
_NOWHERE: Box = (0.0, 0.0, 0.0, 0.0)


def likeness(one: Shape | Track, other: Shape | Track, *, spatial: bool = False) -> float:
    """How alike two shapes, or two tracks, are. Labels are not looked at."""
    if isinstance(one, Shape) and isinstance(other, Shape):
        return _shapes(one, other, spatial)
    if isinstance(one, Track) and isinstance(other, Track):
        return _tracks(one, other, spatial)
    return 0.0


def box_of(item: Shape | Track | TrackedShape) -> Box:
    """The box around an object, on all frames of it."""
    boxes = [_own(item)] if isinstance(item, (Shape, TrackedShape)) and item.points else []
    if isinstance(item, Track):
        boxes += [_own(shape) for shape in item.shapes if shape.points]
    if isinstance(item, (Shape, Track)):
        boxes += [box_of(element) for element in item.elements]
    if not boxes:
        return _NOWHERE
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _own(shape: Shape | TrackedShape) -> Box:
    points = shape.points
    if shape.type == "mask":
        left, top, right, bottom = points[-4:]
        return left, top, right + 1, bottom + 1
    if shape.type == "ellipse":  # centre, right edge, top edge
        across, up = abs(points[2] - points[0]), abs(points[1] - points[3])
        return points[0] - across, points[1] - up, points[0] + across, points[1] + up
    return min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2])


def _shapes(one: Shape | TrackedShape, other: Shape | TrackedShape, spatial: bool) -> float:
    if one.type != other.type:
        return 0.0
    exact = one.type in ("rectangle", "polygon") or (spatial and one.type == "cuboid")
    if exact and len(one.points) <= _POINTS and len(other.points) <= _POINTS:
        value = similarity(one, other, spatial=spatial)
        if value or one.type != "polygon":
            return value
    return _boxes(box_of(one), box_of(other))


def _boxes(one: Box, other: Box) -> float:
    """Intersection over union; boxes are a pixel larger on each side, so that points and straight lines have some."""
    a, b = _grown(one), _grown(other)
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / (_area(a) + _area(b) - both)


def _grown(box: Box) -> Box:
    return box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _tracks(one: Track, other: Track, spatial: bool) -> float:
    values = []
    for frame in _frames(one, other):
        a, b = _seen(one, frame), _seen(other, frame)
        if a or b:
            values.append(_sum(a, b, spatial))
    return sum(values) / len(values) if values else 0.0


def _sum(one: dict[int, TrackedShape], other: dict[int, TrackedShape], spatial: bool) -> float:
    alike = sum(_shapes(one[place], other[place], spatial) for place in one.keys() & other.keys())
    return alike / len(one.keys() | other.keys())


def _frames(one: Track, other: Track) -> Sequence[int]:
    parts = [part for track in (one, other) for part in (track, *track.elements)]
    frames = sorted({shape.frame for part in parts for shape in part.shapes})
    step = max(1, -(-len(frames) // _LOOKED_AT))
    return frames[::step]


def _seen(track: Track, frame: int) -> dict[int, TrackedShape]:
    """What is seen on a frame: the track's own shape, and its points by their label."""
    found = {}
    for place, part in [(0, track), *((element.label, element) for element in track.elements)]:
        shape = tracks.at(part, frame)
        if shape is not None and not shape.outside and shape.points:
            found[place] = shape
    return found
