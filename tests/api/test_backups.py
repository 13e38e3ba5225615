"""Backup routes: today's, the old ones, downloads in part, and who may."""

from __future__ import annotations

import io
import itertools
import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from tests.support.annotations import a_box
from tests.support.api import Client, client_for, organization_of
from tests.support.backups import backed_up, members, send
from tests.support.kinds import annotate, ids_of
from tests.support.projects import a_project, a_task, pictures

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.media.models import StoredObject
from labelkeep.operations.expiry import remove_expired
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project, Task
from labelkeep.snapshots.models import Backup, Rendering


def started(client: Client, address: str) -> str:
    answer = client.post(address)
    assert answer.status_code == 202, answer.content
    key: str = answer.json()["rq_id"]
    return key


def download_of(kind: str, id: int, key: str) -> str:
    return f"/api/{kind}/{id}/backup/download?rq_id={quote(key, safe='')}"


def content(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.fixture
def project(alice: User) -> Project:
    made = a_project(alice, "Zoo & «friends»")
    task = a_task(alice, project=made, frames=3)
    annotate(alice, task, shapes=[a_box(ids_of(made)["cat"], frame) for frame in range(3)])
    return made


# ---- making ---------------------------------------------------------------------------------------------------------


def test_a_second_start_of_the_same_backup_answers_409_with_the_request(project: Project, alice: User) -> None:
    alice_says = client_for(alice)
    key = started(alice_says, f"/api/projects/{project.pk}/backup/export?lightweight=False")
    answer = alice_says.post(f"/api/projects/{project.pk}/backup/export/")
    assert (answer.status_code, answer.json()) == (409, {"rq_id": key})
    assert key == f"action=export&target=project&target_id={project.pk}&user_id={alice.pk}&subresource=backup"


@pytest.mark.parametrize("query", ["", "?lightweight=true", "?lightweight=False"])
def test_a_backup_is_as_heavy_as_its_data_whatever_was_asked_for(project: Project, alice: User, query: str) -> None:
    alice_says = client_for(alice)
    key = started(alice_says, f"/api/projects/{project.pk}/backup/export{query}")
    shown = alice_says.get(f"/api/requests/{quote(key, safe='')}").json()
    assert shown["operation"]["lightweight"] is False
    assert "lightweight" not in key


def test_the_same_upload_is_restored_once_however_often_its_end_is_told(project: Project, alice: User) -> None:
    alice_says = client_for(alice)
    data = backed_up(alice_says, "projects", project.pk)
    made = alice_says.post(
        "/api/projects/backup/", HTTP_UPLOAD_LENGTH=str(len(data)), HTTP_UPLOAD_METADATA="filename eA=="
    )
    patched = alice_says.generic(
        "PATCH", made["Location"], data, content_type="application/offset+octet-stream", HTTP_UPLOAD_OFFSET="0"
    )
    assert patched.status_code == 204, patched.content
    finish = f"/api/projects/backup/?filename={made['Upload-Filename']}"
    first = alice_says.post(finish, HTTP_UPLOAD_FINISH="")
    again = alice_says.post(finish, HTTP_UPLOAD_FINISH="")
    assert (first.status_code, again.status_code) == (202, 409)
    assert again.json() == first.json()
    run_queued()
    assert alice_says.post(finish, HTTP_UPLOAD_FINISH="").status_code == 400
    assert Project.objects.count() == 2


def test_a_task_without_data_cannot_be_backed_up(alice: User) -> None:
    task = a_task(alice, frames=0)
    answer = client_for(alice).post(f"/api/tasks/{task.pk}/backup/export")
    assert (answer.status_code, answer.json()) == (400, ["Backup of a task without data is not allowed"])


@pytest.mark.parametrize(
    "query", ["location=cloud_storage", "location=cloud_storage&cloud_storage_id=1", "location=moon"]
)
def test_a_place_that_there_is_not_is_refused(project: Project, alice: User, query: str) -> None:
    for address in (f"/api/projects/{project.pk}/backup/export", "/api/projects/backup"):
        assert client_for(alice).post(f"{address}?{query}").status_code == 400
    assert not Operation.objects.filter(action="export").exists()


def test_what_is_missing_from_the_store_fails_the_backup_by_name(project: Project, alice: User) -> None:
    lost = StoredObject.objects.filter(kind="blob").first()
    assert lost is not None
    lost.delete()
    started(client_for(alice), f"/api/projects/{project.pk}/backup/export")
    operation = run_queued()[0]
    assert operation.status == "failed"
    assert "frame_000" in operation.message
    assert "task 'pictures'" in operation.message
    assert not Backup.objects.exists()


def test_an_unchanged_project_is_rendered_once(project: Project, alice: User) -> None:
    alice_says = client_for(alice)
    first = backed_up(alice_says, "projects", project.pk)
    planned = Rendering.objects.count()
    assert backed_up(alice_says, "projects", project.pk) == first
    assert Rendering.objects.count() == planned
    assert Backup.objects.count() == 2
    assert Backup.objects.latest("created_date").new_bytes == 0


# ---- fetching -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(project: Project, alice: User) -> str:
    key = started(client_for(alice), f"/api/projects/{project.pk}/backup/export")
    run_queued()
    return download_of("projects", project.pk, key)


def test_a_download_says_its_length_name_and_tag_and_is_not_compressed(ready: str, alice: User) -> None:
    answer = client_for(alice).get(ready, HTTP_ACCEPT_ENCODING="gzip")
    data = content(answer)
    assert answer["Content-Type"] == "application/zip"
    assert int(answer["Content-Length"]) == len(data)
    assert "Content-Encoding" not in answer
    assert answer["Accept-Ranges"] == "bytes"
    plain, _, extended = answer["Content-Disposition"].partition("; filename*=")
    assert plain == 'attachment; filename="project_zoo _ _friends__backup_2026_11_20_15_00_00.zip"'
    assert extended.startswith("UTF-8''project_zoo%20%26%20%C2%ABfriends%C2%BB_backup")
    assert {"project.json", "task_0/task.json", "labelkeep.json"} <= members(data).keys()


def test_any_part_can_be_had_and_all_parts_make_the_whole(ready: str, alice: User) -> None:
    alice_says = client_for(alice)
    whole = content(alice_says.get(ready))
    cuts = sorted({0, len(whole), *random.Random(7).sample(range(1, len(whole)), 100)})
    parts = []
    for start, stop in itertools.pairwise(cuts):
        answer = alice_says.get(ready, HTTP_RANGE=f"bytes={start}-{stop - 1}")
        assert answer.status_code == 206
        assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
        parts.append(content(answer))
        assert len(parts[-1]) == stop - start == int(answer["Content-Length"])
    assert b"".join(parts) == whole
    assert content(alice_says.get(ready, HTTP_RANGE="bytes=-10")) == whole[-10:]


def test_a_part_is_given_only_of_what_was_begun(ready: str, alice: User) -> None:
    alice_says = client_for(alice)
    tag = alice_says.get(ready)["ETag"]
    same = alice_says.get(ready, HTTP_RANGE="bytes=5-9", HTTP_IF_RANGE=tag)
    other = alice_says.get(ready, HTTP_RANGE="bytes=5-9", HTTP_IF_RANGE='"other"')
    assert (same.status_code, other.status_code) == (206, 200)
    assert alice_says.get(ready, HTTP_IF_NONE_MATCH=tag).status_code == 304
    beyond = alice_says.get(ready, HTTP_RANGE="bytes=99999999-")
    assert beyond.status_code == 416
    assert beyond["Content-Range"].startswith("bytes */")


def test_head_tells_everything_but_the_bytes(ready: str, alice: User) -> None:
    answer = client_for(alice).head(ready)
    assert answer.status_code == 200
    assert int(answer["Content-Length"]) > 0
    assert content(answer) == b""


def test_a_backup_can_be_fetched_after_its_project_and_its_request_are_gone(
    ready: str, project: Project, alice: User
) -> None:
    alice_says = client_for(alice)
    whole = content(alice_says.get(ready))
    assert alice_says.delete(f"/api/projects/{project.pk}").status_code == 204
    remove_expired(clock.now() + timedelta(days=40))
    assert not Operation.objects.exists()
    assert content(alice_says.get(ready)) == whole


def test_a_download_of_nothing_finished_is_refused(project: Project, alice: User) -> None:
    alice_says = client_for(alice)
    key = started(alice_says, f"/api/projects/{project.pk}/backup/export")
    assert alice_says.get(download_of("projects", project.pk, key)).status_code == 400
    assert alice_says.get(f"/api/projects/{project.pk}/backup/download").status_code == 400
    assert alice_says.get(download_of("projects", project.pk, "nonsense")).status_code == 400
    assert alice_says.get(download_of("projects", project.pk + 1, key)).status_code == 400
    run_queued()
    Backup.objects.all().delete()
    answer = alice_says.get(download_of("projects", project.pk, key))
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "The exported file has expired, please retry exporting",
    )


