"""Saving annotations: who may, what becomes of numbers and counts, deltas and folding, and saves that cross."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from tests.support.annotations import (
    NOW,
    a_box,
    a_label,
    a_project_of,
    a_tag,
    a_task_with_jobs,
    a_track,
    received,
    sent,
)
from tests.support.saves import LATER, boxes, first_job, patch, put, seen

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations import deltas
from labelkeep.errors import BadInput, Forbidden
from labelkeep.projects import saved
from labelkeep.projects.models import AnnotationDelta, Job, Label, Project, Revision, Task
from labelkeep.projects.saved import load, saving


@pytest.fixture
def task(alice: User) -> Task:
    return a_task_with_jobs(alice, (0, 5), (4, 9), overlap=2)


@pytest.fixture
def car(task: Task) -> int:
    return Label.objects.get(task=task, name="car").pk


def test_small_edits_are_deltas_and_do_not_rewrite_the_document(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    put(alice, job, shapes=boxes(car, 0, 1, 2))
    document = first_job(task).document
    patch(alice, job, "create", shapes=boxes(car, 3))
    row = first_job(task)
    assert (row.document, row.revision, row.deltas.count()) == (document, 2, 1)
    assert row.delta_bytes == len(bytes(row.deltas.get().payload)) < 300
    assert [shape["frame"] for shape in seen(alice, job)["shapes"]] == [0, 1, 2, 3]


def test_folding_changes_what_is_stored_and_nothing_that_is_seen(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    made = patch(alice, job, "create", shapes=boxes(car, 0, 1, 2))
    patch(alice, job, "delete", shapes=made["shapes"][1:2])
    before, row = seen(alice, job), first_job(task)
    saved.fold([job.pk])
    after = first_job(task)
    assert (seen(alice, job), after.counts, after.revision) == (before, row.counts, row.revision)
    assert (after.deltas.count(), after.delta_bytes, bool(after.document)) == (0, 0, True)
    assert after.updated_date == row.updated_date
    assert Revision.objects.get(job=job, number=2).document == after.document
    saved.fold([job.pk])
    assert first_job(task).document == after.document


def test_deltas_above_their_bound_become_a_document(
    alice: User, task: Task, car: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deltas, "BOUND", 400)
    job = first_job(task)
    for frame in range(6):
        patch(alice, job, "create", shapes=boxes(car, frame))
        assert first_job(task).delta_bytes <= 400
    assert first_job(task).document
    assert len(seen(alice, job)["shapes"]) == 6
    assert first_job(task).counts == {"1": {"shapes": 6}}


def test_a_large_patch_is_edited_slice_by_slice(
    alice: User, task: Task, car: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deltas, "BOUND", 0)
    monkeypatch.setattr(saved.plans, "SLICE", 2)
    job = first_job(task)
    made = patch(alice, job, "create", shapes=boxes(car, 0, 1, 2), tags=[a_tag(car, 1)])
    moved = [{**shape, "frame": 5 - shape["frame"]} for shape in made["shapes"]]
    patch(alice, job, "update", shapes=moved, tags=made["tags"])
    patch(alice, job, "delete", shapes=moved[:1])
    left = seen(alice, job)
    assert [(shape["id"], shape["frame"]) for shape in left["shapes"]] == [
        (shape["id"], shape["frame"]) for shape in reversed(moved[1:])
    ]
    assert first_job(task).counts == {"1": {"shapes": 2, "tags": 1}}


def test_counts_follow_every_change(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    person = Label.objects.get(task=task, name="person").pk
    put(alice, job, shapes=boxes(car, 0, 1), tags=[a_tag(person)], tracks=[a_track(car, (0, [1, 1, 2, 2], False))])
    assert first_job(task).counts == {"1": {"shapes": 2, "tracks": 1}, "2": {"tags": 1}}
    shape = seen(alice, job)["shapes"][0]
    patch(alice, job, "update", shapes=[{**shape, "label_id": person, "attributes": []}])
    assert first_job(task).counts == {"1": {"shapes": 1, "tracks": 1}, "2": {"shapes": 1, "tags": 1}}
    patch(alice, job, "delete", shapes=[shape])
    assert first_job(task).counts == {"1": {"shapes": 1, "tracks": 1}, "2": {"tags": 1}}
    saved.clear(Actor.of(alice), job, now=LATER)
    assert first_job(task).counts == {}


def test_numbers_are_never_used_again(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    first = patch(alice, job, "create", shapes=boxes(car, 0))["shapes"][0]["id"]
    saved.clear(Actor.of(alice), job, now=LATER)
    second = patch(alice, job, "create", shapes=boxes(car, 0))["shapes"][0]["id"]
    put(alice, job, shapes=boxes(car, 1))
    third = seen(alice, job)["shapes"][0]["id"]
    assert first < second < third


def test_a_put_of_the_same_objects_keeps_ids_and_document(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    put(alice, job, shapes=boxes(car, 0, 1, 1))
    before, row = seen(alice, job), first_job(task)
    put(alice, job, shapes=boxes(car, 1, 0, 1))
    assert seen(alice, job) == before
    assert first_job(task).document == row.document
    put(alice, job, shapes=boxes(car, 1, 0, 1, 2))
    assert {shape["id"] for shape in before["shapes"]} < {shape["id"] for shape in seen(alice, job)["shapes"]}


def test_objects_of_a_deleted_label_are_hidden_and_come_back_with_it(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    person = Label.objects.get(task=task, name="person").pk
    put(alice, job, shapes=boxes(car, 0) + boxes(person, 1))
    Label.objects.filter(pk=car).update(deleted_at=NOW)
    assert [shape["label_id"] for shape in seen(alice, job)["shapes"]] == [person]
    with pytest.raises(BadInput, match="label_id"):
        patch(alice, job, "create", shapes=boxes(car, 0))
    Label.objects.filter(pk=car).update(deleted_at=None)
    assert len(seen(alice, job)["shapes"]) == 2


def test_an_attribute_that_is_new_has_its_default_and_one_that_is_gone_is_left_out(
    alice: User, task: Task, car: int
) -> None:
    job, label = first_job(task), Label.objects.get(pk=car)
    color = label.attributes.get(name="color")
    put(alice, job, shapes=[a_box(car, attributes=[{"spec_id": color.pk, "value": "blue"}])])
    color.delete()
    new = label.attributes.create(name="doors", input_type="number", default_value="4", values=[])
    values = {item["spec_id"]: item["value"] for item in seen(alice, job)["shapes"][0]["attributes"]}
    assert values == {label.attributes.get(name="speed").pk: "0", new.pk: "4"}


def test_labels_of_a_project_serve_its_tasks(alice: User) -> None:
    project = a_project_of(alice)
    car = a_label(project, "car").pk
    task = a_task_with_jobs(alice, (0, 3), project=project)
    put(alice, task, shapes=boxes(car, 3))
    assert seen(alice, task)["shapes"][0]["label_id"] == car
    assert Project.objects.get().updated_date == LATER


def test_a_save_touches_job_task_and_nothing_else(alice: User, task: Task, car: int) -> None:
    other = a_task_with_jobs(alice, (0, 3))
    put(alice, first_job(task), shapes=boxes(car, 0))
    dates = list(task.jobs.order_by("start_frame").values_list("updated_date", flat=True))
    assert dates == [LATER, NOW]
    assert Task.objects.get(pk=task.pk).updated_date == LATER
    assert Task.objects.get(pk=other.pk).updated_date == NOW


def test_ids_that_are_not_there_are_passed_over_by_delete_and_made_by_update(alice: User, task: Task, car: int) -> None:
    job = first_job(task)
    patch(alice, job, "create", shapes=boxes(car, 0))
    unknown = {**a_box(car, 1), "id": (job.pk << 28) + 777}
    assert patch(alice, job, "delete", shapes=[unknown])["shapes"] == []
    patch(alice, job, "update", shapes=[unknown])
    assert [shape["frame"] for shape in seen(alice, job)["shapes"]] == [0, 1]


def test_what_is_wrong_changes_nothing(alice: User, task: Task, car: int) -> None:
    put(alice, task, shapes=boxes(car, 0))
    before = list(task.jobs.values_list("document", "revision", "delta_bytes"))
    for wrong in ({"points": [1]}, {"label_id": 10**6}, {"type": "x"}):
        with pytest.raises(BadInput):
            put(alice, task, shapes=[*boxes(car, 1), {**a_box(car, 2), **wrong}])
        with pytest.raises(BadInput):
            patch(alice, task, "create", tags=[a_tag(car)], shapes=[{**a_box(car, 2), **wrong}])
    assert list(task.jobs.values_list("document", "revision", "delta_bytes")) == before


def test_somebody_else_saving_in_between_loses_nothing(
    alice: User, bob: User, task: Task, car: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost compare-and-set is applied again to the newer revision: of a patch, of a put, of a fold."""
    Job.objects.filter(task=task).update(assignee=bob)
    job = first_job(task)
    real, interrupt = saving.swapped, [True]

    def swapped(before: saved.Saved, **fields: Any) -> bool:
        if interrupt and interrupt.pop():
            Job.objects.filter(pk=before.job).update(revision=before.revision + 1)  # as if another save had come first
        return real(before, **fields)

    monkeypatch.setattr(saving, "swapped", swapped)
    patch(alice, job, "create", shapes=boxes(car, 0))
    interrupt.append(True)
    patch(bob, job, "create", shapes=boxes(car, 1))
    interrupt.append(True)
    put(alice, job, shapes=[*boxes(car, 0, 1), a_box(car, 2)])
    assert [shape["frame"] for shape in seen(alice, job)["shapes"]] == [0, 1, 2]
    ids = [shape["id"] for shape in seen(alice, job)["shapes"]]
    assert len(set(ids)) == 3


