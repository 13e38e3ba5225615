"""/api/projects: made, listed, changed and removed; seen by those whom it concerns."""

from __future__ import annotations

import json

import pytest
from tests.support.api import client_for, organization_of
from tests.support.projects import a_project, a_task
from tests.support.sdk import parsed

from labelkeep.errors import Conflict
from labelkeep.projects import hooks
from labelkeep.projects.models import Label, Project, Task

LABELS = [
    {
        "name": "cat",
        "color": "#ff0000",
        "type": "rectangle",
        "attributes": [
            {"name": "age", "mutable": True, "input_type": "number", "default_value": "1", "values": ["0", "20", "1"]}
        ],
    },
    {"name": "dog", "attributes": []},
]


def test_a_project_is_made_with_its_labels(alice):
    answer = client_for(alice).post(
        "/api/projects", {"name": "zoo", "labels": LABELS, "bug_tracker": "https://b.example"}
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["name"] == "zoo"
    assert body["owner"]["username"] == "alice"
    assert body["bug_tracker"] == "https://b.example"
    assert body["organization"] is body["organization_id"] is body["dimension"] is None
    assert body["tasks"] == {"count": 0, "url": f"http://testserver/api/tasks?project_id={body['id']}"}
    names = list(Label.objects.filter(project=body["id"]).order_by("id").values_list("name", "color"))
    assert names[0] == ("cat", "#ff0000")
    assert names[1][0] == "dog"


def test_the_client_takes_a_project(alice, bob):
    says = client_for(alice)
    made = says.post(
        "/api/projects",
        {"name": "zoo", "assignee_id": bob.pk, "source_storage": {"location": "local"}, "labels": LABELS},
    )
    project = parsed("ProjectRead", made.content)
    assert project.assignee.username == "bob"
    assert project.source_storage.location.value == "local"
    assert project.target_storage is None
    page = parsed("PaginatedProjectReadList", says.get("/api/projects").content)
    assert [it.name for it in page.results] == ["zoo"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["This field is required."]}),
        ({"name": "  "}, {"name": ["This field may not be blank."]}),
        ({"name": "x" * 257}, {"name": ["Ensure this field has no more than 256 characters."]}),
        ({"name": "a", "assignee_id": 999}, {"assignee_id": ['Invalid pk "999" - object does not exist.']}),
        ({"name": "a", "labels": [{"name": "x"}, {"name": "x"}]}, ["All label names must be unique"]),
        (
            {"name": "a", "target_storage": {"location": "cloud_storage", "cloud_storage_id": 3}},
            {"target_storage": ["The specified cloud storage 3 does not exist."]},
        ),
        (
            {"name": "a", "target_storage": {"cloud_storage_id": 3}},
            {"target_storage": ["The configuration is not full, the location=cloud_storage is missing"]},
        ),
        (
            {"name": "a", "target_storage": {"location": "local", "cloud_storage_id": 3}},
            {"target_storage": ["It is not allowed to specify 'local' location together with cloud storage id"]},
        ),
    ],
)
def test_a_body_that_cannot_be_used_says_where(alice, body, errors):
    answer = client_for(alice).post("/api/projects", body)
    assert answer.status_code == 400
    assert answer.json() == errors
    assert not Project.objects.exists()


def test_a_project_belongs_to_the_organization_that_the_request_names(alice, bob, charlie):
    organization_of(alice, worker=bob)
    made = client_for(alice).post("/api/projects?org=acme", {"name": "ours"}).json()
    assert made["organization"] == made["organization_id"] != None  # noqa: E711
    assert client_for(bob).post("/api/projects?org=acme", {"name": "no"}).status_code == 403
    assert client_for(charlie).post("/api/projects?org=acme", {"name": "no"}).status_code == 403
    assert client_for(charlie).get(f"/api/projects/{made['id']}").status_code == 403


def test_a_stranger_sees_nothing(alice, charlie):
    project = a_project(alice)
    says = client_for(charlie)
    assert says.get("/api/projects").json()["count"] == 0
    for answer in (
        says.get(f"/api/projects/{project.pk}"),
        says.patch(f"/api/projects/{project.pk}", {"name": "mine"}),
        says.delete(f"/api/projects/{project.pk}"),
    ):
        assert answer.status_code == 403
    assert client_for().get("/api/projects").status_code == 401
    assert client_for(alice).get("/api/projects/99999").status_code == 404
    assert client_for(alice).get(f"/api/projects/{10**30}").status_code == 404


def test_an_assignee_changes_what_concerns_the_work_but_not_whose_it_is(alice, bob):
    project = a_project(alice, assignee_id=bob.pk)
    says = client_for(bob)
    assert says.patch(f"/api/projects/{project.pk}", {"name": "renamed"}).json()["name"] == "renamed"
    assert says.patch(f"/api/projects/{project.pk}", {"assignee_id": None}).status_code == 403
    assert says.patch(f"/api/projects/{project.pk}", {"owner_id": bob.pk}).status_code == 403
    assert says.patch(f"/api/projects/{project.pk}", {"source_storage": {"location": "local"}}).status_code == 403
    assert says.delete(f"/api/projects/{project.pk}").status_code == 403


