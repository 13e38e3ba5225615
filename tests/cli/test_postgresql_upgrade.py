"""Bringing a PostgreSQL database up to date: once, wholly or not at all, and never by an older version."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from tests.support.postgresql import Postgresql, postgresql
from tests.support.server import LABELKEEP, environment_for

from labelkeep.server import postgresql as asked
from labelkeep.server.migrate import COPIES, FORMAT

__all__ = ["postgresql"]

OLD = {"format": FORMAT, "version": "0.0.9", "migrations": "older"}


@pytest.fixture
def address(postgresql: Postgresql) -> str:
    return postgresql.new_database()


def labelkeep(address: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = environment_for(data_dir, database_url=address)
    return subprocess.run([*LABELKEEP, *arguments], env=environment, capture_output=True, text=True, timeout=120)


def rows(address: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        cursor = connection.execute(sql)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


def as_an_older_version(address: str, data_dir: Path) -> None:
    """Take the migrations of `operations` back, as if this code had never been there."""
    django = [sys.executable, "-m", "django", "migrate", "operations", "zero", "--settings=labelkeep.server.settings"]
    subprocess.run(django, env=environment_for(data_dir, database_url=address), check=True, capture_output=True)
    asked.write_mark(address, OLD)


def test_an_older_database_is_brought_up_to_date_by_whoever_comes_first(address: str, tmp_path: Path) -> None:
    assert labelkeep(address, tmp_path / "0", "user", "add", "alice").returncode == 0
    as_an_older_version(address, tmp_path / "0")
    with ThreadPoolExecutor(3) as pool:  # each with a data directory of its own, so no file keeps them apart
        done = list(pool.map(lambda number: labelkeep(address, tmp_path / str(number), "user", "list"), range(3)))
    assert [(it.returncode, "alice" in it.stdout) for it in done] == [(0, True)] * 3, [it.stderr for it in done]
    assert rows(address, "SELECT count(*) FROM operations_operation") == [(0,)]
    assert asked.read_mark(address)["version"] != OLD["version"]
    assert not (tmp_path / "0" / COPIES).exists()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(address: str, tmp_path: Path) -> None:
    assert labelkeep(address, tmp_path, "user", "add", "alice").returncode == 0
    as_an_older_version(address, tmp_path)
    rows(address, "CREATE TABLE operations_worker (in_the_way integer)")
    applied = rows(address, "SELECT app, name FROM django_migrations ORDER BY id")
    assert labelkeep(address, tmp_path, "user", "list").returncode != 0
    assert rows(address, "SELECT app, name FROM django_migrations ORDER BY id") == applied
    assert rows(address, "SELECT to_regclass('operations_operation')") == [(None,)]
    rows(address, "DROP TABLE operations_worker")
    assert labelkeep(address, tmp_path, "user", "list").returncode == 0


def test_a_database_that_a_newer_version_wrote_is_refused(address: str, tmp_path: Path) -> None:
    assert labelkeep(address, tmp_path, "user", "add", "alice").returncode == 0
    asked.write_mark(address, {"format": FORMAT + 1, "version": "9.0"})
    for command in (("user", "list"), ("serve", "--port", "0")):
        refused = labelkeep(address, tmp_path, *command)
        assert refused.returncode == 5
        assert "the database was written by Labelkeep 9.0, which is newer than this one" in refused.stderr
    rows(address, "INSERT INTO django_migrations (app, name, applied) VALUES ('x', '0099_later', now())")
    asked.write_mark(address, {"format": FORMAT, "version": "0.9", "migrations": "later"})
    refused = labelkeep(address, tmp_path, "user", "list")
    assert (refused.returncode, "0.9" in refused.stderr, "x.0099_later" in refused.stderr) == (5, True, True)


def test_the_directory_does_not_vouch_for_another_database(
    address: str, tmp_path: Path, postgresql: Postgresql
) -> None:
    assert labelkeep(address, tmp_path, "user", "add", "alice").returncode == 0
    assert json.loads((tmp_path / "data-directory.json").read_text())["format"] == FORMAT
    listed = labelkeep(postgresql.new_database(), tmp_path, "user", "list", "--json")
    assert (listed.returncode, json.loads(listed.stdout)) == (0, []), listed.stderr
