"""Tracks between key frames, their pieces in jobs, and jobs that are merged again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from tests.support.annotations import a_shape

from labelkeep.annotations import curves, tracks
from labelkeep.annotations.model import Attr, Kind, Object, ShapeType, Tag, Track, TrackedShape
from labelkeep.annotations.overlap import JobView, cut, merged


def key(
    frame: int, *points: float, outside: bool = False, type: ShapeType = "rectangle", **more: object
) -> TrackedShape:
    return TrackedShape(frame=frame, type=type, points=list(points), outside=outside, **more)


def a_track(*keys: TrackedShape, number: int = 1, label: int = 1, elements: Sequence[Track] = ()) -> Track:
    frame = keys[0].frame if keys else elements[0].frame
    return Track(number=number, frame=frame, label=label, shapes=list(keys), elements=list(elements))


class Job:
    """The annotations of a job, as a list."""

    def __init__(self, *objects: Object) -> None:
        self.objects = sorted(objects, key=lambda item: (item.frame, item.number))

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        wanted = {"tags": Tag, "tracks": Track}.get(kind, type(a_shape()))
        yield [
            item
            for item in self.objects
            if isinstance(item, wanted) and item.frame >= start and (stop is None or item.frame < stop)
        ]


def task_of(kind: Kind, overlap: int, *jobs: tuple[int, int, Job]) -> list[tuple[int, Object]]:
    views = [JobView(*job) for job in jobs]
    return [placed for batch in merged(views, kind, overlap=overlap) for placed in batch]


def test_rectangles_move_linearly_and_turn_the_shorter_way() -> None:
    track = a_track(key(0, 0, 0, 10, 10, rotation=350.0), key(4, 8, 4, 18, 14, rotation=10.0))
    middle = tracks.at(track, 1)
    assert middle is not None
    assert (middle.points, middle.rotation) == ([2, 1, 12, 11], 355)
    assert tracks.at(track, 3).rotation == 5  # type: ignore[union-attr]


def test_before_the_first_key_there_is_nothing_and_after_the_last_it_stays() -> None:
    track = a_track(key(2, 1, 1, 2, 2), key(5, 4, 4, 5, 5))
    assert tracks.at(track, 1) is None
    assert tracks.at(track, 9) == key(9, 4, 4, 5, 5)


def test_what_is_outside_stays_outside_until_the_next_key() -> None:
    track = a_track(key(0, 0, 0, 1, 1), key(3, 3, 3, 4, 4, outside=True), key(6, 9, 9, 10, 10))
    assert [tracks.at(track, frame).outside for frame in range(8)] == [False] * 3 + [True] * 3 + [False] * 2  # type: ignore[union-attr]
    assert tracks.at(track, 5).points == [3, 3, 4, 4]  # type: ignore[union-attr]


def test_single_points_move_and_groups_of_points_and_masks_stay() -> None:
    assert tracks.between(key(0, 0, 0, type="points"), key(2, 4, 2, type="points"), 1).points == [2, 1]
    assert tracks.between(key(0, 0, 0, 1, 1, type="points"), key(2, 4, 2, 5, 5, type="points"), 1).points == [
        0,
        0,
        1,
        1,
    ]
    assert (
        tracks.between(key(0, 0, 4, 0, 0, 1, 1, type="mask"), key(2, 1, 3, 0, 0, 1, 1, type="mask"), 1).points[1] == 4
    )


def test_polygons_of_the_same_form_move_as_they_are() -> None:
    moved = curves.between([0, 0, 10, 0, 10, 10, 0, 10], [10, 0, 20, 0, 20, 10, 10, 10], 0.5, closed=True)
    assert moved == pytest.approx([5, 0, 15, 0, 15, 10, 5, 10])


def test_curves_with_different_numbers_of_points_meet_half_way() -> None:
    line = curves.between([0, 0, 10, 0], [0, 10, 5, 10, 10, 10], 0.5, closed=False)
    assert line[:2] == [0, 5]
    assert line[-2:] == [10, 5]
    assert all(y == 5 for y in line[1::2])
    assert curves.between([0, 0, 1, 1], [2, 2, 3, 3, 4, 4], 0.0, closed=False)[:2] == [0, 0]


def test_points_that_lie_on_each_other_do_not_divide_by_zero() -> None:
    assert curves.between([1, 1, 1, 1], [1, 1, 1, 1], 0.5, closed=False)


def test_a_piece_has_key_frames_on_its_borders_and_moves_as_the_whole() -> None:
    track = a_track(key(0, 0, 0, 10, 10), key(10, 100, 0, 110, 10))
    part = tracks.piece(track, 3, 6)
    assert part is not None
    assert (part.frame, [shape.frame for shape in part.shapes]) == (3, [3, 6])
    for frame in range(3, 7):
        assert tracks.at(part, frame) == tracks.at(track, frame)


def test_a_piece_without_anything_to_see_is_none() -> None:
    track = a_track(key(0, 0, 0, 1, 1), key(3, 0, 0, 1, 1, outside=True), key(8, 0, 0, 1, 1))
    assert tracks.piece(track, 4, 7) is None
    assert tracks.piece(a_track(key(5, 0, 0, 1, 1)), 0, 4) is None
    assert tracks.piece(track, 0, 9) == track


def test_a_piece_takes_over_mutable_attributes() -> None:
    track = a_track(key(0, 0, 0, 1, 1, attributes=[Attr(7, "slow")]), key(5, 0, 0, 1, 1), key(9, 5, 5, 6, 6))
    part = tracks.piece(track, 5, 9)
    assert part is not None
    assert part.shapes[0].attributes == [Attr(7, "slow")]


def test_a_piece_takes_over_attributes_from_shapes_that_are_outside() -> None:
    gone = key(4, 0, 0, 1, 1, outside=True, attributes=[Attr(7, "slow")])
    part = tracks.piece(a_track(gone, key(6, 0, 0, 1, 1), key(9, 5, 5, 6, 6)), 3, 7)
    assert part is not None
    assert [(shape.frame, shape.attributes) for shape in part.shapes[:1]] == [(6, [Attr(7, "slow")])]


def test_elements_of_a_skeleton_are_cut_each_by_itself() -> None:
    left = a_track(key(0, 0, 0, type="points"), key(8, 8, 0, type="points"), number=2, label=2)
    right = a_track(key(6, 1, 1, type="points"), number=3, label=3)
    skeleton = a_track(key(0, type="skeleton"), elements=[left, right])
    part = tracks.piece(skeleton, 2, 4)
    assert part is not None
    assert [element.label for element in part.elements] == [2]
    assert [shape.points for shape in part.elements[0].shapes] == [[2, 0], [4, 0]]


def test_shapes_that_cover_each_other_in_shared_frames_are_one() -> None:
    first = Job(a_shape(1, 4, points=[0, 0, 10, 10]), a_shape(2, 5, points=[0, 0, 10, 10]))
    second = Job(
        a_shape(1, 4, points=[1, 0, 11, 10]),  # 9/11 alike
        a_shape(2, 5, points=[5, 0, 15, 10]),  # 1/3 alike
        a_shape(3, 6),
    )
    found = task_of("shapes", 2, (0, 5, first), (4, 9, second))
    assert [(job, item.number) for job, item in found] == [(0, 1), (0, 2), (1, 2), (1, 3)]


def test_equal_shapes_are_one_before_others_are_looked_at() -> None:
    """Each of the second job's has its equal in the first, and covers the others too."""
    first = Job(*(a_shape(n, 4, points=[n, 0, 100 + n, 10]) for n in range(1, 5)))
    second = Job(
        *(a_shape(n, 4, points=[5 - n, 0, 105 - n, 10]) for n in range(1, 5)), a_shape(9, 4, points=[9, 0, 109, 10])
    )
    found = task_of("shapes", 2, (0, 5, first), (4, 9, second))
    assert [(job, item.number) for job, item in found] == [(0, 1), (0, 2), (0, 3), (0, 4), (1, 9)]


