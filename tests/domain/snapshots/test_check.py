"""Checks find every damaged bit and every lost object, and say whose it is; what is whole again is complete again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from tests.support.projects import NOW, a_project, a_task, picture
from tests.support.saves import boxes, first_job, put
from tests.support.stores import flip

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations import document
from labelkeep.errors import Forbidden
from labelkeep.media import documents, proof, vault
from labelkeep.media.models import StoredObject
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.check_backup import check_backup, start_check
from labelkeep.snapshots.check_store import check_store, start_check_store
from labelkeep.snapshots.models import Backup
from labelkeep.store import keys

LATER = NOW + timedelta(days=40)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path) -> Iterator[None]:
    """A store of its own, that a test may damage."""
    before = settings.DATA_DIR
    settings.DATA_DIR = tmp_path
    vault.reset()
    yield
    settings.DATA_DIR = before
    vault.reset()


@pytest.fixture
def project(alice: User) -> Project:
    """Pictures that lie in a pack, one that is large enough to lie alone, and annotations."""
    made = a_project(alice, labels=["car"])
    large = picture(1, size=(1400, 1400), format="BMP")
    task = a_task(alice, project=made, files={"a.png": picture(2), "b.png": picture(3), "large.bmp": large})
    put(alice, first_job(task), shapes=boxes(made.labels.get().pk, 0, 1))
    return made


@pytest.fixture
def backup(project: Project, alice: User) -> Backup:
    return capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)


def state_of(backup: Backup, *, read: bool = True) -> str:
    now = max(LATER, backup.checked_date or LATER) + timedelta(seconds=1)
    check_backup(backup, now=now, read=read)
    backup.refresh_from_db()
    return backup.state


def place_of(path: str, project: Project) -> StoredObject:
    """Where the blob of a file lies."""
    get = vault.live().get_document
    index = documents.read_index(project.tasks.get().sources_document, get)
    name = next(source.blob for source in documents.read_sources(index, get) if source.path == path)
    return StoredObject.objects.get(pk=name)


def flip_in(place: StoredObject) -> None:
    flip(vault.live(), place.pack, place.offset + place.stored_size // 2)
    vault.reset()


def test_a_whole_backup_is_complete_and_after_a_full_check_verified(backup: Backup) -> None:
    assert state_of(backup, read=False) == "complete"
    assert backup.checked_date is not None
    assert backup.read_date is None
    assert state_of(backup) == "complete"
    assert backup.read_date == backup.checked_date
    assert backup.findings == []


@pytest.mark.parametrize("path", ["a.png", "large.bmp"])
def test_a_flipped_bit_of_a_picture_is_found_and_named(path: str, project: Project, backup: Backup) -> None:
    assert (place_of(path, project).offset > 0) == (path == "a.png")
    flip_in(place_of(path, project))
    assert state_of(backup, read=False) == "complete"  # a quick check does not read
    assert state_of(backup) == "damaged"
    (finding,) = backup.findings
    assert (finding["code"], finding["place"], finding["member"]) == ("damaged", f"file {path!r}", "task 'pictures'")
    assert backup.read_date is None
    flip_in(place_of(path, project))
    assert state_of(backup) == "complete"
    assert backup.findings == []


def test_a_flipped_bit_of_a_list_of_files_is_found_and_named(project: Project, backup: Backup) -> None:
    flip_in(StoredObject.objects.get(pk=project.tasks.get().sources_document))
    assert state_of(backup, read=False) == "damaged"
    assert backup.findings[0]["member"] == "task 'pictures'"


def test_a_flipped_bit_of_annotations_is_found_and_named(project: Project, backup: Backup) -> None:
    flip_in(StoredObject.objects.get(pk=first_job(project.tasks.get()).document))
    assert state_of(backup) == "damaged"
    assert backup.findings[0]["member"] == "task 'pictures'"


def test_a_flipped_bit_of_a_part_of_annotations_is_found_and_named(project: Project, backup: Backup) -> None:
    index = document.read_index(first_job(project.tasks.get()).document, vault.live().get_document)
    flip_in(StoredObject.objects.get(pk=index.parts[0].name))
    assert state_of(backup, read=False) == "complete"
    assert state_of(backup) == "damaged"
    assert backup.findings[0]["member"] == "task 'pictures', job 0"


def test_a_flipped_bit_of_the_manifests_is_found_and_named(backup: Backup) -> None:
    (key,) = vault.live().list_manifests()
    flip(vault.live(), key, 20)
    assert state_of(backup) == "damaged"
    assert backup.findings[0]["member"] == key
    flip(vault.live(), key, 20)
    flip_in(StoredObject.objects.get(pk=backup.manifest))
    assert state_of(backup) == "damaged"
    assert backup.findings[0]["message"].startswith("the manifest cannot be read")


def test_a_lost_object_is_found_by_a_quick_check(project: Project, backup: Backup) -> None:
    vault.live().backend.delete([place_of("large.bmp", project).pack])
    assert state_of(backup, read=False) == "damaged"
    assert [(it["code"], it["place"]) for it in backup.findings] == [("missing", "file 'large.bmp'")]


def test_a_damaged_index_is_told_and_harms_no_backup(project: Project, backup: Backup) -> None:
    index = keys.index_of(place_of("a.png", project).pack)
    flip(vault.live(), index, 20)
    vault.reset()
    told = check_store(now=LATER, read_all=True)
    assert [(it["level"], it["member"]) for it in told["findings"]] == [("warning", index)]
    assert state_of(backup) == "complete"


def test_the_store_is_read_a_share_a_day_until_all_was_read(
    project: Project, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "LEAST", 1)
    monkeypatch.setattr(proof, "_BATCH", 1)
    everything = StoredObject.objects.count()
    for day in range(proof.DAYS):
        assert check_store(now=NOW + timedelta(days=day))["contents_read"] > 0 or day > 0
    assert not StoredObject.objects.filter(read_at=None).exists()
    backup.refresh_from_db()
    assert backup.read_date == StoredObject.objects.order_by("read_at").first().read_at  # type: ignore[union-attr]
    assert StoredObject.objects.filter(read_at=NOW).count() < everything


def test_what_the_store_finds_damaged_is_named_for_backups_and_for_the_living(project: Project, backup: Backup) -> None:
    flip_in(place_of("b.png", project))
    told = check_store(now=LATER, read_all=True)
    assert (told["faulty"], told["damaged_backups"]) == (1, 1)
    members = [it["member"] for it in told["findings"]]
    assert members == [f"backup {backup.pk} of project 'zoo', task 'pictures'", "project 'zoo', task 'pictures'"]
    assert {it["place"] for it in told["findings"]} == {"file 'b.png'"}
    backup.refresh_from_db()
    assert backup.state == "damaged"
    flip_in(place_of("b.png", project))
    assert check_store(now=LATER + timedelta(days=1), read_all=True)["damaged_backups"] == 0
    backup.refresh_from_db()
    assert backup.state == "complete"


def test_who_may_see_a_backup_may_check_it(backup: Backup, alice: User, charlie: User) -> None:
    with pytest.raises(Forbidden):
        start_check(actor=Actor.of(charlie), now=NOW, id=backup.pk)
    start_check(actor=Actor.of(alice), now=NOW, id=backup.pk, read=True)
    (operation,) = run_queued()
    assert (operation.status, operation.result["state"]) == ("finished", "complete"), operation.message


def test_only_admins_check_the_store(alice: User) -> None:
    with pytest.raises(Forbidden):
        start_check_store(actor=Actor.of(alice), now=NOW)
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    start_check_store(actor=Actor.of(User.objects.get(pk=alice.pk)), now=NOW, read_all=True)
    (operation,) = run_queued()
    assert operation.status == "finished", operation.message