def test_a_task_save_that_fails_for_one_job_fails_for_all(
    alice: User, task: Task, car: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = list(task.jobs.order_by("start_frame"))
    real = saving.swapped

    def swapped(before: saved.Saved, **fields: Any) -> bool:
        if before.job == jobs[1].pk:
            raise RuntimeError("the power went off")
        return real(before, **fields)

    monkeypatch.setattr(saving, "swapped", swapped)
    with pytest.raises(RuntimeError):
        put(alice, task, shapes=boxes(car, 0, 9))
    monkeypatch.undo()
    assert seen(alice, task)["shapes"] == []
    assert AnnotationDelta.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_two_people_drawing_at_once_both_keep_everything(alice: User, bob: User) -> None:
    task = a_task_with_jobs(alice, (0, 99))
    car = Label.objects.get(task=task, name="car").pk
    Job.objects.update(assignee=bob)
    failures: list[BaseException] = []

    def draw(user: User, first: int) -> None:
        try:
            for frame in range(first, first + 8):
                patch(user, first_job(task), "create", shapes=boxes(car, frame))
                if frame % 4 == 0:
                    saved.fold([first_job(task).pk])
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=draw, args=(user, first)) for user, first in ((alice, 0), (bob, 50))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    shapes = seen(alice, first_job(task))["shapes"]
    assert [shape["frame"] for shape in shapes] == [*range(8), *range(50, 58)]
    assert len({shape["id"] for shape in shapes}) == 16
    assert first_job(task).counts == {"1": {"shapes": 16}}


def test_a_stranger_may_do_nothing_and_an_assignee_only_with_his_job(
    alice: User, bob: User, charlie: User, task: Task, car: int
) -> None:
    job = first_job(task)
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    put(bob, first_job(task), shapes=boxes(car, 0))
    assert len(seen(bob, first_job(task))["shapes"]) == 1
    for user, places in ((bob, [task, task.jobs.order_by("start_frame")[1]]), (charlie, [task, first_job(task)])):
        for place in places:
            with pytest.raises(Forbidden):
                seen(user, place)
            with pytest.raises(Forbidden):
                put(user, place, shapes=[])
            with pytest.raises(Forbidden):
                patch(user, place, "create", shapes=boxes(car, 0))
            with pytest.raises(Forbidden):
                saved.clear(Actor.of(user), place, now=LATER)
    assert len(load(first_job(task)).index.parts) == 1


def test_a_read_only_token_may_look_and_not_draw(alice: User, task: Task, car: int) -> None:
    actor = Actor(alice, read_only=True)
    assert received(saved.view_task(actor, task))["shapes"] == []
    with pytest.raises(Forbidden):
        saved.replace(actor, task, sent({"shapes": boxes(car, 0)}), now=LATER)
