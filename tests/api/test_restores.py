"""/api/backups/{id}/restore-plan and restores of a part over HTTP, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.test_kept_backups import finished, made
from tests.support.annotations import a_box
from tests.support.api import Client, client_for
from tests.support.backups import said
from tests.support.kinds import annotate, ids_of
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project, Task

Json = dict[str, Any]


@pytest.fixture
def project(alice: User) -> Project:
    """One task with cats and dogs that Dora is to annotate, who has left since."""
    found = a_project(alice, labels=["cat", "dog"])
    task = a_task(alice, "one", project=found, frames=3)
    ids = ids_of(found)
    annotate(alice, task, shapes=[a_box(ids["cat"], 0), a_box(ids["dog"], 1), a_box(ids["cat"], 2)])
    return found


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def plan_of(client: Client, backup: Json, **body: Any) -> Json:
    answer = client.post(f"/api/backups/{backup['id']}/restore-plan", body)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_plan_says_what_will_come_and_who_is_not_here(alice_says: Client, project: Project) -> None:
    dora = User.objects.create_user("dora", "dora@example.com", "correct horse battery")
    Task.objects.filter(project=project).update(assignee=dora)
    backup = made(alice_says, project_id=project.pk)
    dora.delete()
    plan = plan_of(alice_says, backup, name="again")
    assert (plan["kind"], plan["name"]) == ("project", "again")
    assert plan["counts"] == backup["counts"]
    assert plan["labels"] == {"cat": {"shapes": 2}, "dog": {"shapes": 1}}
    assert [(task["name"], task["counts"]["shapes"]) for task in plan["tasks"]] == [("one", 3)]
    assert plan["size"] == backup["media"]["included"]["bytes"]
    assert plan["unknown_users"] == ["dora"]
    assert [finding["code"] for finding in plan["not_carried"]] == ["unknown-user"]
    assert plan_of(alice_says, backup, users={"dora": "alice"})["unknown_users"] == []
    assert Project.objects.count() == 1


def test_a_part_is_restored_as_its_plan_said(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    body = {"labels": ["cat"], "frames": [[0, 1]]}
    plan = plan_of(alice_says, backup, **body)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", body)
    result = alice_says.get(f"/api/requests/{told['id']}/result").json()
    assert {name: result[name] for name in ("counts", "labels", "size")} == {
        name: plan[name] for name in ("counts", "labels", "size")
    }
    copy = Task.objects.get(project=told["result_id"])
    assert len(said(alice_says, f"/api/tasks/{copy.pk}/annotations/")["shapes"]) == 1


@pytest.mark.parametrize("body", [{"labels": ["bird"]}, {"tasks": [999]}, {"frames": [[2, 1]]}, {"frames": [7]}])
def test_a_part_that_is_not_there_is_refused_before_anything_starts(
    alice_says: Client, project: Project, body: Json
) -> None:
    backup = made(alice_says, project_id=project.pk)
    for way in ("restore", "restore-plan"):
        answer = alice_says.post(f"/api/backups/{backup['id']}/{way}", body)
        assert answer.status_code == 400
        assert list(answer.json()) == list(body)


def test_two_parts_are_two_restores(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}/restore"
    keys = [alice_says.post(path, {"labels": [name]}).json()["rq_id"] for name in ("cat", "dog", "cat")]
    assert keys[0] == keys[2] != keys[1]
    run_queued()
    assert Project.objects.count() == 3


def test_only_who_may_restore_may_look_at_the_plan(
    alice: User, bob: User, charlie: User, alice_says: Client, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}/restore-plan"
    assert [client_for(user).post(path, {}).status_code for user in (alice, bob, charlie)] == [200, 403, 403]
    assert client_for(alice, read_only=True).post(path, {}).status_code == 403  # what he may not do he need not plan


def test_every_old_id_has_its_new_one_as_json_and_as_csv(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    path = f"/api/requests/{told['id']}/id-map"
    ids = alice_says.get(path).json()
    assert ids["projects"] == {str(project.pk): told["result_id"]}
    task = Task.objects.get(project=project)
    assert ids["tasks"] == {str(task.pk): Task.objects.get(project=told["result_id"]).pk}
    assert set(ids["jobs"]) == {str(pk) for pk in task.jobs.values_list("pk", flat=True)}
    assert set(ids["labels"]) == {str(pk) for pk in ids_of(project).values()}
    answer = alice_says.get(f"{path}?format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    head, *lines = answer.content.decode().splitlines()
    assert head == "kind,old,new"
    assert set(lines) == {f"{kind},{old},{new}" for kind, found in ids.items() for old, new in found.items()}


def test_a_request_that_restored_nothing_has_no_map(alice_says: Client, bob: User, project: Project) -> None:
    key = alice_says.post("/api/backups", {"project_id": project.pk}).json()["rq_id"]
    run_queued()
    assert alice_says.get(f"/api/requests/{key}/id-map").status_code == 409
    assert client_for(bob).get(f"/api/requests/{key}/id-map").status_code in (403, 404)


def test_what_was_restored_says_from_which_backup_and_what_it_costs(
    alice_says: Client, bob: User, project: Project
) -> None:
    backup = made(alice_says, project_id=project.pk)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    (listed,) = alice_says.get(f"/api/projects?restored_from={backup['id']}").json()["results"]
    assert listed["id"] == told["result_id"]
    (task,) = alice_says.get(f"/api/tasks?restored_from={backup['id']}").json()["results"]
    assert task["project_id"] == told["result_id"]
    origin = alice_says.get(f"/api/projects/{listed['id']}/origin").json()
    assert (origin["backup"], origin["uuid"]) == (backup["id"], str(project.uuid))
    assert origin["size"] == backup["media"]["included"]["bytes"]
    assert alice_says.get(f"/api/tasks/{task['id']}/origin").json()["backup"] == backup["id"]
    assert alice_says.get(f"/api/projects/{project.pk}/origin").json()["backup"] is None
    assert alice_says.get("/api/projects?restored_from=x").status_code == 400
    assert client_for(bob).get(f"/api/projects/{listed['id']}/origin").status_code == 403
