"""Data of a backup goes back into what is there: append, replace, skip; as planned, once, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.test_kept_backups import finished, made
from tests.support.annotations import a_box, a_tag, a_track
from tests.support.api import Client, client_for
from tests.support.backups import described, said
from tests.support.kinds import KINDS, annotate, ids_of
from tests.support.projects import a_project, a_task, jobs_of, picture

from labelkeep.accounts.models import User
from labelkeep.media.models import StoredObject
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.snapshots.models import Backup

Json = dict[str, Any]
MODES = ("append", "replace", "skip")


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


@pytest.fixture
def project(alice: User) -> Project:
    """Two tasks: six frames in two jobs with cats on all, dogs on three, tags and a track; and one of two frames."""
    found = a_project(alice, labels=["cat", "dog", "owl"])
    first = a_task(alice, "first", project=found, frames=6, segment_size=3)
    second = a_task(alice, "second", project=found, frames=2)
    fill(alice, first)
    annotate(alice, second, shapes=[a_box(ids_of(found)["cat"], 1)])
    return found


def fill(alice: User, task: Task) -> None:
    ids = ids_of(task.project or task)
    boxes = [a_box(ids["cat"], frame) for frame in range(6)] + [a_box(ids["dog"], frame) for frame in (1, 3, 5)]
    track = a_track(ids["owl"], (0, [0, 0, 10, 10], False), (2, [20, 20, 30, 30], True))
    annotate(alice, task, shapes=boxes, tags=[a_tag(ids["dog"], 2)], tracks=[track])


def first_of(project: Project) -> Task:
    return Task.objects.filter(project=project).order_by("id")[0]


def transfer(client: Client, backup: Json, **body: Any) -> Json:
    """Plan it, carry it out, hold the one against the other; the result."""
    path = f"/api/backups/{backup['id']}/transfer"
    answer = client.post(f"{path}-plan", body)
    assert answer.status_code == 200, answer.content
    plan = answer.json()
    told = finished(client, path, body)
    result = said(client, f"/api/requests/{told['id']}/result")
    for item, planned in zip(result["tasks"], plan["tasks"], strict=True):
        assert {**item, "task": None} == {**planned, "task": None}
    assert {name: result[name] for name in plan if name != "tasks"} == {
        name: plan[name] for name in plan if name != "tasks"
    }
    Operation.objects.all().delete()  # the same may be asked for again
    return dict(result)


def test_what_was_lost_comes_back_and_what_is_new_stays(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    before, first = described(alice_says, "projects", project.pk), first_of(project)
    ids = ids_of(project)
    annotate(alice, first, shapes=[a_box(ids["cat"], 0), a_box(ids["dog"], 4, [7, 7, 9, 9])])
    result = transfer(alice_says, backup, project_id=project.pk)
    assert [item["outcome"] for item in result["tasks"]] == ["changed", "same"]
    assert result["added"] == {"shapes": 8, "tags": 1, "tracks": 1}
    assert (result["removed"], result["same"]) == ({}, {"shapes": 2})
    shapes = said(alice_says, f"/api/tasks/{first.pk}/annotations/")["shapes"]
    assert sum(shape["points"] == [7, 7, 9, 9] for shape in shapes) == 1
    assert transfer(alice_says, backup, project_id=project.pk, mode="replace")["removed"] == {"shapes": 1}
    assert described(alice_says, "projects", project.pk) == before


@pytest.mark.parametrize("mode", MODES)
def test_the_second_time_changes_nothing(alice: User, alice_says: Client, project: Project, mode: str) -> None:
    backup = made(alice_says, project_id=project.pk)
    annotate(alice, first_of(project), tags=[a_tag(ids_of(project)["cat"], 0)])
    transfer(alice_says, backup, project_id=project.pk, mode=mode)
    jobs = list(Job.objects.order_by("pk").values())
    backups = Backup.objects.count()
    again = transfer(alice_says, backup, project_id=project.pk, mode=mode)
    assert (again["added"], again["removed"], again["safety"]) == ({}, {}, None)
    assert list(Job.objects.order_by("pk").values()) == jobs
    assert Backup.objects.count() == backups


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [name for name in KINDS if "honeypots" not in name and name != "empty_project"])
def test_every_kind_of_task_gets_back_what_it_lost(
    alice: User, bob: User, alice_says: Client, kind: str, mode: str
) -> None:
    thing = KINDS[kind](alice, bob)
    plural = "projects" if isinstance(thing, Project) else "tasks"
    backup = made(alice_says, **{f"{plural[:-1]}_id": thing.pk})
    before = described(alice_says, plural, thing.pk)
    tasks = Task.objects.filter(project=thing) if isinstance(thing, Project) else Task.objects.filter(pk=thing.pk)
    for task in tasks.filter(has_data=True):
        for job in jobs_of(task):
            annotate(alice, job, tags=[])
    result = transfer(alice_says, backup, **{f"{plural[:-1]}_id": thing.pk}, mode=mode)
    assert all(item["missing_frames"] == item["missing_labels"] == [] for item in result["tasks"])
    now = described(alice_says, plural, thing.pk)
    annotations = [[task.get("job_annotations") for task in found["tasks"]] for found in (before, now)]
    if mode == "skip":
        assert {item["outcome"] for item in result["tasks"]} == {"skipped"}
    else:
        assert annotations[0] == annotations[1]


def test_only_what_was_chosen_is_touched(alice: User, alice_says: Client, project: Project) -> None:
    backup, first, ids = made(alice_says, project_id=project.pk), first_of(project), ids_of(project)
    annotate(alice, first, shapes=[a_box(ids["cat"], 0, [9, 9, 11, 11]), a_box(ids["dog"], 1, [9, 9, 11, 11])])
    others = list(Job.objects.exclude(task=first).values())
    body = {"project_id": project.pk, "tasks": [first.pk], "labels": ["dog"], "frames": [[0, 2]], "mode": "replace"}
    result = transfer(alice_says, backup, **body)
    assert (result["added"], result["removed"]) == ({"shapes": 1, "tags": 1}, {"shapes": 1})
    shapes = said(alice_says, f"/api/tasks/{first.pk}/annotations/")["shapes"]
    assert sorted((shape["label_id"], shape["frame"], shape["points"][0]) for shape in shapes) == [
        (ids["cat"], 0, 9),
        (ids["dog"], 1, a_box(ids["dog"])["points"][0]),
    ]
    assert list(Job.objects.exclude(task=first).values()) == others


def test_one_job_alone_comes_back(alice: User, alice_says: Client, project: Project) -> None:
    backup, first = made(alice_says, project_id=project.pk), first_of(project)
    annotate(alice, first, shapes=[])
    chosen, other = jobs_of(first)
    for job in (chosen, other):
        annotate(alice, job, tags=[])
    transfer(alice_says, backup, project_id=project.pk, jobs=[other.pk])
    counts = [job.counts for job in jobs_of(first)]
    assert counts[0] == {}
    assert counts[1]


@pytest.mark.parametrize("mode", MODES)
def test_a_task_that_is_gone_is_added_to_the_project(alice_says: Client, project: Project, mode: str) -> None:
    backup, first = made(alice_says, project_id=project.pk), first_of(project)
    before = described(alice_says, "projects", project.pk)
    first.delete()
    result = transfer(alice_says, backup, project_id=project.pk, mode=mode)
    assert [item["outcome"] for item in result["tasks"]] == ["added", "skipped" if mode == "skip" else "same"]
    new = Task.objects.get(pk=result["tasks"][0]["task"])
    assert (new.project_id, new.origin["backup"]) == (project.pk, backup["id"])
    assert list(result["ids"]["tasks"].values()) == [new.pk]
    found = described(alice_says, "projects", project.pk)
    assert sorted(map(repr, found["tasks"])) == sorted(map(repr, before["tasks"]))
    assert transfer(alice_says, backup, project_id=project.pk, mode=mode)["new"] == {}


def test_a_safety_backup_is_the_state_before(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    annotate(alice, first_of(project), shapes=[a_box(ids_of(project)["owl"], 3)])
    before = described(alice_says, "projects", project.pk)
    result = transfer(alice_says, backup, project_id=project.pk, mode="replace")
    safety = Backup.objects.get(pk=result["safety"])
    assert safety.trigger == Backup.Trigger.SAFETY
    told = finished(alice_says, f"/api/backups/{safety.pk}/restore", {})
    assert described(alice_says, "projects", told["result_id"]) == before


def test_a_restored_copy_is_known_by_its_origin(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    copy = Project.objects.get(pk=told["result_id"])
    before = described(alice_says, "projects", copy.pk)
    annotate(alice, first_of(copy), shapes=[a_box(ids_of(copy)["cat"], 0)])
    result = transfer(alice_says, backup, project_id=copy.pk)
    assert result["added"] == {"shapes": 8, "tags": 1, "tracks": 1}
    assert described(alice_says, "projects", copy.pk) == before


def test_labels_and_frames_that_are_not_there_are_listed(alice: User, alice_says: Client) -> None:
    task = a_task(alice, files={f"{n}.png": picture(n) for n in range(3)}, labels=["cat", "dog"])
    ids = ids_of(task)
    annotate(alice, task, shapes=[a_box(ids[name], frame) for frame in range(3) for name in ("cat", "dog")])
    backup = made(alice_says, task_id=task.pk)
    other = a_task(alice, files={"0.png": picture(0), "1.png": picture(50), "2.png": picture(2)}, labels=["cat"])
    Task.objects.filter(pk=other.pk).update(origin={"uuid": str(task.uuid)})
    result = transfer(alice_says, backup, task_id=other.pk)
    (item,) = result["tasks"]
    assert (item["missing_frames"], item["missing_labels"]) == ([[1, 1]], ["dog"])
    shapes = said(alice_says, f"/api/tasks/{other.pk}/annotations/")["shapes"]
    assert sorted(shape["frame"] for shape in shapes) == [0, 2]
    assert Label.objects.filter(task=other).count() == 1


def test_tasks_with_honeypots_and_other_tasks_are_left_alone_and_said_why(
    alice: User, bob: User, alice_says: Client
) -> None:
    task = KINDS["honeypots"](alice, bob)
    assert isinstance(task, Task)
    backup = made(alice_says, task_id=task.pk)
    (item,) = transfer(alice_says, backup, task_id=task.pk)["tasks"]
    assert (item["outcome"], "honeypots" in item["why"]) == ("skipped", True)
    (item,) = transfer(alice_says, backup, task_id=a_task(alice).pk)["tasks"]
    assert (item["outcome"], "another task" in item["why"]) == ("skipped", True)


def test_a_plan_writes_nothing(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    annotate(alice, first_of(project), tags=[])
    Task.objects.filter(project=project, name="second").delete()
    known, jobs = StoredObject.objects.count(), list(Job.objects.values())
    body = {"project_id": project.pk, "labels": ["cat"], "frames": [[0, 1]]}
    assert alice_says.post(f"/api/backups/{backup['id']}/transfer-plan", body).json()["added"] == {"shapes": 3}
    assert (StoredObject.objects.count(), list(Job.objects.values())) == (known, jobs)
    assert Backup.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"project_id": 1, "task_id": 1}, {"mode": "merge"}, {"labels": ["bird"]}])
def test_what_cannot_be_meant_is_refused(alice_says: Client, project: Project, body: Json) -> None:
    backup = made(alice_says, project_id=project.pk)
    whole = {"project_id": project.pk, **body} if body and "task_id" not in body else body
    assert alice_says.post(f"/api/backups/{backup['id']}/transfer", whole).status_code == 400


def test_who_may_have_the_backup_and_change_the_target_may_transfer(
    alice: User, bob: User, charlie: User, alice_says: Client, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    backup = made(alice_says, project_id=project.pk)
    for way in ("transfer", "transfer-plan"):
        path = f"/api/backups/{backup['id']}/{way}"
        answers = [client_for(user).post(path, {"project_id": project.pk}) for user in (alice, bob, charlie)]
        assert [answer.status_code for answer in answers] == [202 if way == "transfer" else 200, 403, 403]
    of_bob = a_project(bob)
    assert alice_says.post(f"/api/backups/{backup['id']}/transfer", {"project_id": of_bob.pk}).status_code == 403
    run_queued()
