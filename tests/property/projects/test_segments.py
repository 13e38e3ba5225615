"""Whatever the numbers, jobs cover the task: every frame, in order, with the overlap that the task reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelkeep.errors import BadInput
from labelkeep.projects.segments import MAX_JOBS, Cut, cut, cut_by_files

sizes = st.integers(1, 20_000)
segment_sizes = st.integers(0, 25_000)
overlaps = st.none() | st.integers(0, 200)
modes = st.sampled_from(["annotation", "interpolation"])


def attempt(size: int, segment_size: int, overlap: int | None, mode: str) -> Cut | None:
    """The cut, or None where there would be too many jobs."""
    try:
        return cut(size, segment_size, overlap, mode)
    except BadInput:
        step = segment_size - min(5 if overlap is None else overlap, segment_size // 2)
        assert size / step > MAX_JOBS - 1, "refused without need"
        return None


@given(sizes, segment_sizes, overlaps, modes)
def test_every_frame_is_in_a_job_and_every_job_has_frames(size, segment_size, overlap, mode):
    made = attempt(size, segment_size, overlap, mode)
    if made is None:
        return
    assert 1 <= len(made.segments) <= MAX_JOBS
    assert made.segments[0].start == 0
    assert made.segments[-1].stop == size - 1
    for before, after in zip(made.segments, made.segments[1:], strict=False):
        assert before.start < after.start <= before.stop + 1
        assert before.stop < after.stop


@given(sizes, segment_sizes, overlaps, modes)
def test_neighbours_share_exactly_the_reported_overlap(size, segment_size, overlap, mode):
    made = attempt(size, segment_size, overlap, mode)
    if made is None:
        return
    assert 0 <= made.overlap <= made.segment_size // 2
    for before, after in zip(made.segments, made.segments[1:], strict=False):
        assert before.stop - after.start + 1 == made.overlap
        assert len(before) == made.segment_size


@given(sizes, segment_sizes, overlaps, modes)
def test_what_a_task_reports_cuts_it_the_same_way_again(size, segment_size, overlap, mode):
    made = attempt(size, segment_size, overlap, mode)
    if made is not None:
        assert cut(size, made.segment_size, made.overlap, mode) == made


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_jobs_by_files_follow_each_other_without_a_gap(lengths):
    names = iter(range(sum(lengths)))
    lists = [[f"{next(names)}.png" for _ in range(length)] for length in lengths]
    made = cut_by_files(lists, sum(lengths))
    assert [len(segment) for segment in made.segments] == lengths
    assert (made.segment_size, made.overlap, made.custom) == (0, 0, True)
    frames = [frame for it in made.segments for frame in range(it.start, it.stop + 1)]
    assert frames == list(range(sum(lengths)))


@pytest.mark.parametrize(
    ("lists", "frames"), [([], 0), ([["a"], []], 1), ([["a"], ["a"]], 2), ([["a"], ["b"]], 3), ([["a"]] * 5001, 5001)]
)
def test_a_mapping_that_does_not_fit_is_refused(lists, frames):
    with pytest.raises(BadInput):
        cut_by_files(lists, frames)


@pytest.mark.parametrize(
    ("size", "segment_size", "overlap", "mode", "ranges"),
    [
        (10, 0, None, "annotation", [(0, 9)]),
        (10, 20, 3, "annotation", [(0, 9)]),
        (10, 4, None, "annotation", [(0, 3), (4, 7), (8, 9)]),
        (10, 4, 1, "annotation", [(0, 3), (3, 6), (6, 9)]),
        (10, 4, 9, "annotation", [(0, 3), (2, 5), (4, 7), (6, 9)]),
        (25, 12, None, "interpolation", [(0, 11), (7, 18), (14, 24)]),
        (1, 0, None, "interpolation", [(0, 0)]),
    ],
)
def test_the_documented_examples(size, segment_size, overlap, mode, ranges):
    assert [(it.start, it.stop) for it in cut(size, segment_size, overlap, mode).segments] == ranges


def test_a_task_without_frames_has_no_jobs():
    with pytest.raises(BadInput, match="No media data found"):
        cut(0)


def test_five_thousand_jobs_are_the_limit():
    assert len(cut(MAX_JOBS, 1).segments) == MAX_JOBS
    with pytest.raises(BadInput, match="Too many jobs"):
        cut(MAX_JOBS + 1, 1)
