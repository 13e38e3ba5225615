"""A polygon or polyline between two others that may have different numbers of points.

Every point is known by how far along its curve it lies, 0 to 1. Each left point is paired with the nearest right one,
each right point that is then alone with the nearest left one; pairs move linearly; points that come to lie closer than
half the mean distance of the points they stand for are thinned out.
"""

from __future__ import annotations

from itertools import pairwise
from math import hypot

Point = tuple[float, float]


def between(left: list[float], right: list[float], share: float, *, closed: bool) -> list[float]:
    """The points at `share` of the way from `left` to `right`; `closed` curves return to their first point."""
    a, b = _points(left, closed), _points(right, closed)
    pairs = _matched(_along(a), _along(b))
    moved = [
        (a[i][0] + (b[j][0] - a[i][0]) * share, a[i][1] + (b[j][1] - a[i][1]) * share)
        for i, partners in enumerate(pairs)
        for j in partners
    ]
    points = _thinned(moved, pairs, a, b)
    if closed and len(points) > 1:
        points = points[:-1]
    return [value for point in points for value in point]


def _points(flat: list[float], closed: bool) -> list[Point]:
    points = list(zip(flat[::2], flat[1::2], strict=True))
    return points + points[:1] if closed else points


def _length(points: list[Point]) -> float:
    return sum(_distance(p, q) for p, q in pairwise(points))


def _distance(p: Point, q: Point) -> float:
    return hypot(q[0] - p[0], q[1] - p[1])


def _along(points: list[Point]) -> list[float]:
    whole = _length(points) or 1.0
    places, walked = [0.0], 0.0
    for p, q in pairwise(points):
        walked += _distance(p, q)
        places.append(walked / whole)
    return places


def _matched(left: list[float], right: list[float]) -> list[list[int]]:
    """For each left point the sorted right points it is paired with."""
    pairs = [[_nearest(place, right)] for place in left]
    alone = set(range(len(right))) - {partner for partners in pairs for partner in partners}
    for j in sorted(alone):
        pairs[_nearest(right[j], left)].append(j)
    return [sorted(partners) for partners in pairs]


def _nearest(place: float, places: list[float]) -> int:
    return min(range(len(places)), key=lambda i: abs(place - places[i]))


def _thinned(moved: list[Point], pairs: list[list[int]], left: list[Point], right: list[Point]) -> list[Point]:
    """Runs of left points that share one partner, and left points with several, are thinned each by itself."""
    firsts = [0]
    for partners in pairs:
        firsts.append(firsts[-1] + len(partners))
    result: list[Point] = []
    i = 0
    while i < len(pairs):
        if len(pairs[i]) > 1:
            base = right[pairs[i][0] : pairs[i][-1] + 1]
            result += _reduced(moved[firsts[i] : firsts[i + 1]], base)
            i += 1
            continue
        end = i + 1
        while end < len(pairs) and len(pairs[end]) == 1 and pairs[end] == pairs[i]:
            end += 1
        run = moved[firsts[i] : firsts[end]]
        result += run if len(run) == 1 else _reduced(run, left[i:end])
        i = end
    return result


def _reduced(points: list[Point], base: list[Point]) -> list[Point]:
    threshold = _length(base) / (2 * len(base))
    kept = [points[0]]
    for point in points[1:-1]:
        if _distance(kept[-1], point) >= threshold:
            kept.append(point)
    kept.append(points[-1])
    if len(kept) == 2 and _distance(*kept) < threshold:
        (x0, y0), (x1, y1) = kept
        return [((x0 + x1) / 2, (y0 + y1) / 2)]
    return kept
