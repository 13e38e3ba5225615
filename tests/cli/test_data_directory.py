"""Data directories of other versions: older ones are brought up to date after a copy, newer ones are left alone."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.server import LABELKEEP, environment_for

from labelkeep.errors import Conflict
from labelkeep.server.lock import is_locked, locked
from labelkeep.server.migrate import COPIES, DATABASE, FORMAT, MARK, copy_database


def labelkeep(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LABELKEEP, *arguments], env=environment_for(data_dir), capture_output=True, text=True, timeout=60
    )


def execute(data_dir: Path, sql: str, *parameters: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(data_dir / DATABASE)) as database, database:
        return database.execute(sql, parameters).fetchall()


def as_an_older_version(data_dir: Path) -> None:
    """Take the last migration of `operations` back, as if this code had never been there."""
    django = [sys.executable, "-m", "django", "migrate", "operations", "zero", "--settings=labelkeep.server.settings"]
    subprocess.run(django, env=environment_for(data_dir), check=True, capture_output=True)
    mark = {"format": FORMAT, "version": "0.0.9", "migrations": "older"}
    (data_dir / MARK).write_text(json.dumps(mark))


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory of this version with one user."""
    made = tmp_path / "data"
    assert labelkeep(made, "user", "add", "alice").returncode == 0
    return made


def test_a_new_directory_is_its_owners_alone_and_says_who_wrote_it(data_dir: Path) -> None:
    assert data_dir.stat().st_mode & 0o777 == 0o700
    mark = json.loads((data_dir / MARK).read_text())
    assert mark["format"] == FORMAT
    assert mark["version"]
    assert not (data_dir / COPIES).exists()  # there was nothing to lose


def test_an_older_directory_is_migrated_after_a_copy_of_its_database(data_dir: Path) -> None:
    as_an_older_version(data_dir)
    done = labelkeep(data_dir, "user", "list")
    assert done.returncode == 0
    assert "alice" in done.stdout
    assert execute(data_dir, "SELECT count(*) FROM operations_operation") == [(0,)]
    (copy,) = (data_dir / COPIES).glob("*.sqlite3")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT username FROM accounts_user").fetchall() == [("alice",)]
        assert not old.execute("SELECT 1 FROM sqlite_master WHERE name = 'operations_operation'").fetchall()
    assert labelkeep(data_dir, "user", "list").returncode == 0
    assert len(list((data_dir / COPIES).iterdir())) == 1  # once


def test_a_newer_format_is_refused_and_left_alone(data_dir: Path) -> None:
    mark = {"format": FORMAT + 1, "version": "9.0"}
    (data_dir / MARK).write_text(json.dumps(mark))
    before = (data_dir / DATABASE).read_bytes()
    for command in (("user", "list"), ("serve", "--port", "0")):
        refused = labelkeep(data_dir, *command)
        assert refused.returncode == 5
        assert "was written by Labelkeep 9.0, which is newer than this one" in refused.stderr
    assert (data_dir / DATABASE).read_bytes() == before


def test_a_database_with_migrations_that_are_unknown_here_is_refused(data_dir: Path) -> None:
    execute(
        data_dir, "INSERT INTO django_migrations (app, name, applied) VALUES ('projects', '0099_later', '2030-01-01')"
    )
    (data_dir / MARK).write_text(json.dumps({"format": FORMAT, "version": "0.9", "migrations": "later"}))
    refused = labelkeep(data_dir, "user", "list")
    assert refused.returncode == 5
    assert "(unknown here: projects.0099_later)" in refused.stderr
    assert not (data_dir / COPIES).exists()


def test_it_is_not_migrated_under_a_running_server(data_dir: Path) -> None:
    as_an_older_version(data_dir)
    with locked(data_dir):
        refused = labelkeep(data_dir, "user", "list")
    assert refused.returncode == 5
    assert "is in use" in refused.stderr


def test_the_lock_is_held_once_and_given_back(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(Conflict, match="is in use"), locked(tmp_path, patience=0.1):
        pass
    with locked(tmp_path, patience=0.1):
        pass


def test_looking_whether_it_is_locked_takes_nothing(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "nowhere")
    with locked(tmp_path):
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    with locked(tmp_path, patience=0.0):
        assert is_locked(tmp_path)


def test_a_copy_holds_what_is_still_in_the_write_ahead_log(data_dir: Path) -> None:
    with closing(sqlite3.connect(data_dir / DATABASE)) as writer:
        writer.execute("UPDATE accounts_user SET last_name = 'in the log'")
        writer.commit()
        copy = copy_database(data_dir, datetime(2026, 11, 20, tzinfo=UTC), "test")
    with closing(sqlite3.connect(copy)) as read:
        assert read.execute("SELECT last_name FROM accounts_user").fetchall() == [("in the log",)]
    assert copy.name == "20261120T000000000000Z-test.sqlite3"
