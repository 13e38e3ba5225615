"""task.json and project.json from 2021 to today, and what we write for a stock CVAT."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.zips import a_label, a_project, a_task, with_data

from labelkeep.archive.cvat import (
    ArchiveAttribute,
    ArchiveData,
    ArchiveJob,
    ArchiveLabel,
    ArchiveTask,
    declared_size,
    write_project,
    write_task,
)
from labelkeep.archive.cvat_reading import read_project, read_task
from labelkeep.archive.reports import Report
from labelkeep.findings import Level


def read(task: Any) -> ArchiveTask:
    report = Report()
    found = read_task(task, "task.json", report)
    assert report.findings == [], [str(item) for item in report.findings]
    return found


def test_the_oldest_archives_have_few_keys() -> None:
    """1.5, 2021: no label types, no sublabels, no sorting, no job types, no deleted frames."""
    label = {"name": "car", "color": "#ff0000", "attributes": []}
    data = {"image_quality": 70, "chunk_type": "imageset", "storage": "local", "chunk_size": 72}
    job = {"start_frame": 0, "stop_frame": 4, "status": "annotation"}
    task = read({"name": "t", "labels": [label], "version": "1.0", "data": data, "jobs": [job]})
    assert task.labels == [ArchiveLabel(name="car", color="#ff0000", type="any")]
    assert task.data == ArchiveData(chunk_size=72)
    assert task.jobs == [ArchiveJob(start_frame=0, stop_frame=4)]
    assert (task.subset, task.bug_tracker, task.status) == ("", "", "annotation")
    assert declared_size(task.data) is None


def test_reviews_of_the_oldest_archives_are_read_as_issues() -> None:
    comment = {"message": "too small", "created_date": "2021-06-01", "updated_date": "2021-06-01"}
    issue = {
        "frame": 1,
        "position": [1, 2.5],
        "created_date": "2021-06-01",
        "resolved_date": None,
        "comments": [comment],
    }
    review = {
        "estimated_quality": 2.5,
        "status": "rejected",
        "issues": [issue, {**issue, "resolved_date": "2021-06-02"}],
    }
    job = {"status": "validation", "start_frame": 0, "stop_frame": 1, "reviews": [review]}
    (found,) = read(a_task(jobs=[job])).jobs
    assert [(item.frame, item.position, item.resolved) for item in found.issues] == [
        (1, [1.0, 2.5], False),
        (1, [1.0, 2.5], True),
    ]
    assert found.issues[0].comments == [("too small", "2021-06-01")]


@pytest.mark.parametrize("spelling", ["consensus_replica", "replica"])
def test_replicas_have_two_names_and_one_parent(spelling: str) -> None:
    job = {"status": "annotation", "start_frame": 0, "stop_frame": 1}
    replica = {**job, "type": spelling}
    task = read({**a_task(jobs=[job, replica, replica, job, replica]), "consensus_replicas": 9})
    assert [item.type for item in task.jobs] == ["annotation", "replica", "replica", "annotation", "replica"]
    assert [item.parent for item in task.jobs] == [None, 0, 0, None, 3]
    assert task.consensus_replicas == 1
    assert json.loads(write_task(task))["jobs"][1]["type"] == "consensus_replica"


def test_a_share_is_read_as_local_because_the_media_are_inside() -> None:
    assert read(with_data(storage="share")).data.storage == "local"


def test_missing_numbers_and_null_are_the_same() -> None:
    assert read(with_data(chunk_size=None, stop_frame=None)).data.chunk_size is None


@pytest.mark.parametrize(("text", "step"), [("", 1), ("step=3", 3), ("step = 3", 3), ("step=1", 1)])
def test_a_filter_is_every_how_many_th_frame(text: str, step: int) -> None:
    assert read(with_data(frame_filter=text)).data.step == step


@pytest.mark.parametrize(
    ("start", "stop", "text", "size"), [(0, 3, "", 4), (2, 16, "step=2", 8), (5, 50, "step=3", 16), (5, 5, "", 1)]
)
def test_the_size_follows_from_start_stop_and_step(start: int, stop: int, text: str, size: int) -> None:
    jobs = [{"start_frame": 0, "stop_frame": size - 1}]
    task = {**with_data(start_frame=start, stop_frame=stop, frame_filter=text), "jobs": jobs}
    assert declared_size(read(task).data) == size


def test_a_stop_of_0_means_the_last_frame_unless_the_jobs_have_one() -> None:
    assert read(with_data(stop_frame=0)).data.stop_frame is None
    one = {**with_data(stop_frame=0), "jobs": [{"start_frame": 0, "stop_frame": 0}]}
    assert read(one).data.stop_frame == 0


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert read(with_data(image_quality=70.0)).data.image_quality == 70


def test_labels_may_lack_everything_but_a_name() -> None:
    attribute = {"name": "x"}
    task = read(a_task(labels=[{"name": "car", "attributes": [attribute]}]))
    assert task.labels == [ArchiveLabel(name="car", attributes=[ArchiveAttribute(name="x")])]


def test_unknown_keys_are_notes_wherever_they_are() -> None:
    label = a_label(parent=None, icon="x")
    label["attributes"][0]["spec"] = 1
    task = {**with_data(future=1), "labels": [label], "a/b~c": 1}
    report = Report()
    read_task(task, "task.json", report)
    assert {(item.level, item.code) for item in report.findings} == {(Level.NOTE, "unknown-key")}
    assert [item.place for item in report.findings] == [
        *("/labels/0/attributes/0/spec", "/labels/0/parent", "/labels/0/icon", "/data/future", "/a~1b~0c")
    ]


def test_keys_that_servers_of_2021_wrote_into_project_json_are_nothing_to_tell() -> None:
    report = Report()
    project = read_project({**a_project(), "deimension": "2d"}, "project.json", report)
    assert (project.name, report.findings) == ("p", [])


def test_a_task_is_written_as_cvat_writes_it() -> None:
    """Key by key: a stock CVAT refuses unknown keys in labels, and misses required ones."""
    written = json.loads(write_task(read(a_task())))
    assert list(written) == ["name", "bug_tracker", "status", "subset", "labels", "version", "data", "jobs"]
    assert list(written["labels"][0]) == ["name", "color", "attributes", "type", "sublabels"]
    assert list(written["labels"][0]["attributes"][0]) == [
        *("name", "mutable", "input_type", "default_value", "values")
    ]
    assert list(written["data"]) == [
        *("chunk_size", "image_quality", "start_frame", "stop_frame", "storage_method", "storage"),
        *("sorting_method", "chunk_type", "deleted_frames"),
    ]
    assert list(written["jobs"][0]) == ["status", "type", "start_frame", "stop_frame"]


def test_a_skeleton_is_written_with_its_drawing_and_plain_points() -> None:
    skeleton = a_label("sk", type="skeleton", svg="<circle/>", sublabels=[{**a_label("1", type="points")}])
    del skeleton["sublabels"][0]["sublabels"]
    (written,) = json.loads(write_project(read_project(a_project(labels=[skeleton]), "", Report())))["labels"]
    assert written == skeleton


def test_honeypots_and_ground_truth_are_written_back() -> None:
    pool = {"mode": "gt_pool", "frames_per_job_count": 1, "frames": ["2.jpg"]}
    jobs = [
        {"status": "annotation", "type": "annotation", "start_frame": 0, "stop_frame": 1, "files": ["1.jpg", "2.jpg"]},
        {"status": "completed", "type": "ground_truth", "start_frame": 2, "stop_frame": 2, "files": ["2.jpg"]},
    ]
    data = with_data(stop_frame=2, sorting_method="random", custom_segments=True, validation_layout=pool)
    task = {**data, "jobs": jobs}
    assert json.loads(write_task(read(task))) == task
