"""Jobs are fitted to the frames that a task really has."""

from __future__ import annotations

from typing import Any

from labelkeep.archive.cvat import ArchiveData, ArchiveJob, ArchiveTask
from labelkeep.archive.jobs import frame_files, judge, settle
from labelkeep.archive.reports import Report
from labelkeep.findings import Finding


def a_task(*jobs: ArchiveJob, **data: Any) -> ArchiveTask:
    return ArchiveTask(name="t", data=ArchiveData(**data), jobs=list(jobs))


def settled(task: ArchiveTask, size: int) -> list[Finding]:
    report = Report()
    settle(task, size, "task.json", report)
    return report.findings


def test_a_range_that_reaches_too_far_is_cut() -> None:
    task = a_task(ArchiveJob(start_frame=0, stop_frame=50))
    (finding,) = settled(task, 4)
    assert (finding.code, finding.place) == ("range-cut", "/jobs/0/stop_frame")
    assert task.jobs[0].stop_frame == 3
    assert settled(task, 4) == []


def test_absolute_ground_truth_frames_become_those_of_the_task() -> None:
    """Archives up to 2.43 numbered them as the source does."""
    truth = ArchiveJob(type="ground_truth", start_frame=0, stop_frame=7, frames=[2, 8, 16])
    task = a_task(truth, start_frame=2, stop_frame=16, frame_filter="step=2")
    (finding,) = settled(task, 8)
    assert (finding.code, truth.frames) == ("absolute-frames", [0, 3, 7])


def test_relative_ground_truth_frames_stay() -> None:
    truth = ArchiveJob(type="ground_truth", start_frame=0, stop_frame=7, frames=[1, 4, 7])
    assert settled(a_task(truth, start_frame=2, frame_filter="step=2"), 8) == []
    assert truth.frames == [1, 4, 7]


def test_ground_truth_frames_that_no_rule_explains_are_an_error() -> None:
    truth = ArchiveJob(type="ground_truth", start_frame=0, stop_frame=7, frames=[3, 99])
    (finding,) = settled(a_task(truth), 8)
    assert finding.is_error
    assert finding.place == "/jobs/0/frames"


def test_deleted_frames_that_are_not_there_are_left_out() -> None:
    task = a_task(ArchiveJob(start_frame=0, stop_frame=3), deleted_frames=[1, 9, 12])
    (finding,) = settled(task, 4)
    assert (finding.code, task.data.deleted_frames) == ("deleted-frames", [1])


def test_files_of_custom_segments_are_the_frames() -> None:
    jobs = [
        ArchiveJob(start_frame=0, stop_frame=1, files=["m_3.jpg", "m_0.jpg"]),
        ArchiveJob(start_frame=2, stop_frame=2, files=["m_5.jpg"]),
    ]
    assert frame_files(a_task(*jobs, custom_segments=True)) == ["m_3.jpg", "m_0.jpg", "m_5.jpg"]
    assert frame_files(a_task(*jobs)) is None


def test_files_of_a_pool_come_last_and_replicas_do_not_count() -> None:
    jobs = [
        ArchiveJob(start_frame=0, stop_frame=1, files=["a", "p"]),
        ArchiveJob(start_frame=0, stop_frame=1, files=["a", "p"], type="replica", parent=0),
        ArchiveJob(start_frame=2, stop_frame=2, files=["p"], type="ground_truth"),
    ]
    assert frame_files(a_task(*jobs, custom_segments=True)) == ["a", "p", "p"]


def test_files_with_a_gap_say_nothing() -> None:
    jobs = [ArchiveJob(start_frame=0, stop_frame=0, files=["a"]), ArchiveJob(start_frame=5, stop_frame=5, files=["b"])]
    assert frame_files(a_task(*jobs, custom_segments=True)) is None


def test_jobs_without_files_are_judged_by_ranges_alone() -> None:
    report = Report()
    judge(a_task(ArchiveJob(start_frame=0, stop_frame=3)), "task.json", report)
    assert report.findings == []