def test_a_crowded_frame_of_equal_shapes_is_no_matter_of_pairs() -> None:
    """A thousand boxes that cover each other, in both jobs: every pair would take minutes."""
    crowd = [a_shape(n, 4, points=[n / 100, 0, 100 + n / 100, 10]) for n in range(1, 1001)]
    found = task_of("shapes", 2, (0, 5, Job(*crowd)), (4, 9, Job(*crowd)))
    assert [(job, item.number) for job, item in found] == [(0, n) for n in range(1, 1001)]


def test_other_labels_and_other_types_are_never_one() -> None:
    lines = [a_shape(1, 4, type="polyline"), a_shape(2, 4, label=2)]
    again = [a_shape(1, 4, type="polyline"), a_shape(2, 4, label=3)]
    assert len(task_of("shapes", 2, (0, 5, Job(*lines)), (4, 9, Job(*again)))) == 4


def test_tags_of_one_label_are_one() -> None:
    first, second = Tag(number=1, frame=4, label=1), Tag(number=1, frame=4, label=2)
    again = [Tag(number=1, frame=4, label=1), Tag(number=2, frame=5, label=1)]
    found = task_of("tags", 2, (0, 5, Job(first)), (4, 9, Job(*again)))
    assert [(job, item.frame) for job, item in found] == [(0, 4), (1, 5)]
    assert len(task_of("tags", 2, (0, 5, Job(first)), (4, 9, Job(second)))) == 2


def test_cut_tracks_become_one_again() -> None:
    track = a_track(key(0, 0, 0, 10, 10), key(9, 90, 0, 100, 10))
    pieces = [cut(track, 0, 5), cut(track, 4, 9)]
    assert all(pieces)
    found = task_of("tracks", 2, (0, 5, Job(pieces[0])), (4, 9, Job(pieces[1])))  # type: ignore[arg-type]
    assert len(found) == 1
    whole = found[0][1]
    assert isinstance(whole, Track)
    for frame in range(10):
        assert tracks.at(whole, frame) == tracks.at(track, frame)


def test_a_track_that_does_not_go_on_ends_behind_its_job() -> None:
    track = a_track(key(1, 0, 0, 10, 10))
    found = task_of("tracks", 0, (0, 4, Job(track)), (5, 9, Job()))
    assert [(shape.frame, shape.outside) for shape in found[0][1].shapes] == [(1, False), (5, True)]  # type: ignore[union-attr]
    last = task_of("tracks", 0, (0, 4, Job()), (5, 9, Job(a_track(key(6, 0, 0, 1, 1)))))
    assert len(last[0][1].shapes) == 1  # type: ignore[union-attr]
