"""/api/tasks: made, given data, listed, changed, moved and removed."""

from __future__ import annotations

import json

import pytest
from tests.support.api import client_for, organization_of
from tests.support.projects import a_project, a_task, attach, jobs_of, pictures
from tests.support.sdk import parsed

from labelkeep.accounts.actor import Actor
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Job, Label, Task


def test_a_task_is_made_on_its_own(alice):
    answer = client_for(alice).post(
        "/api/tasks",
        {"name": "walk", "labels": [{"name": "cat"}], "segment_size": 10, "overlap": 2, "subset": "Train"},
    )
    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["subset"], body["segment_size"], body["overlap"]) == ("walk", "Train", 10, 2)
    assert (body["mode"], body["dimension"], body["project_id"]) == ("", "2d", None)
    assert body["jobs"] == {
        "count": 0,
        "completed": 0,
        "validation": 0,
        "url": f"http://testserver/api/jobs?task_id={body['id']}",
    }
    assert not {"data", "size", "image_quality", "data_chunk_size", "media_type"} & body.keys()
    assert Label.objects.filter(task=body["id"]).count() == 1


def test_the_client_takes_a_task_at_every_stage(alice):
    says = client_for(alice)
    made = parsed("TaskRead", says.post("/api/tasks", {"name": "walk"}).content)
    assert says.post(f"/api/tasks/{made.id}/data/", HTTP_UPLOAD_START="").status_code == 202
    started = parsed("TaskRead", says.get(f"/api/tasks/{made.id}").content)
    assert started.data == made.id
    attach(Actor.of(alice), Task.objects.get(pk=made.id), pictures(3))
    ready = parsed("TaskRead", says.get(f"/api/tasks/{made.id}").content)
    assert (ready.size, ready.mode, ready.dimension, ready.image_quality) == (3, "annotation", "2d", 70)
    assert (ready.segment_size, ready.overlap, ready.jobs.count) == (3, 0, 1)
    assert (ready.media_type, ready.data_chunk_size) == ("image", 72)
    assert ready.project_id is ready.project_name is ready.validation_mode is None
    page = parsed("PaginatedTaskReadList", says.get("/api/tasks").content)
    assert page.count == 1


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": "a", "subset": "x" * 65}, {"subset": ["Ensure this field has no more than 64 characters."]}),
        ({"name": "a", "segment_size": -1}, {"segment_size": ["Ensure this value is greater than or equal to 0."]}),
        ({"name": "a", "overlap": -1}, {"overlap": ["Ensure this value is greater than or equal to 0."]}),
        (
            {"name": "a", "consensus_replicas": 1},
            {
                "consensus_replicas": [
                    "Consensus replicas must be 0 or a positive number more than 1 and less than 12, got 1"
                ]
            },
        ),
        (
            {"name": "a", "initial_replicas": 12},
            {
                "consensus_replicas": [
                    "Consensus replicas must be 0 or a positive number more than 1 and less than 12, got 12"
                ]
            },
        ),
    ],
)
def test_a_body_that_cannot_be_used_says_where(alice, body, errors):
    answer = client_for(alice).post("/api/tasks", body)
    assert answer.status_code == 400
    assert answer.json() == errors
    assert not Task.objects.exists()


def test_a_task_has_a_project_or_labels_not_both(alice):
    project = a_project(alice)
    answer = client_for(alice).post("/api/tasks", {"name": "a", "project_id": project.pk, "labels": [{"name": "x"}]})
    assert answer.status_code == 400
    assert answer.json() == ["Task must have only one of Label set or project_id"]
    assert client_for(alice).post("/api/tasks", {"name": "a", "project_id": 999999}).status_code == 404


def test_a_task_takes_the_organization_of_its_project(alice, bob, charlie):
    organization = organization_of(alice, worker=bob)
    project = a_project(alice, organization=organization)
    body = {"name": "a", "project_id": project.pk}
    made = client_for(alice).post("/api/tasks?org=", body).json()
    assert made["organization"] == organization.pk
    assert made["project_name"] == "zoo"
    assert client_for(bob).post("/api/tasks", body).status_code == 403
    assert client_for(charlie).post("/api/tasks", body).status_code == 403


def test_a_stranger_sees_nothing(alice, charlie):
    task = a_task(alice, frames=0)
    says = client_for(charlie)
    assert says.get("/api/tasks").json()["count"] == 0
    for path in (f"/api/tasks/{task.pk}", f"/api/tasks/{task.pk}/status"):
        assert says.get(path).status_code == 403
    assert says.patch(f"/api/tasks/{task.pk}", {"name": "mine"}).status_code == 403
    assert says.delete(f"/api/tasks/{task.pk}").status_code == 403
    assert says.post(f"/api/tasks/{task.pk}/data/", HTTP_UPLOAD_START="").status_code == 403
    assert client_for(alice).get("/api/tasks/999999").status_code == 404


def test_an_assignee_does_not_learn_the_name_of_a_project_that_is_not_his(alice, bob):
    task = a_task(alice, project=a_project(alice), assignee_id=bob.pk, frames=0)
    body = client_for(bob).get(f"/api/tasks/{task.pk}").json()
    assert body["project_id"] is not None
    assert body["project_name"] is None


def test_who_may_change_what(alice, bob):
    task = a_task(alice, assignee_id=bob.pk, frames=0)
    url = f"/api/tasks/{task.pk}"
    assert client_for(bob).patch(url, {"name": "renamed", "subset": "Test"}).json()["subset"] == "Test"
    assert client_for(bob).patch(url, {"assignee_id": None}).status_code == 403
    assert client_for(bob).patch(url, {"owner_id": bob.pk}).status_code == 403
    assert client_for(bob).delete(url).status_code == 403
    given = client_for(alice).patch(url, {"owner_id": bob.pk})
    assert given.json()["owner"]["username"] == "bob"


