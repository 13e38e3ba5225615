"""`labelkeep storage`, `prune` and `check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task
from tests.support.stores import flip

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Forbidden, Partial
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
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
def root(db: None) -> User:
    return User.objects.create_superuser("root", "root@example.com", "correct horse battery")


def orphan() -> None:
    with vault.live().ingest() as ingest:
        ingest.add_bytes(b"nobody's")


def test_storage_says_what_there_is_and_whose(root: User, alice: User) -> None:
    a_task(alice, project=a_project(alice, "cats"), frames=2)
    orphan()
    said = told("storage", "--reclaimable", "--projects", as_user="root")
    assert "nothing needs: 1, 8 B" in said
    assert "project cats: " in said
    assert isinstance(run("storage", as_user="alice").exception, Forbidden)


def test_prune_is_tried_and_done_and_asks_before_it_waits_for_nothing(root: User) -> None:
    orphan()
    (tried,) = rows("prune", "--dry-run", as_user="root")
    assert (tried["unneeded"], tried["removed_objects"]) == (1, 0)
    assert isinstance(run("prune", "--grace-hours", "0", as_user="root").exception, BadInput)
    assert "removed 1 objects" in told("prune", "--grace-hours", "0", "--yes", as_user="root")
    assert not StoredObject.objects.exists()


def test_check_names_what_is_damaged_and_fails(root: User, alice: User) -> None:
    a_task(alice, project=a_project(alice, "cats"), frames=2)
    told("backup", "cats", as_user="alice")
    backup = Backup.objects.get()
    assert told("check", str(backup.pk), "--read-data", as_user="alice").strip() == "Whole."
    assert told("check", as_user="root").strip() == "Whole."
    blob = StoredObject.objects.filter(kind="blob").first()
    assert blob is not None
    flip(vault.live(), blob.pack, blob.offset + 9)
    vault.reset()
    for arguments in (["check", str(backup.pk), "--read-data"], ["check", "--read-data"]):
        failed = run(*arguments, as_user="root")
        assert isinstance(failed.exception, Partial)
        assert "file '" in failed.output
    assert isinstance(run("check", "cats", as_user="alice").exception, BadInput)
