"""Tracks of every shape, cut at the borders of jobs: in each job they are what they are in the whole."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelkeep.annotations import tracks
from labelkeep.annotations.model import Attr, ShapeType, Track, TrackedShape

SIZES: dict[ShapeType, tuple[int, ...]] = {
    "rectangle": (4,), "ellipse": (4,), "cuboid": (16,), "points": (2, 6), "mask": (5,), "polygon": (6, 8, 10),
    "polyline": (4, 6, 8), "skeleton": (0,),
}  # fmt: skip
CURVED = ("polygon", "polyline")
attributes = st.dictionaries(st.sampled_from([1, 2]), st.text("ab", max_size=1))
coordinate = st.floats(0, 1000, width=32)


@st.composite
def a_track(draw: Any, types: tuple[ShapeType, ...] = tuple(SIZES)) -> Track:
    """Key frames of one type on frames 0 to 20; attributes and turns at some of them."""
    kind = draw(st.sampled_from(types))
    keys = [
        TrackedShape(
            frame=frame,
            type=kind,
            points=draw(st.lists(coordinate, min_size=size, max_size=size)),
            outside=draw(st.booleans()),
            occluded=draw(st.booleans()),
            rotation=draw(st.floats(0, 359, width=16)) if kind in ("rectangle", "ellipse") else 0.0,
            attributes=[Attr(*pair) for pair in sorted(draw(attributes).items())],
        )
        for frame in sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=5)))
        for size in [draw(st.sampled_from(SIZES[kind]))]
    ]
    return Track(number=1, frame=keys[0].frame, label=1, shapes=keys)


borders = st.tuples(st.integers(0, 22), st.integers(0, 22)).map(sorted)


def seen(track: Track | None, frame: int) -> TrackedShape | None:
    """The shape on a frame, None where nothing is to be seen."""
    shape = tracks.at(track, frame) if track else None
    return None if shape is None or shape.outside else shape


def same(one: TrackedShape | None, other: TrackedShape | None, *, points: bool) -> None:
    assert (one is None) == (other is None)
    if one is None or other is None:
        return
    assert sorted(one.attributes, key=lambda it: it.key) == sorted(other.attributes, key=lambda it: it.key)
    assert (one.type, one.occluded) == (other.type, other.occluded)
    if points:
        assert one.points == pytest.approx(other.points, abs=1e-3)
        assert (one.rotation - other.rotation + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)


@given(track=a_track(), job=borders)
def test_a_piece_is_seen_where_the_track_is_and_looks_the_same(track: Track, job: list[int]) -> None:
    """Curves between a border and a key frame are matched anew, so theirs are the same on borders and key frames."""
    start, stop = job
    part = tracks.piece(track, start, stop)
    exact = {start, stop, *(shape.frame for shape in track.shapes)}
    for frame in range(start, stop + 1):
        same(seen(part, frame), seen(track, frame), points=track.shapes[0].type not in CURVED or frame in exact)


@given(track=a_track(), job=borders)
def test_a_piece_stands_on_frames_of_its_job_only_and_begins_with_its_first_shape(track: Track, job: list[int]) -> None:
    part = tracks.piece(track, *job)
    frames = [shape.frame for shape in part.shapes] if part else []
    assert frames == sorted(set(frames))
    assert all(job[0] <= frame <= job[1] for frame in frames)
    assert part is None or part.frame == frames[0]


@given(track=a_track(), job=borders)
def test_a_piece_of_a_piece_is_the_piece(track: Track, job: list[int]) -> None:
    part = tracks.piece(track, *job)
    assert part is None or tracks.piece(part, *job) == part


@given(track=a_track(), frame=st.integers(0, 25))
def test_nothing_is_seen_outside_the_extent(track: Track, frame: int) -> None:
    first, last = tracks.extent(track)
    if frame < first or (last is not None and frame > last):
        assert seen(track, frame) is None
