"""Intersection over union, and the best pairing."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.annotations import a_shape

from labelkeep.annotations.assignment import pairs
from labelkeep.annotations.geometry import similarity
from labelkeep.annotations.model import ShapeType


def alike(type: ShapeType, a: list[float], b: list[float], *, spatial: bool = False) -> float:
    return similarity(a_shape(type=type, points=a), a_shape(type=type, points=b), spatial=spatial)


def test_rectangles() -> None:
    assert alike("rectangle", [0, 0, 10, 10], [0, 0, 10, 10]) == 1
    assert alike("rectangle", [0, 0, 10, 10], [5, 0, 15, 10]) == pytest.approx(1 / 3)
    assert alike("rectangle", [10, 10, 0, 0], [0, 0, 10, 10]) == 1
    assert alike("rectangle", [0, 0, 1, 1], [2, 2, 3, 3]) == 0
    assert alike("rectangle", [0, 0, 0, 5], [0, 0, 0, 5]) == 0


def test_polygons_convex_and_not() -> None:
    square = [0.0, 0, 10, 0, 10, 10, 0, 10]
    corner = [0.0, 0, 10, 0, 10, 10, 5, 10, 5, 5, 0, 5]  # an L of 75
    assert alike("polygon", square, corner) == pytest.approx(0.75)
    assert alike("polygon", square, [5, 0, 15, 0, 15, 10, 5, 10]) == pytest.approx(1 / 3)
    assert alike("polygon", square, [0, 0, 10, 0, 0, 10]) == pytest.approx(0.5)
    assert alike("polygon", square, [20, 0, 30, 0, 30, 10]) == 0


def test_polygons_that_cross_themselves_or_have_no_area_are_like_nothing() -> None:
    bow = [0.0, 0, 10, 10, 10, 0, 0, 10]
    line = [0.0, 0, 5, 5, 10, 10]
    assert alike("polygon", bow, bow) == 0
    assert alike("polygon", line, line) == 0


def test_cuboids_of_point_clouds() -> None:
    def cuboid(x: float) -> list[float]:
        return [x, 0, 0, 0, 0, 0, 4, 2, 2] + [0.0] * 7

    assert alike("cuboid", cuboid(0), cuboid(1), spatial=True) == pytest.approx(3 / 5)
    assert alike("cuboid", cuboid(0), cuboid(0)) == 0  # in pictures they are never compared


@given(
    corners=st.lists(st.tuples(st.floats(0, 6.28), st.floats(1, 50)), min_size=3, max_size=9, unique_by=lambda p: p[0]),
    shift=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
def test_polygons_are_alike_both_ways_between_none_and_one(
    corners: list[tuple[float, float]], shift: tuple[float, float]
) -> None:
    star = [value for angle, r in sorted(corners) for value in (r * math.cos(angle), r * math.sin(angle))]
    moved = [value + shift[i % 2] for i, value in enumerate(star)]
    there, back = alike("polygon", star, moved), alike("polygon", moved, star)
    assert -1e-9 <= there <= 1 + 1e-6
    assert there == pytest.approx(back, abs=1e-6)


@given(
    costs=st.integers(1, 4).flatmap(
        lambda rows: st.integers(1, 4).flatmap(
            lambda columns: st.lists(
                st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0]), min_size=columns, max_size=columns),
                min_size=rows,
                max_size=rows,
            )
        )
    )
)
def test_the_pairing_has_the_greatest_sum(costs: list[list[float]]) -> None:
    rows, columns = len(costs), len(costs[0])
    similar = {(i, j): costs[i][j] for i in range(rows) for j in range(columns) if costs[i][j] > 0}
    chosen = pairs(similar, 0.0)
    assert len(set(chosen.values())) == len(chosen)
    short, long = min(rows, columns), max(rows, columns)
    best = max(
        sum(costs[i][j] if rows <= columns else costs[j][i] for i, j in zip(range(short), order, strict=True))
        for order in permutations(range(long), short)
    )
    assert sum(similar[pair] for pair in chosen.items()) == pytest.approx(best)


def test_pairs_below_the_least_similarity_are_left_out() -> None:
    assert pairs({(0, 0): 0.9, (1, 1): 0.6}, 0.75) == {0: 0}
