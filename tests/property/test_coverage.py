"""Finding the jobs of a frame gives what looking at every job would give."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labelkeep.annotations.coverage import Coverage

ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12)).map(lambda pair: (pair[0], sum(pair))), max_size=8)


@given(jobs=ranges, frame=st.integers(0, 50), more=st.none() | st.integers(0, 20))
def test_jobs_are_found_as_by_looking_at_each(jobs: list[tuple[int, int]], frame: int, more: int | None) -> None:
    coverage = Coverage(jobs)
    assert list(coverage.at(frame)) == [n for n, (start, stop) in enumerate(jobs) if start <= frame <= stop]
    last = None if more is None else frame + more
    assert coverage.within(frame, last) == [
        n for n, (start, stop) in enumerate(jobs) if stop >= frame and (last is None or start <= last)
    ]


@given(jobs=ranges)
def test_stretches_are_the_frames_of_all_jobs_each_once_in_order(jobs: list[tuple[int, int]]) -> None:
    frames = [frame for start, stop, _ in Coverage(jobs) for frame in range(start, stop)]
    assert frames == sorted({frame for start, stop in jobs for frame in range(start, stop + 1)})
    for start, stop, present in Coverage(jobs):
        for frame in range(start, stop):
            assert list(present) == [n for n, (first, last) in enumerate(jobs) if first <= frame <= last]
