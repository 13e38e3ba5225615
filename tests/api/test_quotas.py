"""Quotas: what is used, what more is let in, and who may look and set."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from tests.api.test_kept_backups import finished, made
from tests.support.api import Client, client_for, organization_of
from tests.support.backups import backed_up, send
from tests.support.projects import a_project, a_task, pictures

from labelkeep.accounts.models import Quota, User
from labelkeep.media.models import StoredObject, Upload
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project, Task

Json = dict[str, Any]


@pytest.fixture
def project(alice: User) -> Project:
    """One task of three pictures."""
    found = a_project(alice)
    a_task(alice, project=found, frames=3)
    return found


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def media_of(count: int) -> int:
    return sum(map(len, pictures(count).values()))


def allow(user: User, projects: int | None = None, bytes: int | None = None) -> None:
    Quota.objects.update_or_create(user=user, defaults={"projects": projects, "bytes": bytes})


def test_what_is_used_counts_projects_and_media(alice: User, alice_says: Client, project: Project) -> None:
    a_task(alice, "alone", frames=2)
    a_task(alice, "of others", frames=2, organization=organization_of(alice))
    told = alice_says.get(f"/api/users/{alice.pk}/quota").json()
    used = media_of(3) + media_of(2)
    assert told == {"projects": {"used": 1, "limit": None}, "bytes": {"used": used, "limit": None}}


def test_a_task_in_a_project_counts_for_the_owner_of_the_project(
    alice: User, bob: User, alice_says: Client, project: Project
) -> None:
    Task.objects.filter(project=project).update(owner=bob)
    assert client_for(bob).get(f"/api/users/{bob.pk}/quota").json()["bytes"]["used"] == 0
    assert alice_says.get(f"/api/users/{alice.pk}/quota").json()["bytes"]["used"] == media_of(3)


def test_tasks_from_before_sizes_were_noted_count_too(alice: User, alice_says: Client, project: Project) -> None:
    Task.objects.update(media_size=None)
    assert alice_says.get(f"/api/users/{alice.pk}/quota").json()["bytes"]["used"] == media_of(3)
    assert Task.objects.get().media_size == media_of(3)


def test_no_more_projects_than_the_quota_allows(alice: User, alice_says: Client, project: Project) -> None:
    allow(alice, projects=2)
    assert alice_says.post("/api/projects", {"name": "second"}).status_code == 201
    answer = alice_says.post("/api/projects", {"name": "third"})
    assert answer.status_code == 409
    assert "2 of 2 projects are used, and this needs 1 more" in answer.json()["detail"]
    assert Project.objects.count() == 2


def test_a_restore_that_does_not_fit_is_refused_with_numbers_before_it_starts(
    alice: User, alice_says: Client, project: Project
) -> None:
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}"
    allow(alice, bytes=2 * media_of(3) - 1)
    before = Operation.objects.count()
    answer = alice_says.post(f"{path}/restore", {})
    assert answer.status_code == 409
    assert f"{media_of(3)} of {2 * media_of(3) - 1} bytes of media are used" in answer.json()["detail"]
    assert f"this needs {media_of(3)} more" in answer.json()["detail"]
    assert Operation.objects.count() == before
    plan = alice_says.post(f"{path}/restore-plan", {}).json()
    assert plan["fits"] is False
    assert plan["quota"]["bytes"] == {"used": media_of(3), "limit": 2 * media_of(3) - 1}


def test_what_just_fits_is_restored(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    allow(alice, projects=2, bytes=2 * media_of(3))
    assert alice_says.post(f"/api/backups/{backup['id']}/restore-plan", {}).json()["fits"] is True
    finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    assert alice_says.post(f"/api/backups/{backup['id']}/restore", {}).status_code == 409


def test_what_became_too_much_meanwhile_is_refused_by_the_work_itself(
    alice: User, alice_says: Client, project: Project
) -> None:
    backup = made(alice_says, project_id=project.pk)
    answer = alice_says.post(f"/api/backups/{backup['id']}/restore", {})
    allow(alice, projects=1)
    run_queued()
    operation = Operation.objects.get(key=answer.json()["rq_id"])
    assert (operation.status, "1 of 1 projects" in operation.message) == ("failed", True)
    assert Project.objects.count() == 1


def test_a_restore_into_an_organization_counts_there(alice: User, alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    organization = organization_of(alice)
    allow(alice, projects=1)
    assert alice_says.post(f"/api/backups/{backup['id']}/restore?org=acme", {}).status_code == 202
    run_queued()
    told = alice_says.get(f"/api/organizations/{organization.pk}/quota").json()
    assert (told["projects"]["used"], told["bytes"]["used"]) == (1, media_of(3))


def test_an_archive_that_does_not_fit_is_refused_before_anything_is_written(
    alice: User, alice_says: Client, project: Project
) -> None:
    archive = backed_up(alice_says, "projects", project.pk)
    project.delete()
    StoredObject.objects.all().delete()
    allow(alice, bytes=media_of(3) - 1)
    operation = send(alice_says, "projects", archive)
    assert (operation.status, "this needs" in operation.message) == ("failed", True)
    assert (Project.objects.count(), StoredObject.objects.count()) == (0, 0)
    allow(alice, bytes=media_of(3))
    assert send(alice_says, "projects", archive).status == "finished"


def test_an_archive_of_a_project_too_many_is_refused_at_once(alice: User, alice_says: Client, project: Project) -> None:
    file = io.BytesIO(backed_up(alice_says, "projects", project.pk))
    file.name = "backup.zip"
    allow(alice, projects=1)
    assert alice_says.post("/api/projects/backup/", {"project_file": file}, format="multipart").status_code == 409


def test_files_that_do_not_fit_are_not_taken(alice: User, alice_says: Client, project: Project) -> None:
    task = a_task(alice, "new", project=project, frames=0)
    name, picture = next(iter(pictures(1).items()))
    allow(alice, bytes=media_of(3) + len(picture) - 1)
    headers = {
        "HTTP_UPLOAD_LENGTH": str(len(picture)),
        "HTTP_UPLOAD_METADATA": f"filename {base64.b64encode(name.encode()).decode()}",
        "HTTP_TUS_RESUMABLE": "1.0.0",
    }
    path = f"/api/tasks/{task.pk}/data/"
    assert alice_says.post(path, **headers).status_code == 409
    file = io.BytesIO(picture)
    file.name = name
    answer = alice_says.post(path, {"client_files[0]": file}, format="multipart", HTTP_UPLOAD_MULTIPLE="true")
    assert answer.status_code == 409
    assert f"this needs {len(picture)} more" in answer.json()
    assert Upload.objects.count() == 0
    allow(alice, bytes=media_of(3) + len(picture))
    assert alice_says.post(path, **headers).status_code == 201


def test_many_files_that_fit_one_by_one_are_refused_together(alice: User, alice_says: Client, project: Project) -> None:
    task = a_task(alice, "new", project=project, frames=0)
    allow(alice, bytes=media_of(3) + media_of(2) - 1)
    for name, picture in pictures(2).items():
        file = io.BytesIO(picture)
        file.name = name
        alice_says.post(
            f"/api/tasks/{task.pk}/data/", {"client_files[0]": file}, format="multipart", HTTP_UPLOAD_MULTIPLE="true"
        )
    answer = alice_says.post(f"/api/tasks/{task.pk}/data/", {"image_quality": 70}, HTTP_UPLOAD_FINISH="true")
    assert answer.status_code == 409
    assert Task.objects.get(pk=task.pk).has_data is False


def test_only_admins_set_quotas_and_only_their_own_people_see_them(alice: User, bob: User, charlie: User) -> None:
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    organization = organization_of(alice, worker=bob)
    dora = User.objects.create_user("dora", "dora@example.com", "correct horse battery")
    admin = client_for(User.objects.get(pk=charlie.pk))
    for path, may_look in (
        (f"/api/users/{alice.pk}/quota", (200, 403, 403)),
        (f"/api/organizations/{organization.pk}/quota", (200, 200, 403)),
    ):
        clients = [client_for(user) for user in (alice, bob, dora)]
        assert tuple(client.get(path).status_code for client in clients) == may_look
        assert [client.put(path, {"projects": 5}).status_code for client in clients] == [403] * 3
        assert admin.put(path, {"projects": 5, "bytes": 7}).json()["bytes"]["limit"] == 7
        assert admin.put(path, {"projects": -1}).status_code == 400
        assert clients[0].get(path).json()["projects"]["limit"] == 5
        assert admin.put(path, {}).json()["projects"]["limit"] is None