# ---- clients up to 2.31 ---------------------------------------------------------------------------------------------


def test_the_old_way_of_making_a_backup_works(project: Project, alice: User) -> None:
    alice_says, address = client_for(alice), f"/api/projects/{project.pk}/backup"
    assert alice_says.get(f"{address}?action=download").status_code == 400
    assert alice_says.get(address).status_code == 202
    assert alice_says.get(address).status_code == 202
    run_queued()
    assert alice_says.get(address).status_code == 201
    answer = alice_says.get(f"{address}?action=download")
    assert answer.status_code == 200
    assert "project.json" in members(content(answer))
    assert alice_says.get(address).status_code == 202, "a new one is made the next time"


def test_the_old_way_of_asking_after_a_restore_works(project: Project, alice: User) -> None:
    alice_says = client_for(alice)
    archive = backed_up(alice_says, "projects", project.pk)
    upload = alice_says.post("/api/projects/backup", {"project_file": _file(archive)}, format="multipart")
    key = upload.json()["rq_id"]
    assert alice_says.post("/api/projects/backup", {"rq_id": key}).status_code == 202
    run_queued()
    answer = alice_says.post("/api/projects/backup", {"rq_id": key})
    assert answer.status_code == 201
    assert Project.objects.get(pk=answer.json()["id"]).name == project.name
    assert alice_says.post("/api/tasks/backup", {"rq_id": key}).status_code == 404


