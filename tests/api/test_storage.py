"""The store over the API: what it holds and whose it is, pruning and checking it, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from tests.support.api import Client, client_for
from tests.support.projects import NOW, a_project, a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import space, vault
from labelkeep.media.models import StoredObject, Upload
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path) -> Iterator[None]:
    before = settings.DATA_DIR
    settings.DATA_DIR = tmp_path
    vault.reset()
    yield
    settings.DATA_DIR = before
    vault.reset()


@pytest.fixture
def admin(db: None) -> Client:
    return client_for(User.objects.create_superuser("root", "root@example.com", "correct horse battery"))


@pytest.fixture
def project(alice: User) -> Project:
    made = a_project(alice)
    a_task(alice, project=made, frames=3)
    return made


@pytest.fixture
def backup(project: Project, alice: User) -> Backup:
    return capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)


def result(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, body)
    assert answer.status_code == 202, answer.content
    run_queued()
    operation = Operation.objects.get(key=answer.json()["rq_id"])
    assert operation.status == "finished", operation.message
    shown = client.get(answer["Location"].removeprefix("http://testserver"))
    assert shown.json()["status"] == "finished"
    return dict(operation.result)


def orphan() -> None:
    with vault.live().ingest() as ingest:
        ingest.add_bytes(b"nobody's")


def test_the_report_says_what_the_store_holds_and_whose_it_is(
    admin: Client, alice: User, bob: User, backup: Backup
) -> None:
    other = a_task(bob, labels=["car"], frames=3)  # the same pictures
    orphan()
    told = admin.get("/api/server/storage").json()
    stored = list(StoredObject.objects.values_list("stored_size", flat=True))
    assert told["store"] == {"count": len(stored), "bytes": sum(stored)}
    assert told["blobs"]["bytes"] + told["documents"]["bytes"] == told["store"]["bytes"]
    assert told["backups"] == {"count": 1, "bytes": backup.logical_size}
    assert told["disk"]["free"] > told["disk"]["reserve"] == 0
    assert (told["reclaimable"], told["projects"]) == (None, None)

    more = admin.get("/api/server/storage?reclaimable=true&projects=true").json()
    assert more["reclaimable"] == {"count": 1, "bytes": 8}
    owners = {(it["kind"], it["name"]): it for it in more["projects"]}
    assert owners.keys() == {("project", "zoo"), ("task", other.name)}
    assert all(0 <= it["unique_bytes"] < it["bytes"] for it in owners.values())
    shared = {it["bytes"] - it["unique_bytes"] for it in owners.values()}
    assert len(shared) == 1  # the same pictures, whoever is asked
    assert sum(it["unique_bytes"] for it in owners.values()) + shared.pop() + 8 == told["store"]["bytes"]


def test_a_deleted_project_is_in_the_report_as_long_as_it_has_backups(admin: Client, backup: Backup) -> None:
    Project.objects.all().delete()
    (owner,) = admin.get("/api/server/storage?projects=true").json()["projects"]
    assert (owner["kind"], owner["id"], owner["name"]) == ("project", None, "zoo")
    assert owner["unique_bytes"] == owner["bytes"] > 0


def test_what_a_backup_alone_keeps_is_told_on_request(alice: User, backup: Backup, project: Project) -> None:
    client = client_for(alice)
    before = client.get(f"/api/backups/{backup.pk}/storage").json()["reclaimable"]
    assert 0 < before["count"] <= 2  # the manifests: all else is the project's too
    Project.objects.all().delete()
    after = client.get(f"/api/backups/{backup.pk}/storage").json()["reclaimable"]
    assert after["count"] == StoredObject.objects.count()
    again = Backup.objects.create(
        kind="project", manifest=backup.manifest, source_uuid=backup.source_uuid, source_name="zoo", created_date=NOW
    )
    assert client.get(f"/api/backups/{backup.pk}/storage").json()["reclaimable"] == {"count": 0, "bytes": 0}
    again.delete()


def test_pruning_is_tried_and_then_done(admin: Client, project: Project) -> None:
    orphan()
    told = result(admin, "/api/server/prune", {"dry_run": True, "grace_hours": 0})
    assert (told["unneeded"], told["removed_objects"]) == (1, 0)
    told = result(admin, "/api/server/prune", {"grace_hours": 0})
    assert (told["unneeded"], told["removed_objects"], told["removed_bytes"]) == (1, 1, 8)
    assert admin.post("/api/server/prune", {"grace_hours": -1}).status_code == 400


def test_a_backup_and_the_store_are_checked_on_request(admin: Client, alice: User, backup: Backup) -> None:
    client = client_for(alice)
    assert result(client, f"/api/backups/{backup.pk}/check", {"read": True})["state"] == "complete"
    assert client.get(f"/api/backups/{backup.pk}").json()["verified_date"] is not None
    told = result(admin, "/api/server/check", {"read_all": True})
    assert (told["contents_read"], told["faulty"], told["findings"]) == (StoredObject.objects.count(), 0, [])


def test_strangers_learn_nothing_and_only_admins_touch_the_store(bob: User, charlie: User, backup: Backup) -> None:
    for person in (bob, charlie):
        client = client_for(person)
        assert client.get("/api/server/storage").status_code == 403
        assert client.post("/api/server/prune", {}).status_code == 403
        assert client.post("/api/server/check", {}).status_code == 403
        assert client.post(f"/api/backups/{backup.pk}/check", {}).status_code == 403
        assert client.get(f"/api/backups/{backup.pk}/storage").status_code == 403
    assert not Operation.objects.filter(kind__in=["prune:store", "check:store", "check:backup"]).exists()


def test_what_will_not_fit_is_refused_with_numbers_before_anything_is_written(
    alice: User, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_for(alice)
    monkeypatch.setattr(space, "room", lambda: space.Room(total=10**9, free=10**6, reserve=0, available=10**6))
    for path, body in (
        ("/api/backups", {"project_id": backup.source_id}),
        (f"/api/backups/{backup.pk}/restore", {}),
    ):
        answer = client.post(path, body)
        assert answer.status_code == 507, answer.content
        assert "1000000 are free" in answer.json()["detail"]
    upload = client.post(
        "/api/projects/backup/",
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "5000000",
            "Upload-Metadata": "filename em9vLnppcA==",
        },
    )
    assert upload.status_code == 507, upload.content
    assert str(5_000_000 + space.MARGIN) in upload.content.decode()
    assert not Operation.objects.filter(status="queued").exists()
    assert not Upload.objects.exists()
