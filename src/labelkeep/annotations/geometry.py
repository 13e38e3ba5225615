"""How much two shapes cover each other: intersection over union of rectangles, polygons and cuboids of point clouds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise

from labelkeep.annotations.model import Shape, TrackedShape

Point = tuple[float, float]
Edge = tuple[Point, Point]


def similarity(a: Shape | TrackedShape, b: Shape | TrackedShape, *, spatial: bool = False) -> float:
    """0 (nothing in common, or nothing known) to 1; rotation is not looked at. `spatial`: cuboids are 3D."""
    if a.type != b.type:
        return 0.0
    if a.type == "rectangle":
        return _ratio(_box_overlap(a.points, b.points), _box_area(a.points), _box_area(b.points))
    if a.type == "polygon":
        return _polygons(a.points, b.points)
    if a.type == "cuboid" and spatial:
        return _cuboids(a.points, b.points)
    return 0.0


def _ratio(both: float, one: float, other: float) -> float:
    return both / (one + other - both) if one > 0 and other > 0 else 0.0


def _box_area(box: list[float]) -> float:
    return abs((box[2] - box[0]) * (box[3] - box[1]))


def _box_overlap(a: list[float], b: list[float]) -> float:
    return _shared(a[0], a[2], b[0], b[2]) * _shared(a[1], a[3], b[1], b[3])


def _shared(a: float, b: float, c: float, d: float) -> float:
    """The length that two intervals have in common."""
    return max(0.0, min(max(a, b), max(c, d)) - max(min(a, b), min(c, d)))


def _cuboids(a: list[float], b: list[float]) -> float:
    """Centre x, y, z, three rotations (not looked at), then sizes x, y, z."""
    both = one = other = 1.0
    for axis in range(3):
        p, s, q, t = a[axis], abs(a[axis + 6]) / 2, b[axis], abs(b[axis + 6]) / 2
        both *= _shared(p - s, p + s, q - t, q + t)
        one, other = one * 2 * s, other * 2 * t
    return _ratio(both, one, other)


def _polygons(a: list[float], b: list[float]) -> float:
    p, q = _edges(a), _edges(b)
    one, other = abs(_area(p)), abs(_area(q))
    if min(one, other) == 0:
        return 0.0
    most = min(one, other, _box_overlap(_bounds(a), _bounds(b)))
    if _ratio(most, one, other) == 0 or not (_is_simple(p) and _is_simple(q)):
        return 0.0
    return _ratio(one if a == b else _intersection(p, q), one, other)


def _edges(flat: list[float]) -> list[Edge]:
    points = list(zip(flat[::2], flat[1::2], strict=True))
    return [(p, q) for p, q in pairwise([*points, points[0]]) if p != q]


def _area(edges: list[Edge]) -> float:
    return sum(p[0] * q[1] - q[0] * p[1] for p, q in edges) / 2


def _bounds(flat: list[float]) -> list[float]:
    return [min(flat[::2]), min(flat[1::2]), max(flat[::2]), max(flat[1::2])]


def _is_simple(edges: list[Edge]) -> bool:
    """Whether no two edges cross or touch, but for neighbours in their common point."""
    last = len(edges) - 1
    for (i, e), (j, f) in combinations(enumerate(edges), 2):
        neighbours = j == i + 1 or (i == 0 and j == last)
        if not neighbours and _meet(e, f):
            return False
        if neighbours and _fold(e, f):
            return False
    return True


def _side(p: Point, q: Point, r: Point) -> float:
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def _on(p: Point, q: Point, r: Point) -> bool:
    return min(p[0], q[0]) <= r[0] <= max(p[0], q[0]) and min(p[1], q[1]) <= r[1] <= max(p[1], q[1])


def _meet(e: Edge, f: Edge) -> bool:
    a, b = _side(*e, f[0]), _side(*e, f[1])
    c, d = _side(*f, e[0]), _side(*f, e[1])
    if a * b < 0 and c * d < 0:
        return True
    touches = ((a, e, f[0]), (b, e, f[1]), (c, f, e[0]), (d, f, e[1]))
    return any(side == 0 and _on(*edge, point) for side, edge, point in touches)


def _fold(e: Edge, f: Edge) -> bool:
    """Whether two neighbours lie on each other."""
    common = e[1] if e[1] == f[0] else e[0]
    first = e[0] if common == e[1] else e[1]
    second = f[1] if common == f[0] else f[0]
    return _side(first, common, second) == 0 and not _on(first, second, common)


def _intersection(p: list[Edge], q: list[Edge]) -> float:
    """The common area of two simple polygons: between neighbouring heights no edges cross, so strips are trapezoids."""
    heights = {y for edge in p + q for _, y in edge}
    heights |= {y for e in p for f in q for y in _crossing(e, f)}
    area = 0.0
    for low, high in pairwise(sorted(heights)):
        middle = (low + high) / 2
        shared = _common_length(_cuts(p, middle), _cuts(q, middle))
        area += shared * (high - low)
    return area


def _crossing(e: Edge, f: Edge) -> Iterable[float]:
    a, b = _side(*f, e[0]), _side(*f, e[1])
    if a * b < 0 and _side(*e, f[0]) * _side(*e, f[1]) <= 0:
        yield e[0][1] + (e[1][1] - e[0][1]) * a / (a - b)


def _cuts(edges: list[Edge], y: float) -> list[float]:
    """Where a polygon crosses the line at height y, sorted: pairs bound what is inside."""
    found = []
    for (x0, y0), (x1, y1) in edges:
        if (y0 < y) != (y1 < y):
            found.append(x0 + (x1 - x0) * (y - y0) / (y1 - y0))
    return sorted(found)


def _common_length(a: list[float], b: list[float]) -> float:
    return sum(
        _shared(a[i], a[i + 1], b[j], b[j + 1]) for i in range(0, len(a) - 1, 2) for j in range(0, len(b) - 1, 2)
    )
