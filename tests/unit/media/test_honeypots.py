"""Tasks with honeypots are laid out as CVAT lays them out for the same seed, and refused with its sentences.

The numbers that stand here are what NumPy's MT19937 gives when CVAT's steps are followed one by one.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from labelkeep.errors import BadInput
from labelkeep.media import honeypots, parameters, validation_params
from labelkeep.media.chance import LeastUsed, generator
from labelkeep.media.honeypots import Layout


def names(count: int) -> list[str]:
    return [f"{number}.png" for number in range(count)]


def lay_out(count: int, params: dict[str, Any], segment_size: int, seed: int = 1) -> Layout:
    wanted = validation_params.read({"mode": "gt_pool", **params})
    return honeypots.lay_out(names(count)[::-1], wanted, segment_size, seed)


def numbers(layout: Layout) -> list[list[int]]:
    order = [int(name.removesuffix(".png")) for name in layout.order]
    return [order[start : stop + 1] for start, stop in layout.jobs] + [order[layout.ground_truth[0] :]]


@pytest.mark.parametrize(
    ("frames", "pool", "per_job", "segment_size", "seed", "expected"),
    [
        (12, 3, 2, 4, 7, [[5, 4, 3, 11, 8, 10], [3, 0, 6, 7, 1, 2], [4, 9, 7], [3, 4, 7]]),
        (
            *(23, 4, 3, 6, 11),
            [
                [18, 14, 19, 13, 20, 21, 17, 2, 10],
                [16, 18, 4, 15, 22, 0, 12, 1, 10],
                [3, 18, 16, 5, 7, 17, 11, 8, 9],
                [6, 16, 17, 10],
                [10, 16, 17, 18],
            ],
        ),
    ],
)
def test_a_seed_lays_a_task_out_as_in_cvat(frames, pool, per_job, segment_size, seed, expected):
    params = {"frame_count": pool, "frames_per_job_count": per_job, "random_seed": seed}
    assert numbers(lay_out(frames, params, segment_size)) == expected


def test_every_job_shows_as_many_honeypots_and_every_frame_of_the_pool_as_often():
    layout = lay_out(23, {"frame_count": 3, "frames_per_job_count": 2}, 5)
    *jobs, pool = numbers(layout)
    shown = [[frame for frame in job if frame in pool] for job in jobs]
    assert [len(set(job)) for job in shown] == [2, 2, 2, 2]
    uses = Counter(frame for job in shown for frame in job).values()
    assert max(uses) - min(uses) <= 1
    assert layout.ground_truth == (len(layout.order) - 3, len(layout.order) - 1)
    assert layout.order[-3:] == layout.pool


def test_named_frames_are_the_pool_in_natural_order():
    params = {"frame_selection_method": "manual", "frames": ["10.png", "2.png"], "frames_per_job_share": 0.5}
    layout = lay_out(12, params, 4)
    assert layout.pool == ["2.png", "10.png"]
    assert layout.per_job == 2


def test_a_task_in_one_job_takes_its_share_of_all_frames():
    assert lay_out(20, {"frame_share": 0.5, "frames_per_job_share": 0.25}, 0).per_job == 5


def test_the_least_used_frames_are_dealt_first():
    dealer = LeastUsed({1: 5, 2: 0, 3: 2, 4: 2}, generator(1))
    assert dealer.deal(1) == [2]
    assert dealer.deal(1) == [2]
    assert set(dealer.deal(3)) == {2, 3, 4}
    assert len(dealer.deal(9)) == 4


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        (
            {"frame_count": 10, "frames_per_job_count": 1},
            "The number of validation frames requested (10) must be less than the number of task frames (10)",
        ),
        (
            {"frame_count": 2, "frames_per_job_count": 3},
            "The requested number of validation frames per job (3) is greater than the validation pool size (2)",
        ),
        ({"frame_share": 0, "frames_per_job_count": 1}, "The number of validation frames is not specified"),
        ({"frame_count": 2, "frames_per_job_share": 0}, "The number of validation frames is not specified"),
        (
            {"frame_share": 1, "frames_per_job_count": 1},
            "Cannot create task: too few non-honeypot frames left after selecting validation frames",
        ),
        (
            {"frame_selection_method": "manual", "frames": ["no.png"], "frames_per_job_count": 1},
            "Unknown validation frames requested: no.png",
        ),
    ],
)
def test_a_pool_that_cannot_be_is_refused(params, detail):
    with pytest.raises(BadInput) as refused:
        lay_out(10, params, 3)
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    ("params", "field", "sentence"),
    [
        ({"mode": "best"}, "mode", '"best" is not a valid choice.'),
        ({}, "mode", "This field is required."),
        ({"mode": "gt", "frame_selection_method": "best"}, "frame_selection_method", '"best" is not a valid choice.'),
        ({"mode": "gt", "frame_count": 0}, "frame_count", "Ensure this value is greater than or equal to 1."),
        ({"mode": "gt", "frame_share": 1.5}, "frame_share", "Value must be in the range [0; 1]"),
        (
            {"mode": "gt_pool", "frame_selection_method": "random_per_job", "frames_per_job_count": 1},
            "non_field_errors",
            'The "frame_selection_method" field must be one of manual, random_uniform',
        ),
        (
            {"mode": "gt_pool", "frame_count": 2},
            "non_field_errors",
            'One of the fields "frames_per_job_count", "frames_per_job_share" required',
        ),
        (
            {"mode": "gt", "frame_count": 2, "frame_share": 0.5},
            "non_field_errors",
            'Only 1 of the fields "frame_count", "frame_share" can be used',
        ),
        (
            {"mode": "gt", "frame_selection_method": "manual"},
            "non_field_errors",
            'The "frames" field is required',
        ),
        (
            {"mode": "gt", "frame_count": 1, "frames": ["a"]},
            "non_field_errors",
            '"frames" can only be used when "frame_selection_method" is "manual"',
        ),
        (
            {"mode": "gt", "frame_selection_method": "manual", "frames": ["a", "a"]},
            "non_field_errors",
            "Frames must not repeat",
        ),
    ],
)
def test_parameters_of_validation_are_checked_when_they_arrive(params, field, sentence):
    with pytest.raises(BadInput) as refused:
        parameters.read({"validation_params": params, "sorting_method": "random"})
    assert refused.value.detail == {"validation_params": {field: [sentence]}}


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ({}, 'validation mode "gt_pool" can only be used with "random" sorting'),
        (
            {"sorting_method": "random", "job_file_mapping": [["a"]]},
            "job_file_mapping can't be used with sorting_method",
        ),
    ],
)
def test_a_pool_needs_random_order(others, sentence):
    pool = {"mode": "gt_pool", "frame_count": 1, "frames_per_job_count": 1}
    with pytest.raises(BadInput) as refused:
        parameters.read({"validation_params": pool, **others})
    assert refused.value.detail == {"non_field_errors": [sentence]}
