"""/api/removals: what was deleted is listed for those who may restore, and one call brings it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from tests.support.annotations import a_box
from tests.support.api import Client, client_for, organization_of
from tests.support.backups import described
from tests.support.kinds import annotate, ids_of
from tests.support.projects import a_project, a_task

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.projects.models import Label, Project, Task
from labelkeep.snapshots import safety
from labelkeep.snapshots.models import Removal

Json = dict[str, Any]


@pytest.fixture
def project(alice: User) -> Project:
    """A project with two tasks, one of them annotated."""
    made = a_project(alice)
    annotate(alice, a_task(alice, project=made, frames=2), shapes=[a_box(ids_of(made)["cat"])])
    a_task(alice, project=made, frames=1)
    return made


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def deleted(client: Client, path: str) -> Json:
    """Delete something; the removal that the list shows then."""
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    return dict(client.get("/api/removals").json()["results"][0])


def undone(client: Client, removal: Json) -> Json:
    answer = client.post(f"/api/removals/{removal['id']}/undo")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_deleted_project_is_back_at_its_address(alice_says: Client, project: Project) -> None:
    before = described(alice_says, "projects", project.pk)
    whole = alice_says.get(f"/api/projects/{project.pk}").json()
    removal = deleted(alice_says, f"/api/projects/{project.pk}")
    assert (removal["what"], removal["subject_id"], removal["name"]) == ("project", project.pk, project.name)
    assert removal["owner"]["username"] == "alice"
    assert removal["undone_date"] is None
    assert undone(alice_says, removal)["undone_date"] is not None
    assert described(alice_says, "projects", project.pk) == before
    assert alice_says.get(f"/api/projects/{project.pk}").json() == whole


def test_a_deleted_task_is_back_in_its_project(alice_says: Client, project: Project) -> None:
    before = described(alice_says, "projects", project.pk)
    task = Task.objects.filter(project=project).first()
    assert task is not None
    undone(alice_says, deleted(alice_says, f"/api/tasks/{task.pk}"))
    assert described(alice_says, "projects", project.pk) == before


def test_a_deleted_ground_truth_job_is_back(alice_says: Client, alice: User) -> None:
    task = a_task(alice, frames=3)
    body = {"type": "ground_truth", "task_id": task.pk, "frame_selection_method": "manual", "frames": [0, 2]}
    job = alice_says.post("/api/jobs", body).json()
    before = described(alice_says, "tasks", task.pk)
    removal = deleted(alice_says, f"/api/jobs/{job['id']}")
    assert removal["what"] == "job"
    undone(alice_says, removal)
    assert described(alice_says, "tasks", task.pk) == before


def test_a_deleted_label_is_back_with_its_shapes(alice_says: Client, project: Project) -> None:
    before = described(alice_says, "projects", project.pk)
    cat = Label.objects.get(project=project, name="cat")
    undone(alice_says, deleted(alice_says, f"/api/labels/{cat.pk}"))
    assert described(alice_says, "projects", project.pk) == before


def test_of_labels_deleted_together_each_comes_back_alone(alice_says: Client, project: Project) -> None:
    ids = ids_of(project)
    labels = [{"id": id, "deleted": True} for id in ids.values()]
    assert alice_says.patch(f"/api/projects/{project.pk}", {"labels": labels}).status_code == 200
    removals = {it["name"]: it for it in alice_says.get("/api/removals?what=label").json()["results"]}
    assert removals.keys() == ids.keys()
    assert len({it["backup"] for it in removals.values()}) == 1
    undone(alice_says, removals["dog"])
    assert [it["id"] for it in alice_says.get(f"/api/labels?project_id={project.pk}").json()["results"]] == [ids["dog"]]


def test_after_the_window_the_answer_is_410_and_the_reason(alice_says: Client, project: Project) -> None:
    removal = deleted(alice_says, f"/api/projects/{project.pk}")
    Removal.objects.update(until=clock.now())
    answer = alice_says.post(f"/api/removals/{removal['id']}/undo")
    assert answer.status_code == 410
    assert "That time has passed" in answer.content.decode()
    assert safety.let_go(clock.now() + timedelta(days=15)) == 1
    assert alice_says.get(f"/api/removals/{removal['id']}").json()["backup"] is None
    assert alice_says.post(f"/api/removals/{removal['id']}/undo").status_code == 410


def test_undoing_twice_is_a_conflict(alice_says: Client, project: Project) -> None:
    removal = deleted(alice_says, f"/api/projects/{project.pk}")
    undone(alice_says, removal)
    assert alice_says.post(f"/api/removals/{removal['id']}/undo").status_code == 409


def test_strangers_and_who_may_not_restore_see_and_undo_nothing(
    alice_says: Client, project: Project, alice: User, bob: User, charlie: User
) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    removal = deleted(alice_says, f"/api/projects/{project.pk}")
    for person in (bob, charlie):
        says = client_for(person)
        assert says.get("/api/removals").json()["count"] == 0
        assert says.get(f"/api/removals/{removal['id']}").status_code == 403
        assert says.post(f"/api/removals/{removal['id']}/undo").status_code == 403
    assert client_for().get("/api/removals").status_code == 401
    assert not Project.objects.filter(pk=project.pk).exists()
    reader = client_for(alice, personal=True, read_only=True)
    assert reader.get("/api/removals").json()["count"] == 1
    assert reader.post(f"/api/removals/{removal['id']}/undo").status_code == 403


def test_the_owner_of_an_organization_brings_back_what_a_member_deleted(alice: User, bob: User, charlie: User) -> None:
    acme = organization_of(charlie, supervisor=alice, worker=bob)
    project = a_project(alice, organization=acme)
    removal = deleted(client_for(alice), f"/api/projects/{project.pk}")
    assert client_for(bob).post(f"/api/removals/{removal['id']}/undo").status_code == 403
    assert client_for(charlie).get("/api/removals?org=acme").json()["count"] == 1
    undone(client_for(charlie), removal)
    back = Project.objects.get(pk=project.pk)
    assert (back.owner, back.organization) == (alice, acme)


def test_the_window_is_the_operators_to_set(alice_says: Client, project: Project) -> None:
    with override_settings(CONFIGURATION=replace(settings.CONFIGURATION, undo_days=3)):
        deleted(alice_says, f"/api/projects/{project.pk}")
    removal = Removal.objects.get()
    assert removal.until - removal.created_date == timedelta(days=3)


def test_a_removal_that_there_is_not(alice_says: Client) -> None:
    assert alice_says.get("/api/removals/77").status_code == 404
    assert alice_says.post("/api/removals/77/undo").status_code == 404
