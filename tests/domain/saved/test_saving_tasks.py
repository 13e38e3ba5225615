"""Saving through a task: its jobs share what comes, and only those that it concerns are looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.support.annotations import NOW, a_task_with_jobs, a_track
from tests.support.saves import LATER, boxes, first_job, patch, put, seen

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label, Task
from labelkeep.projects.saved import loading


@pytest.fixture
def task(alice: User) -> Task:
    return a_task_with_jobs(alice, (0, 5), (4, 9), overlap=2)


@pytest.fixture
def car(task: Task) -> int:
    return Label.objects.get(task=task, name="car").pk


def test_a_task_sends_objects_to_every_job_that_shows_their_frame(alice: User, task: Task, car: int) -> None:
    track = a_track(car, (0, [0, 0, 10, 10], False), (8, [80, 0, 90, 10], False))
    put(alice, task, shapes=boxes(car, 0, 4, 9, 99), tracks=[track])
    first, second = task.jobs.order_by("start_frame")
    assert [shape["frame"] for shape in seen(alice, first)["shapes"]] == [0, 4]
    assert [shape["frame"] for shape in seen(alice, second)["shapes"]] == [4, 9]
    keys = [
        [(key["frame"], key["points"][0]) for key in seen(alice, job)["tracks"][0]["shapes"]] for job in (first, second)
    ]
    assert keys == [[(0, 0), (5, 50)], [(4, 40), (8, 80)]]
    whole = seen(alice, task)
    assert [shape["frame"] for shape in whole["shapes"]] == [0, 4, 9]
    assert [[key["frame"] for key in item["shapes"]] for item in whole["tracks"]] == [[0, 4, 5, 8]]


def test_an_update_that_leaves_a_job_goes_to_the_job_of_its_new_frame(alice: User, task: Task, car: int) -> None:
    first, second = task.jobs.order_by("start_frame")
    put(alice, task, shapes=boxes(car, 0, 1))
    shape = seen(alice, task)["shapes"][0]
    patch(alice, task, "update", shapes=[{**shape, "frame": 8}])
    assert [item["frame"] for item in seen(alice, first)["shapes"]] == [1]
    assert [item["frame"] for item in seen(alice, second)["shapes"]] == [8]


def test_a_task_patch_deletes_by_id_in_the_job_of_the_id(alice: User, task: Task, car: int) -> None:
    put(alice, task, shapes=boxes(car, 0, 9))
    gone = patch(alice, task, "delete", shapes=seen(alice, task)["shapes"][1:])
    assert [item["frame"] for item in gone["shapes"]] == [9]
    assert [item["frame"] for item in seen(alice, task)["shapes"]] == [0]


def test_a_task_save_touches_the_jobs_where_something_was_or_comes(alice: User) -> None:
    """The first is emptied, the second gets something, the third has nothing and gets nothing."""
    task = a_task_with_jobs(alice, (0, 3), (4, 7), (8, 9))
    car = Label.objects.get(task=task, name="car").pk
    put(alice, first_job(task), shapes=boxes(car, 0))
    Job.objects.update(updated_date=NOW)
    put(alice, task, shapes=boxes(car, 5))
    dates = list(task.jobs.order_by("start_frame").values_list("updated_date", flat=True))
    assert dates == [LATER, LATER, NOW]
    assert [shape["frame"] for shape in seen(alice, task)["shapes"]] == [5]


def test_a_save_leaves_stage_state_and_status_as_they_are(alice: User, task: Task, car: int) -> None:
    Job.objects.update(stage="validation", state="completed", status="validation")
    put(alice, task, shapes=boxes(car, 0, 9))
    patch(alice, task, "create", shapes=boxes(car, 5))
    saved.clear(Actor.of(alice), task, now=LATER)
    assert set(Job.objects.values_list("stage", "state", "status")) == {("validation", "completed", "validation")}


def test_a_save_to_a_task_asks_no_more_for_jobs_that_it_does_not_concern(alice: User) -> None:
    asked = []
    for count in (2, 2, 40):  # the first one opens the store, too
        task = a_task_with_jobs(alice, *((10 * n, 10 * n + 9) for n in range(count)))
        car = Label.objects.get(task=task, name="car").pk
        put(alice, task, shapes=boxes(car, 5))
        with CaptureQueriesContext(connection) as queries:
            put(alice, task, shapes=boxes(car, 6))
        asked.append(len(queries))
    assert asked[1] == asked[2]


def test_reading_while_deltas_go_into_a_document_reads_again(
    alice: User, task: Task, car: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = first_job(task)
    patch(alice, job, "create", shapes=boxes(car, 0))
    patch(alice, job, "create", shapes=boxes(car, 1))
    real, folds = loading._payloads, [True]

    def payloads(*arguments: Any) -> Any:
        if folds:
            folds.pop()
            saved.fold([job.pk])  # somebody's backup, just between row and deltas
        return real(*arguments)

    monkeypatch.setattr(loading, "_payloads", payloads)
    assert [shape["frame"] for shape in seen(alice, job)["shapes"]] == [0, 1]
    assert first_job(task).delta_bytes == 0
