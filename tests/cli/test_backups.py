"""`labelkeep backups` and `labelkeep forget`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import jsonschema_rs
import pytest
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.api.openapi import document
from labelkeep.errors import BadInput, Conflict, Forbidden, NotFound, Partial
from labelkeep.projects.models import Project
from labelkeep.snapshots.models import Backup


@pytest.fixture
def cats(alice: User) -> Project:
    project = a_project(alice, "cats")
    a_task(alice, project=project, frames=2)
    return project


@pytest.fixture
def backup(cats: Project) -> str:
    """The id of a backup of cats."""
    return told("backup", "cats", as_user="alice").split()[-1]


class TestList:
    def test_is_a_table_for_people(self, backup: str) -> None:
        heads, line = told("backups", "list", as_user="alice").splitlines()
        assert heads.split() == ["id", "of", "created", "by", "size", "new", "state", "note"]
        assert line.startswith(f"{backup}  project cats")
        assert "manual" in line
        assert "complete" in line

    def test_is_an_object_a_line_as_the_api_documents_it(self, backup: str, cats: Project) -> None:
        told("backup", "cats", as_user="alice")
        listed = rows("backups", "list", "--project", "cats", as_user="alice")
        assert len(listed) == 2
        schema = {**document()["components"]["schemas"]["BackupRead"], "components": document()["components"]}
        for row in listed:
            jsonschema_rs.validate(schema, row)

    def test_goes_through_all_pages(self, cats: Project, backup: str) -> None:
        one = Backup.objects.get()
        for number in range(120):
            one.pk, one.note = None, f"note {number}"
            one.save(force_insert=True)
        assert len(rows("backups", "list", as_user="alice")) == 121

    def test_tells_of_deleted_projects(self, backup: str, cats: Project) -> None:
        assert rows("backups", "list", "--gone", as_user="alice") == []
        cats.delete()
        assert [row["id"] for row in rows("backups", "list", "--gone", as_user="alice")] == [backup]
        assert "source deleted" in told("backups", "list", as_user="alice")

    def test_shows_a_stranger_nothing(self, backup: str, charlie: User) -> None:
        assert told("backups", "list", as_user="charlie") == ""
        assert isinstance(run("backups", "show", backup, as_user="charlie").exception, Forbidden)


def test_names_cannot_steer_the_terminal(alice: User) -> None:
    a_project(alice, "cats\x1b[2J")
    told("backup", "--all", as_user="alice")
    assert "\x1b" not in told("backups", "list", as_user="alice")


def test_one_is_shown_line_by_line(backup: str) -> None:
    lines = told("backups", "show", backup, as_user="alice").splitlines()
    shown = dict(line.split("  ", 1) for line in lines)
    assert shown["id"].strip() == backup
    assert "included" in told("backups", "show", backup, as_user="alice")
    assert "stores" in shown


def test_pins_and_notes_are_put_on_and_taken_off(backup: str) -> None:
    told("backups", "pin", backup, as_user="alice")
    told("backups", "note", backup, "the good one", as_user="alice")
    one = Backup.objects.get()
    assert (one.pinned, one.note) == (True, "the good one")
    assert run("forget", backup, "--yes", as_user="alice").exit_code != 0
    told("backups", "unpin", backup, as_user="alice")
    assert not Backup.objects.get().pinned


class TestForget:
    def test_drops_it_when_it_is_sure(self, backup: str) -> None:
        assert told("forget", backup, "--yes", as_user="alice") == f"Deleted {backup}\n"
        assert not Backup.objects.exists()

    def test_asks_nobody_who_is_not_there(self, backup: str) -> None:
        refused = run("forget", backup, as_user="alice").exception
        assert isinstance(refused, BadInput)
        assert "--yes" in str(refused)
        assert Backup.objects.exists()

    def test_names_what_it_could_not_drop(self, backup: str, cats: Project) -> None:
        other = told("backup", "cats", as_user="alice").split()[-1]
        told("backups", "pin", backup, as_user="alice")
        result = run("backups", "delete", backup, other, "--yes", as_user="alice")
        assert isinstance(result.exception, Partial)
        assert backup in result.stderr
        assert [str(one.pk) for one in Backup.objects.all()] == [backup]

    def test_deletes_nothing_where_one_of_them_is_not_there(self, backup: str) -> None:
        unknown = "00000000-0000-0000-0000-000000000000"
        assert isinstance(run("forget", backup, unknown, "--yes", as_user="alice").exception, NotFound)
        assert Backup.objects.exists()


class TestDownload:
    def test_writes_the_archive_where_it_is_told(self, backup: str, tmp_path: Path) -> None:
        told("backups", "download", backup, str(tmp_path / "cats.zip"), as_user="alice")
        with zipfile.ZipFile(tmp_path / "cats.zip") as archive:
            assert archive.testzip() is None
            assert "project.json" in archive.namelist()
        assert [path.name for path in tmp_path.iterdir()] == ["cats.zip"]

    def test_finds_a_name_in_a_folder(self, backup: str, tmp_path: Path) -> None:
        (row,) = rows("backups", "download", backup, str(tmp_path), as_user="alice")
        (path,) = tmp_path.iterdir()
        assert path.name.startswith("project_cats_backup_")
        assert row == {"file": str(path), "size": path.stat().st_size}

    def test_goes_on_where_an_earlier_one_stopped(self, backup: str, tmp_path: Path) -> None:
        told("backups", "download", backup, str(tmp_path / "whole.zip"), as_user="alice")
        whole = (tmp_path / "whole.zip").read_bytes()
        told("backups", "download", backup, str(tmp_path / "cut.zip"), as_user="alice")
        (tmp_path / "cut.zip").unlink()
        part = _part_of(tmp_path, backup)
        part.write_bytes(b"\0" * 100)  # not what is there: so the answer tells that only the rest came
        told("backups", "download", backup, str(tmp_path / "cut.zip"), as_user="alice")
        assert (tmp_path / "cut.zip").read_bytes() == b"\0" * 100 + whole[100:]
        assert not part.exists()

    def test_does_not_replace_a_file_unasked(self, backup: str, tmp_path: Path) -> None:
        there = tmp_path / "cats.zip"
        there.write_text("mine")
        assert isinstance(run("backups", "download", backup, str(there), as_user="alice").exception, BadInput)
        assert there.read_text() == "mine"
        told("backups", "download", backup, str(there), "--yes", as_user="alice")
        assert zipfile.is_zipfile(there)


def _part_of(folder: Path, backup: str) -> Path:
    """Where a download keeps what has come of `cut.zip`."""
    import hashlib

    from tests.support.api import client_for

    etag = client_for(User.objects.get(username="alice")).head(f"/api/backups/{backup}/archive")["ETag"]
    return folder / f".cut.zip.{hashlib.sha256(etag.encode()).hexdigest()[:12]}.part"


def test_a_damaged_backup_is_not_restored(backup: str) -> None:
    Backup.objects.update(state="damaged")
    assert isinstance(run("restore", backup, as_user="alice").exception, Conflict)
