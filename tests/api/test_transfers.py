"""Moving a project, or a task that stands alone, to another organization: `PATCH organization_id`."""

from __future__ import annotations

import pytest
from tests.support.api import client_for, organization_of
from tests.support.backups import backed_up
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Membership
from labelkeep.operations.run import run_queued
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.models import Job, Project, Task


@pytest.fixture
def acme(alice, bob):
    return organization_of(alice, worker=bob)


@pytest.fixture
def project(alice, bob):
    """Alice's, with one task; Bob works on all of it."""
    project = a_project(alice, assignee_id=bob.pk)
    task = a_task(alice, project=project, frames=2, assignee_id=bob.pk)
    update_job(actor=Actor.of(alice), now=NOW, job=jobs_of(task)[0], assignee_id=bob.pk)
    return project


def transferred(client, thing: Project | Task, to, **more):
    kind = "projects" if isinstance(thing, Project) else "tasks"
    return client.patch(f"/api/{kind}/{thing.pk}", {"organization_id": to and to.pk, **more})


def places(project: Project) -> set[int | None]:
    tasks = Task.objects.filter(project=project).values_list("organization_id", flat=True)
    return {Project.objects.get(pk=project.pk).organization_id, *tasks}


def test_a_project_goes_with_its_tasks_and_nobody_is_assigned_to_it_any_more(alice, project, acme):
    answer = transferred(client_for(alice), project, acme)
    assert answer.status_code == 200
    assert answer.json()["organization"] == answer.json()["organization_id"] == acme.pk
    assert (answer.json()["owner"]["username"], answer.json()["assignee"]) == ("alice", None)
    assert places(project) == {acme.pk}
    assert not Task.objects.exclude(assignee=None).exists()
    assert not Job.objects.exclude(assignee=None).exists()
    assert Job.objects.exclude(assignee_updated_date=NOW).exists()
    back = transferred(client_for(alice), project, None)
    assert back.json()["organization_id"] is None
    assert places(project) == {None}


def test_a_task_that_stands_alone_goes_by_itself(alice, bob, acme):
    task = a_task(alice, frames=2, assignee_id=bob.pk)
    answer = transferred(client_for(alice), task, acme).json()
    assert (answer["organization_id"], answer["assignee"]) == (acme.pk, None)


def test_a_task_in_a_project_does_not_go_alone(alice, project, acme):
    answer = transferred(client_for(alice), Task.objects.get(project=project), acme)
    assert answer.status_code == 400
    assert answer.json() == {"organization_id": ["A task in a project is transferred with its project"]}
    assert places(project) == {None}


def test_storages_alone_may_change_with_it(alice, project, acme):
    refused = transferred(client_for(alice), project, acme, name="other")
    assert refused.status_code == 400
    assert "organization_id" in refused.json()
    assert places(project) == {None}
    with_storage = transferred(client_for(alice), project, acme, target_storage={"location": "local"})
    assert with_storage.status_code == 200
    assert with_storage.json()["target_storage"]["location"] == "local"
    there_already = transferred(client_for(alice), project, acme, name="other")
    assert there_already.json()["name"] == "other"


def test_an_organization_that_there_is_not_is_named(alice, project):
    answer = client_for(alice).patch(f"/api/projects/{project.pk}", {"organization_id": 9999})
    assert answer.status_code == 400
    assert answer.json() == {"organization_id": ['Invalid pk "9999" - object does not exist.']}


def test_only_its_owner_takes_it_away_and_only_to_where_he_may_make_projects(alice, bob, charlie, project, acme):
    assert transferred(client_for(bob), project, acme).status_code == 403  # assigned, not the owner
    assert transferred(client_for(charlie), project, acme).status_code == 403
    others = organization_of(charlie, "others", worker=alice)
    assert transferred(client_for(alice), project, others).status_code == 403
    Membership.objects.filter(organization=others, user=alice).update(role="supervisor")
    assert transferred(client_for(alice), project, others).status_code == 200
    assert client_for(charlie).get(f"/api/projects/{project.pk}").status_code == 200  # it is his organization's now


def test_nothing_goes_while_background_work_on_it_is_under_way(alice, project, acme):
    says = client_for(alice)
    task = Task.objects.get(project=project)
    started = says.post(f"/api/tasks/{task.pk}/backup/export")
    assert started.status_code == 202
    refused = transferred(says, project, acme)
    assert refused.status_code == 409
    assert started.json()["rq_id"] in refused.json()["detail"]
    assert places(project) == {None}
    assert Project.objects.get(pk=project.pk).assignee is not None
    run_queued()
    assert transferred(says, project, acme).status_code == 200


def test_what_is_told_of_a_project_goes_with_it(alice, bob, project, acme):
    says, task = client_for(alice), Task.objects.get(project=project)
    guide = says.post("/api/guides", {"project_id": project.pk, "markdown": "# How"}).json()
    issue = says.post(
        "/api/issues", {"job": jobs_of(task)[0].pk, "frame": 0, "position": [1, 2], "message": "look"}
    ).json()
    transferred(says, project, acme)
    for listed in ("labels", "issues", "comments", "jobs", "tasks", "projects"):
        assert says.get(f"/api/{listed}?org=acme").json()["count"] > 0
        assert says.get(f"/api/{listed}?org=").json()["count"] == 0
    assert says.get(f"/api/guides/{guide['id']}").status_code == 200
    assert client_for(bob).get(f"/api/issues/{issue['id']}").status_code == 403  # a worker without work


def test_backups_follow_to_the_people_of_the_new_organization(alice, bob, project):
    others = organization_of(bob, "others", maintainer=alice)
    says = client_for(alice)
    backed_up(says, "projects", project.pk)
    key = says.get("/api/requests").json()["results"][0]["id"]
    assert transferred(says, project, others).status_code == 200
    Project.objects.filter(pk=project.pk).update(owner=bob)
    address = f"/api/projects/{project.pk}/backup/download"
    assert says.get(address, {"rq_id": key}).status_code == 403
