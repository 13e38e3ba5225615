"""/api/jobs/{id}/history, blame and revert: one object through saves and backups, and who may see and change it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.support.annotations import NOW, a_box, sent
from tests.support.api import Client, client_for
from tests.support.projects import a_project, a_task
from tests.support.saves import first_job

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.restore import restore

Json = dict[str, Any]


@pytest.fixture
def job(alice: User, bob: User) -> Job:
    """A job in Alice's project, assigned to Bob."""
    job = first_job(a_task(alice, project=a_project(alice), frames=4))
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    return first_job(job.task)


def save(user: User, job: Job, action: Any, minute: int = 0, **lists: Any) -> Json:
    pieces = saved.patch(Actor.of(user), job, action, sent(lists), now=NOW + timedelta(minutes=minute))
    return dict(json.loads(b"".join(pieces)))


def drawn(user: User, job: Job, frame: int = 0) -> Json:
    label = Label.objects.get(project=job.task.project, name="cat").pk
    return dict(save(user, job, "create", shapes=[a_box(label, frame)])["shapes"][0])


def backed_up(job: Job, user: User, minute: int) -> Backup:
    return capture(actor=Actor.of(user), kind="project", id=job.task.project_id, now=NOW + timedelta(minutes=minute))


def said(client: Client, address: str) -> Json:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def history(client: Client, shape: Json, job: Job) -> list[Json]:
    return list(said(client, f"/api/jobs/{job.pk}/history?object={shape['id']}")["versions"])


def test_history_tells_who_did_what_when_and_which_backups_have_it(alice: User, bob: User, job: Job) -> None:
    shape = drawn(alice, job)
    first = backed_up(job, alice, 1)
    save(bob, job, "update", 2, shapes=[{**shape, "points": [5, 5, 9, 9]}])
    drawn(bob, job, 2)
    second, third = backed_up(job, alice, 3), backed_up(job, alice, 4)
    save(alice, job, "delete", 5, shapes=[shape])
    told = history(client_for(alice), shape, job)
    assert [(one["revision"], one["actor"]["username"], one["changes"], one["backups"]) for one in told] == [
        (1, "alice", ["added"], [str(first.pk)]),
        (2, "bob", ["moved"], [str(second.pk), str(third.pk)]),
        (4, "alice", ["removed"], []),
    ]
    assert told[1]["object"]["points"] == [5, 5, 9, 9]
    assert told[1]["object"]["id"] == shape["id"]
    assert told[2]["object"] is None
    assert told[1]["created_date"] == "2026-11-20T12:02:00.000000Z"


def test_history_of_a_restored_object_goes_back_through_the_backups_of_its_origin(
    alice: User, bob: User, job: Job
) -> None:
    shape = drawn(alice, job)
    first = backed_up(job, alice, 1)
    save(bob, job, "update", shapes=[{**shape, "points": [5, 5, 9, 9]}])
    second, third = backed_up(job, alice, 2), backed_up(job, alice, 3)
    Project.objects.get(pk=job.task.project_id).delete()
    origin = {"server": vault.live().server, "backup": str(third.pk)}
    get = vault.live().get_document
    made = restore(actor=Actor.of(alice), manifest=third.manifest, get=get, now=NOW, origin=origin)
    copy = first_job(Task.objects.get(project=made.id))
    twin = json.loads(b"".join(saved.view_job(Actor.of(alice), copy)))["shapes"][0]
    told = history(client_for(alice), twin, copy)
    assert [(one["revision"], one["changes"], one["backups"]) for one in told] == [
        (None, ["added"], [str(first.pk)]),
        (None, ["moved"], [str(second.pk), str(third.pk)]),
        (2, [], []),
    ]


def test_blame_and_revert(alice: User, bob: User, job: Job) -> None:
    client = client_for(bob)
    shape, other = drawn(alice, job), drawn(bob, job)
    drawn(alice, job, 3)
    save(bob, job, "update", shapes=[{**shape, "points": [5, 5, 9, 9]}])
    lines = said(client, f"/api/jobs/{job.pk}/blame?frame=0")["objects"]
    assert [(line["id"], line["actor"]["username"], line["revision"]) for line in lines] == [
        (shape["id"], "bob", 4),
        (other["id"], "bob", 2),
    ]
    answer = client.post(f"/api/jobs/{job.pk}/revert", {"object": shape["id"], "revision": 1})
    assert answer.status_code == 200, answer.content
    assert [one["revision"] for one in answer.json()["versions"]] == [1, 4, 5]
    now = json.loads(b"".join(saved.view_job(Actor.of(alice), job)))["shapes"]
    assert [item["points"] for item in now if item["id"] == shape["id"]] == [shape["points"]]


def test_who_may_see_the_annotations_may_see_history_and_who_may_change_them_may_revert(
    alice: User, bob: User, charlie: User, job: Job
) -> None:
    shape = drawn(alice, job)
    backed_up(job, alice, 1)
    addresses = [f"/api/jobs/{job.pk}/history?object={shape['id']}", f"/api/jobs/{job.pk}/blame?frame=0"]
    body = {"object": shape["id"], "revision": 1}
    for address in addresses:
        assert client_for(bob).get(address).status_code == 200
        assert client_for(charlie).get(address).status_code == 403
        assert client_for().get(address).status_code == 401
    assert client_for(charlie).post(f"/api/jobs/{job.pk}/revert", body).status_code == 403
    read_only = client_for(alice, personal=True, read_only=True)
    assert read_only.post(f"/api/jobs/{job.pk}/revert", body).status_code == 403
    assert [one["backups"] for one in history(client_for(bob), shape, job)] == [[]]  # backups are for owners


def test_what_is_asked_wrongly_is_told(alice: User, job: Job) -> None:
    shape, client = drawn(alice, job), client_for(alice)
    assert client.get(f"/api/jobs/{job.pk}/history").status_code == 400
    assert client.get(f"/api/jobs/{job.pk}/history?object=x").status_code == 400
    assert client.get(f"/api/jobs/{job.pk}/history?object={shape['id'] + 1}").status_code == 404
    assert client.get(f"/api/jobs/{job.pk}/history?object=7").status_code == 404
    assert client.get(f"/api/jobs/{job.pk}/blame").status_code == 400
    assert client.post(f"/api/jobs/{job.pk}/revert", {"object": shape["id"], "revision": 0}).status_code == 404
    Label.objects.filter(name="cat").update(deleted_at=NOW)
    assert client.post(f"/api/jobs/{job.pk}/revert", {"object": shape["id"], "revision": 1}).status_code == 409
