"""/api/backups: making, listing, keeping, restoring and forgetting backups, and who may."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from tests.support.api import Client, client_for, organization_of
from tests.support.backups import described
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project, Task
from labelkeep.snapshots.models import Backup
from labelkeep.store import Store

Json = dict[str, Any]


@pytest.fixture
def project(alice: User) -> Project:
    """A project of two tasks with pictures and shapes."""
    made = a_project(alice, labels=["car"])
    a_task(alice, project=made, frames=3)
    a_task(alice, project=made, frames=2)
    return made


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def finished(client: Client, path: str, body: Json) -> Json:
    """Start something, carry it out, and give what its request says."""
    answer = client.post(path, body)
    assert answer.status_code == 202, answer.content
    run_queued()
    told = client.get(answer["Location"].removeprefix("http://testserver")).json()
    assert told["status"] == "finished", told
    return dict(told)


def made(client: Client, **body: Any) -> Json:
    """A new backup, as the list shows it."""
    finished(client, "/api/backups", body)
    return dict(client.get("/api/backups").json()["results"][0])


def test_a_backup_says_what_it_is(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk, note="before the clean-up")
    assert backup["source"] == {"uuid": str(project.uuid), "id": project.pk, "name": project.name, "is_gone": False}
    assert (backup["kind"], backup["state"], backup["trigger"]) == ("project", "complete", "manual")
    assert backup["counts"]["tasks"] == 2
    assert backup["counts"]["frames"] == 5
    assert backup["media"]["included"]["count"] == 5
    assert backup["media"]["referenced"] == backup["media"]["missing"] == {"count": 0, "bytes": 0}
    assert backup["size"] > backup["media"]["included"]["bytes"] > 0
    assert backup["owner"]["username"] == "alice"
    assert backup["note"] == "before the clean-up"
    assert backup["checked_date"] is not None
    assert backup["verified_date"] is None
    assert backup["stores"] == ["live"]


def test_a_second_backup_of_the_same_adds_nothing_to_the_store(alice_says: Client, project: Project) -> None:
    made(alice_says, project_id=project.pk)
    again = made(alice_says, project_id=project.pk)
    assert again["new_bytes"] == 0
    assert again["size"] > 0


def test_asking_twice_gives_the_running_request(alice_says: Client, project: Project) -> None:
    first, second = (alice_says.post("/api/backups", {"project_id": project.pk}) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    run_queued()
    assert Backup.objects.count() == 1


def test_a_task_alone_can_be_backed_up(alice_says: Client, project: Project) -> None:
    task = Task.objects.filter(project=project).first()
    assert task is not None
    backup = made(alice_says, task_id=task.pk)
    assert backup["source"]["id"] == task.pk
    assert alice_says.get(f"/api/backups?task_id={task.pk}").json()["count"] == 1
    assert alice_says.get(f"/api/backups?project_id={project.pk}").json()["count"] == 0


@pytest.mark.parametrize(
    "body", [{}, {"project_id": 1, "task_id": 1}, {"project_id": "x"}, {"project_id": 1, "note": 7}]
)
def test_a_body_that_does_not_say_what_to_back_up_is_refused(alice_says: Client, project: Project, body: Json) -> None:
    assert alice_says.post("/api/backups", body).status_code == 400


def test_a_task_without_data_is_refused(alice_says: Client, alice: User) -> None:
    task = Task.objects.create(
        name="empty", owner=alice, created_date=alice.date_joined, updated_date=alice.date_joined
    )
    answer = alice_says.post("/api/backups", {"task_id": task.pk})
    assert answer.status_code == 400
    assert answer.json() == ["Backup of a task without data is not allowed"]


def test_a_restored_backup_is_a_new_project_of_the_same(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    before = described(alice_says, "projects", project.pk)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    assert told["result_id"] != project.pk
    assert described(alice_says, "projects", told["result_id"]) == before


def test_a_restore_may_give_another_name(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {"name": "Second life"})
    assert Project.objects.get(pk=told["result_id"]).name == "Second life"


def test_two_restores_with_different_choices_are_two(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}/restore"
    keys = [alice_says.post(path, {"name": name}).json()["rq_id"] for name in ("a", "b", "a")]
    assert keys[0] == keys[2] != keys[1]
    run_queued()
    assert Project.objects.count() == 3


def test_people_can_be_led_to_other_names(alice_says: Client, project: Project, bob: User) -> None:
    dora = User.objects.create_user("dora", "dora@example.com", "correct horse battery")
    Task.objects.filter(project=project).update(assignee=dora)
    backup = made(alice_says, project_id=project.pk)
    dora.delete()
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {"users": {"dora": "bob"}})
    assert set(Task.objects.filter(project=told["result_id"]).values_list("assignee", flat=True)) == {bob.pk}


def test_a_user_map_to_nobody_fails_and_restores_nothing(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    answer = alice_says.post(f"/api/backups/{backup['id']}/restore", {"users": {"alice": "nobody"}})
    run_queued()
    told = alice_says.get(answer["Location"].removeprefix("http://testserver")).json()
    assert told["status"] == "failed"
    assert "nobody" in told["message"]
    assert Project.objects.count() == 1


def test_the_archive_is_the_zip_that_cvat_reads(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    answer = alice_says.get(f"/api/backups/{backup['id']}/archive")
    whole = b"".join(answer.streaming_content)
    assert json.loads(zipfile.ZipFile(io.BytesIO(whole)).read("project.json"))["name"] == project.name
    part = alice_says.get(f"/api/backups/{backup['id']}/archive", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert b"".join(part.streaming_content) == whole[10:20]


def test_backups_outlive_their_project(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    before = described(alice_says, "projects", project.pk)
    assert alice_says.delete(f"/api/projects/{project.pk}").status_code == 204
    (listed,) = alice_says.get("/api/backups?is_gone=true&trigger=manual").json()["results"]
    assert listed["id"] == backup["id"]
    assert listed["source"] == {**backup["source"], "id": None, "is_gone": True}
    told = finished(alice_says, f"/api/backups/{backup['id']}/restore", {})
    assert described(alice_says, "projects", told["result_id"]) == before


def test_a_note_and_a_pin_can_be_changed(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}"
    assert alice_says.patch(path, {"pinned": True}).json()["pinned"] is True
    changed = alice_says.patch(path, {"note": "gold"}).json()
    assert (changed["note"], changed["pinned"]) == ("gold", True)
    assert alice_says.patch(path, {"note": "x" * 2001}).status_code == 400


def test_a_pinned_backup_is_not_deleted_before_its_pin_is_off(alice_says: Client, project: Project) -> None:
    backup = made(alice_says, project_id=project.pk)
    path = f"/api/backups/{backup['id']}"
    alice_says.patch(path, {"pinned": True})
    assert alice_says.delete(path).status_code == 409
    alice_says.patch(path, {"pinned": False})
    assert alice_says.delete(path).status_code == 204
    assert alice_says.get(path).status_code == 404


def test_a_deleted_backup_leaves_no_manifest_behind(alice_says: Client, project: Project, live: Store) -> None:
    backup = made(alice_says, project_id=project.pk)
    assert len(list(live.list_manifests(str(project.uuid)))) == 1
    alice_says.delete(f"/api/backups/{backup['id']}")
    assert list(live.list_manifests(str(project.uuid))) == []


@pytest.fixture
def live() -> Store:
    return vault.live()


# ---- for owners ----------------------------------------------------------------------------------------------------


def answers(client: Client, backup: Json, project: Project) -> dict[str, int]:
    """What each way to a backup answers; each works at most once."""
    path = f"/api/backups/{backup['id']}"
    return {
        "listed": client.get("/api/backups").json()["count"],
        "view": client.get(path).status_code,
        "make": client.post("/api/backups", {"project_id": project.pk}).status_code,
        "archive": client.get(f"{path}/archive").status_code,
        "restore": client.post(f"{path}/restore", {}).status_code,
        "change": client.patch(path, {"note": "mine"}).status_code,
        "delete": client.delete(path).status_code,
    }


ALLOWED = {"listed": 1, "view": 200, "make": 202, "archive": 200, "restore": 202, "change": 200, "delete": 204}
REFUSED = {**dict.fromkeys(ALLOWED, 403), "listed": 0}


def test_owner_member_and_stranger(alice: User, bob: User, charlie: User, project: Project, alice_says: Client) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    backup = made(alice_says, project_id=project.pk)
    assert answers(client_for(bob), backup, project) == REFUSED
    assert answers(client_for(charlie), backup, project) == REFUSED
    assert answers(alice_says, backup, project) == ALLOWED


@pytest.mark.parametrize("gone", [False, True])
def test_in_an_organization_its_owner_may_and_a_maintainer_may_not(
    alice: User, bob: User, charlie: User, project: Project, alice_says: Client, gone: bool
) -> None:
    organization = organization_of(charlie, maintainer=bob, supervisor=alice)
    Project.objects.filter(pk=project.pk).update(organization=organization)
    Task.objects.filter(project=project).update(organization=organization)
    backup = made(alice_says, project_id=project.pk)
    if gone:
        Project.objects.filter(pk=project.pk).delete()
    expected = {**ALLOWED, "make": 404} if gone else ALLOWED
    refused = {**REFUSED, "make": 404} if gone else REFUSED
    assert answers(client_for(bob), backup, project) == refused
    assert answers(client_for(charlie), backup, project) == expected


def test_the_operator_may_let_maintainers_in(
    alice: User, bob: User, charlie: User, project: Project, alice_says: Client
) -> None:
    organization = organization_of(charlie, maintainer=bob, supervisor=alice)
    Project.objects.filter(pk=project.pk).update(organization=organization)
    backup = made(alice_says, project_id=project.pk)
    roles = ("owner", "organization maintainer", "admin")
    changed = settings.CONFIGURATION.__class__(backup_roles=roles)
    with override_settings(CONFIGURATION=changed):
        assert answers(client_for(bob), backup, project) == ALLOWED


def test_a_new_owner_takes_the_backups_over(alice: User, bob: User, project: Project, alice_says: Client) -> None:
    backup = made(alice_says, project_id=project.pk)
    Project.objects.filter(pk=project.pk).update(owner=bob)
    assert answers(alice_says, backup, project) == REFUSED
    assert answers(client_for(bob), backup, project) == ALLOWED


def test_the_owner_of_a_task_in_a_project_has_no_right_to_its_backups(
    alice: User, bob: User, project: Project, alice_says: Client
) -> None:
    task = Task.objects.filter(project=project).first()
    assert task is not None
    Task.objects.filter(pk=task.pk).update(owner=bob)
    backup = made(alice_says, task_id=task.pk)
    assert client_for(bob).get("/api/backups").json()["count"] == 0
    assert client_for(bob).get(f"/api/backups/{backup['id']}").status_code == 403
    Task.objects.filter(pk=task.pk).delete()
    assert client_for(bob).get(f"/api/backups/{backup['id']}").status_code == 403
    assert alice_says.get("/api/backups").json()["count"] == 1


def test_an_admin_sees_all_and_a_read_only_token_only_looks(
    alice: User, charlie: User, project: Project, alice_says: Client
) -> None:
    backup = made(alice_says, project_id=project.pk)
    reader = client_for(alice, read_only=True)
    path = f"/api/backups/{backup['id']}"
    assert reader.get(path).status_code == reader.get(f"{path}/archive").status_code == 200
    assert reader.delete(path).status_code == reader.patch(path, {"note": "x"}).status_code == 403
    assert reader.post(f"{path}/restore", {}).status_code == 403
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    assert client_for(User.objects.get(pk=charlie.pk)).get("/api/backups").json()["count"] == 1


def test_the_list_asks_the_database_no_more_for_thirty_than_for_one(
    alice_says: Client, project: Project, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    made(alice_says, project_id=project.pk)
    row = Backup.objects.get()
    with django_assert_max_num_queries(12) as few:
        alice_says.get("/api/backups?page_size=all")
    for number in range(29):
        Backup.objects.create(**{**_columns(row), "id": None, "note": str(number)})
    with django_assert_num_queries(len(few)):
        assert len(alice_says.get("/api/backups?page_size=all").json()["results"]) == 30


def _columns(row: Backup) -> Json:
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    columns.pop("id")
    return {**columns, "slot": None} | {"pk": uuid.uuid4()}