def test_a_failed_restore_is_told_to_old_clients_too(alice: User) -> None:
    operation = send(client_for(alice), "tasks", b"this is no zip")
    answer = client_for(alice).post("/api/tasks/backup", {"rq_id": operation.key})
    assert answer.status_code == 400
    assert "zip" in answer.json()[0]


def test_a_restore_without_a_file_is_refused(alice: User) -> None:
    answer = client_for(alice).post("/api/tasks/backup")
    assert (answer.status_code, answer.json()) == (400, {"task_file": ["No file was submitted."]})


def _file(data: bytes) -> Any:
    file = io.BytesIO(data)
    file.name = "a.zip"
    return file


# ---- who may --------------------------------------------------------------------------------------------------------


def test_only_the_owner_may_back_up_in_the_sandbox(project: Project, alice: User, bob: User, charlie: User) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    for person, status in ((alice, 202), (bob, 403), (charlie, 403), (None, 401)):
        answer = client_for(person).post(f"/api/projects/{project.pk}/backup/export")
        assert answer.status_code == status
        old = client_for(person).get(f"/api/projects/{project.pk}/backup")
        assert old.status_code == status


def test_backups_of_a_task_in_a_project_are_for_the_owner_of_the_project(
    project: Project, alice: User, bob: User, charlie: User
) -> None:
    task = a_task(alice, project=project, frames=1)
    Task.objects.filter(pk=task.pk).update(owner=bob)
    for person, status in ((alice, 202), (bob, 403), (charlie, 403), (None, 401)):
        assert client_for(person).post(f"/api/tasks/{task.pk}/backup/export").status_code == status
        assert client_for(person).get(f"/api/tasks/{task.pk}/backup").status_code == status


def test_nobody_else_may_fetch_a_backup(ready: str, alice: User, bob: User, charlie: User) -> None:
    for person, status in ((alice, 200), (bob, 403), (charlie, 403), (None, 401)):
        assert client_for(person).get(ready).status_code == status


def test_who_lost_the_project_may_not_fetch_its_backup_any_more(
    ready: str, project: Project, alice: User, bob: User
) -> None:
    Project.objects.filter(pk=project.pk).update(owner=bob)
    assert client_for(alice).get(ready).status_code == 403


def test_the_owner_of_an_organization_may_back_up_and_restore_there(alice: User, bob: User, charlie: User) -> None:
    organization = organization_of(alice, worker=bob)
    theirs = a_task(bob, frames=1, organization=None)
    Task.objects.filter(pk=theirs.pk).update(organization=organization)
    address = f"/api/tasks/{theirs.pk}/backup/export"
    for person, status in ((alice, 202), (bob, 202), (charlie, 403)):
        assert client_for(person).post(address).status_code == status
    run_queued()
    archive = backed_up(client_for(alice), "tasks", theirs.pk)
    for person, status in ((alice, 202), (bob, 403), (charlie, 403)):
        answer = client_for(person).post(
            "/api/tasks/backup?org=acme", {"task_file": _file(archive)}, format="multipart"
        )
        assert answer.status_code == status
    run_queued()
    made = Task.objects.latest("id")
    assert (made.owner, made.organization) == (alice, organization)


def test_a_read_only_token_may_back_up_and_not_restore(project: Project, alice: User) -> None:
    reads = client_for(alice, read_only=True)
    assert reads.post(f"/api/projects/{project.pk}/backup/export").status_code == 202
    answer = reads.post("/api/projects/backup", {"project_file": _file(b"x")}, format="multipart")
    assert answer.status_code == 403


def test_a_restore_keeps_people_that_are_known_and_lists_those_that_are_not(alice: User, bob: User) -> None:
    task = a_task(alice, files=pictures(1), assignee_id=bob.pk)
    archive = backed_up(client_for(alice), "tasks", task.pk)
    known = send(client_for(alice), "tasks", archive)
    assert Task.objects.get(pk=known.result["id"]).assignee == bob
    assert known.result["not_carried"] == []
    User.objects.filter(pk=bob.pk).update(username="robert")
    unknown = send(client_for(alice), "tasks", archive)
    assert Task.objects.get(pk=unknown.result["id"]).assignee is None
    assert "'bob'" in unknown.result["not_carried"][0]["message"]
    assert unknown.result["ids"]["tasks"] == {str(task.pk): unknown.result["id"]}