def test_labels_of_a_task_in_a_project_are_changed_there(alice):
    task = a_task(alice, project=a_project(alice), frames=0)
    answer = client_for(alice).patch(f"/api/tasks/{task.pk}", {"labels": [{"name": "new"}]})
    assert answer.status_code == 400


def test_the_list_is_searched_and_filtered(alice):
    project = a_project(alice, "zoo")
    a_task(alice, "one", project=project, subset="Train", frames=2)
    a_task(alice, "two", subset="Test", frames=0, bug_tracker="https://b.example/7")
    says = client_for(alice)

    def names(query: str) -> list[str]:
        return [it["name"] for it in says.get(f"/api/tasks?sort=name&{query}").json()["results"]]

    assert names("") == ["one", "two"]
    assert names(f"project_id={project.pk}") == ["one"]
    assert names("project_name=zoo") == ["one"]
    assert names("subset=Test") == ["two"]
    assert names("mode=annotation") == ["one"]
    assert names("media_type=image") == ["one"]
    assert names("search=b.example") == ["two"]
    assert names("validation_mode=gt") == []
    inside = json.dumps({"and": [{"==": [{"var": "project_id"}, project.pk]}, {"var": "name"}]})
    assert names(f"filter={inside}") == ["one"]


def test_removing_a_task_removes_its_jobs_and_what_was_uploaded(alice):
    from tests.support.projects import upload

    from labelkeep.media.models import Upload

    task = a_task(alice, frames=2)
    waiting = a_task(alice, frames=0)
    upload(Actor.of(alice), waiting, pictures(1))
    assert client_for(alice).delete(f"/api/tasks/{task.pk}").status_code == 204
    assert client_for(alice).delete(f"/api/tasks/{waiting.pk}").status_code == 204
    assert not Job.objects.exists()
    assert not Upload.objects.exists()


def test_a_task_that_is_taken_out_of_its_project_has_labels_like_those_it_had(alice):
    task = a_task(alice, project=a_project(alice), frames=0)
    says = client_for(alice)
    assert says.patch(f"/api/tasks/{task.pk}", {"project_id": task.project_id}).json()["project_id"] == task.project_id
    alone = says.patch(f"/api/tasks/{task.pk}", {"project_id": None}).json()
    assert (alone["project_id"], alone["project_name"]) == (None, None)
    labels = says.get(f"/api/labels?task_id={task.pk}").json()["results"]
    assert [(it["name"], it["task_id"]) for it in labels] == [("cat", task.pk), ("dog", task.pk)]


def test_old_clients_ask_for_the_status_of_the_data(alice):
    says = client_for(alice)
    task = a_task(alice, frames=0)
    none = says.get(f"/api/tasks/{task.pk}/status")
    assert none.json()["state"] == "Finished"
    assert none.headers["Deprecation"] == "true"
    says.post(f"/api/tasks/{task.pk}/data/", {"client_files[0]": _file("a.txt", b"no picture")}, format="multipart")
    assert says.get(f"/api/tasks/{task.pk}/status").json()["state"] == "Queued"
    run_queued()
    failed = parsed("RqStatus", says.get(f"/api/tasks/{task.pk}/status").content)
    assert failed.state.value == "Failed"
    assert "No media data found" in failed.message


def test_data_sent_in_one_request_become_frames_and_jobs(alice):
    says = client_for(alice)
    made = says.post("/api/tasks", {"name": "walk", "labels": [{"name": "cat"}], "segment_size": 2}).json()
    files = {f"client_files[{n}]": _file(name, data) for n, (name, data) in enumerate(pictures(5).items())}
    answer = says.post(f"/api/tasks/{made['id']}/data/", {"image_quality": 80, **files}, format="multipart")
    assert answer.status_code == 202
    assert answer.json() == {"rq_id": f"action=create&target=task&target_id={made['id']}"}
    run_queued()
    task = Task.objects.get(pk=made["id"])
    assert (task.size, task.image_quality) == (5, 80)
    assert [(job.start_frame, job.stop_frame) for job in jobs_of(task)] == [(0, 1), (2, 3), (4, 4)]


def test_data_come_once(alice):
    task = a_task(alice, frames=2)
    says = client_for(alice)
    for headers in ({"HTTP_UPLOAD_START": ""}, {"HTTP_UPLOAD_FINISH": ""}):
        answer = says.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70}, **headers)
        assert answer.status_code == 400
        assert "Adding more data is not supported" in answer.content.decode()


def test_starting_twice_answers_409_with_the_request(alice):
    says = client_for(alice)
    task = a_task(alice, frames=0)
    for status in (202, 409):
        files = {"client_files[0]": _file("a.png", pictures(1)["frame_0000.png"])}
        answer = says.post(f"/api/tasks/{task.pk}/data/", files, format="multipart")
        assert answer.status_code == status
        assert answer.json() == {"rq_id": f"action=create&target=task&target_id={task.pk}"}
    assert Operation.objects.count() == 1


def test_a_page_costs_the_same_statements_whatever_its_length(alice):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    project, says, counts = a_project(alice), client_for(alice), []
    says.get("/api/tasks")  # notes once that the token was used
    for _ in range(2):
        for _ in range(4):
            a_task(alice, project=project, frames=0)
        with CaptureQueriesContext(connection) as queries:
            assert says.get("/api/tasks?page_size=all").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def _file(name: str, content: bytes):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content)