def test_a_refused_change_changes_nothing(alice, bob):
    project = a_project(alice, assignee_id=bob.pk)
    assert client_for(bob).patch(f"/api/projects/{project.pk}", {"name": "x", "owner_id": bob.pk}).status_code == 403
    assert (
        client_for(alice).patch(f"/api/projects/{project.pk}", {"name": "x", "labels": [{"name": ""}]}).status_code
        == 400
    )
    project.refresh_from_db()
    assert project.name == "zoo"


def test_an_empty_change_asks_for_the_permission_alone(alice, charlie):
    project = a_project(alice)
    url = f"/api/projects/{project.pk}"
    assert client_for(alice).generic("PATCH", url, b"", content_type="application/json").status_code == 200
    assert client_for(charlie).generic("PATCH", url, b"", content_type="application/json").status_code == 403


def test_assigning_notes_when(alice, bob):
    project = a_project(alice)
    url = f"/api/projects/{project.pk}"
    first = client_for(alice).patch(url, {"assignee_id": bob.pk}).json()
    assert first["assignee_updated_date"]
    again = client_for(alice).patch(url, {"assignee_id": bob.pk}).json()
    assert again["assignee_updated_date"] == first["assignee_updated_date"]


@pytest.mark.parametrize("kind", ["projects", "tasks"])
def test_a_status_is_one_that_there_is(alice, kind):
    thing = a_project(alice) if kind == "projects" else a_task(alice, frames=0)
    url = f"/api/{kind}/{thing.pk}"
    said = client_for(alice).patch(url, {"name": "done", "status": "completed"}).json()
    assert (said["name"], said["status"]) == ("done", "completed")
    for wrong, sentence in (("done", '"done" is not a valid choice.'), (None, "This field may not be null.")):
        answer = client_for(alice).patch(url, {"status": wrong})
        assert (answer.status_code, answer.json()) == (400, {"status": [sentence]})
    assert client_for(alice).get(f"/api/{kind}?status=completed").json()["count"] == 1


def test_removing_a_project_removes_its_tasks(alice):
    project = a_project(alice)
    a_task(alice, project=project, frames=0)
    assert client_for(alice).delete(f"/api/projects/{project.pk}").status_code == 204
    assert not Project.objects.exists()
    assert not Task.objects.exists()
    assert not Label.objects.exists()


def test_what_must_happen_before_a_removal_can_stop_it(alice):
    project = a_project(alice)
    seen = []

    def refuse(*, kind, id, actor, now):
        seen.append((kind, id, actor.user.username))
        raise Conflict("the safety backup failed")

    forget = hooks.before_removal(refuse)
    try:
        assert client_for(alice).delete(f"/api/projects/{project.pk}").status_code == 409
    finally:
        forget()
    assert seen == [("project", project.pk, "alice")]
    assert Project.objects.filter(pk=project.pk).exists()
    assert client_for(alice).delete(f"/api/projects/{project.pk}").status_code == 204


def test_the_list_is_searched_filtered_and_sorted(alice, bob):
    for name in ("apples", "Pears", "plums"):
        a_project(alice, name)
    says = client_for(alice)

    def names(query: str) -> list[str]:
        return [it["name"] for it in says.get(f"/api/projects?{query}").json()["results"]]

    assert names("") == ["plums", "Pears", "apples"]
    assert names("sort=name&search=p") == ["Pears", "apples", "plums"]
    assert names("name=Pears") == ["Pears"]
    assert names("owner=bob") == []
    assert names('filter={"in":["pl",{"var":"name"}]}&sort=name') == ["apples", "plums"]
    assert names("page_size=1&page=2") == ["Pears"]
    refused = says.get('/api/projects?filter={"==":[{"var":"secret"},1]}')
    assert refused.status_code == 400
    assert refused.json() == ["filter: term 'secret' is not supported"]


def test_a_project_sums_up_its_tasks(alice):
    project = a_project(alice)
    for subset in ("Train", "Test", "Train", ""):
        a_task(alice, project=project, subset=subset, frames=0)
    body = client_for(alice).get(f"/api/projects/{project.pk}").json()
    assert body["tasks"]["count"] == 4
    assert body["task_subsets"] == ["Test", "Train"]
    assert body["dimension"] == "2d"
    assert body["status"] == "annotation"


def test_a_page_costs_the_same_statements_whatever_its_length(alice):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    says = client_for(alice)
    says.get("/api/projects")  # notes once that the token was used
    counts = []
    for _ in range(2):
        for _ in range(5):
            a_task(alice, project=a_project(alice), frames=0)
        with CaptureQueriesContext(connection) as queries:
            assert says.get("/api/projects?page_size=all").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_json_that_is_none_is_refused(alice):
    answer = client_for(alice).generic("POST", "/api/projects", b"{", content_type="application/json")
    assert answer.status_code == 400
    assert json.loads(answer.content)["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_the_list_takes_no_other_method(alice, method):
    assert getattr(client_for(alice), method)("/api/projects", {}).status_code == 405
