"""Frames that a ground truth job checks: those that CVAT picks for the same seed, and the sentences of its refusals.

The numbers that stand here are what NumPy's MT19937 gives when CVAT's steps are followed one by one.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy
import pytest

from labelkeep.errors import BadInput
from labelkeep.projects import selection
from labelkeep.projects.segments import Segment, cut


def per_job(segments: list[Segment], overlap: int = 0, **wanted: Any) -> list[int]:
    size = max(segment.stop for segment in segments) + 1
    wanted = {"count": None, "share": None, **wanted}
    return selection.per_job(segments, size=size, segment_size=len(segments[0]), overlap=overlap, **wanted)


@pytest.mark.parametrize(
    ("size", "count", "seed", "frames"),
    [
        (100, 7, 5, [32, 44, 45, 47, 59, 82, 84]),
        (60, 12, 2024, [1, 7, 11, 15, 24, 26, 28, 30, 31, 47, 49, 57]),
        (5, 5, 1, [0, 1, 2, 3, 4]),
    ],
)
def test_a_seed_picks_the_frames_that_it_picks_in_cvat(size, count, seed, frames):
    assert selection.uniform(size, count=count, share=None, seed=seed) == frames
    chance = numpy.random.Generator(numpy.random.MT19937(seed=seed))
    drawn = chance.choice(list(range(size)), size=count, shuffle=False, replace=False)
    assert sorted(drawn.tolist()) == frames


def test_a_seed_picks_the_frames_of_each_job_that_it_picks_in_cvat():
    assert per_job(list(cut(40, 10, 2).segments), overlap=2, count=3, seed=5) == [
        *(2, 4, 9, 13, 14, 18, 20, 23, 27, 28, 33, 35, 36),
    ]
    assert per_job([Segment(0, 99), Segment(100, 199), Segment(200, 249)], count=4, seed=42) == [
        *(40, 52, 61, 89, 133, 162, 180, 184, 209, 223, 231, 242),
    ]


def test_without_a_seed_frames_are_chosen_anew():
    picks = {tuple(selection.uniform(1000, count=10, share=None, seed=None)) for _ in range(3)}
    assert len(picks) == 3
    assert all(len(set(pick)) == 10 for pick in picks)


def test_a_share_is_a_part_of_the_frames_and_at_least_one():
    assert len(selection.uniform(50, count=None, share=0.5, seed=1)) == 25
    assert len(selection.uniform(3, count=None, share=0.01, seed=1)) == 1
    assert selection.uniform(3, count=None, share=1, seed=1) == [0, 1, 2]
    assert len(per_job([Segment(0, 9), Segment(10, 13)], share=0.3, seed=1)) == 6


def test_every_job_has_its_frames_and_those_of_a_neighbour_count():
    for segment in cut(40, 10, 4).segments:
        chosen = per_job(list(cut(40, 10, 4).segments), overlap=4, count=3, seed=2)
        assert sum(segment.start <= frame <= segment.stop for frame in chosen) >= 3
    assert per_job([Segment(0, 3), Segment(2, 5)], overlap=2, count=4, seed=2) == [0, 1, 2, 3, 4, 5]


def test_a_short_job_gives_all_that_it_has():
    assert per_job([Segment(0, 4), Segment(5, 6)], count=4, seed=3)[-2:] == [5, 6]


def test_named_frames_are_sorted():
    assert selection.manual([4, 1], 5) == [1, 4]


@pytest.mark.parametrize(
    ("call", "detail"),
    [
        (lambda: selection.manual([], 5), {"frames": ["This list may not be empty."]}),
        (lambda: selection.manual([1, 1], 5), "Frames must not repeat"),
        (lambda: selection.manual([1, 7], 5), "The following frames do not exist in the task: 7"),
        (
            lambda: selection.manual(range(-3, 10), 0),
            "The following frames do not exist in the task: -3, -2, -1, 0, 1, 2, 3, 4, 5, 6 (and 3 more)",
        ),
        (
            lambda: selection.uniform(5, count=6, share=None, seed=1),
            "The number of frames requested (6) must not be greater than the number of the task frames (5)",
        ),
        (
            lambda: selection.uniform(5, count=None, share=None, seed=1),
            {"non_field_errors": ['One of the fields "frame_count", "frame_share" required']},
        ),
        (
            lambda: selection.uniform(5, count=1, share=0.5, seed=1),
            {"non_field_errors": ['Only 1 of the fields "frame_count", "frame_share" can be used']},
        ),
        (
            lambda: selection.uniform(5, count=None, share=1.5, seed=1),
            {"frame_share": ["Value must be in the range [0; 1]"]},
        ),
        (
            lambda: selection.uniform(5, count=None, share=0, seed=1),
            "The number of validation frames is not specified",
        ),
        (
            lambda: selection.uniform(5, count=0, share=None, seed=1),
            {"frame_count": ["Ensure this value is greater than or equal to 1."]},
        ),
        (
            lambda: selection.uniform(5, count=1, share=None, seed=-1),
            {"random_seed": ["Ensure this value is greater than or equal to 0."]},
        ),
        (
            lambda: per_job([Segment(0, 2), Segment(3, 5)], count=7, seed=1),
            "The number of frames requested (7) must be not be greater than the segment size (3)",
        ),
    ],
)
def test_a_selection_that_cannot_be_made_says_why(call, detail):
    with pytest.raises(BadInput) as refused:
        call()
    assert refused.value.detail == detail


def test_numpy_is_loaded_only_to_draw():
    import subprocess

    code = "import sys, labelkeep.projects.selection, labelkeep.media.honeypots; print('numpy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
