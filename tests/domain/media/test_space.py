"""Space on the disk: what will not fit is refused with numbers, and a full disk can still be cleared."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from tests.support.projects import NOW

from labelkeep.errors import StoreFull
from labelkeep.media import space
from labelkeep.store import open_backend

MIB = 2**20


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    with override_settings(DATA_DIR=tmp_path, CONFIGURATION=replace(settings.CONFIGURATION, reserve=4 * MIB)):
        yield tmp_path


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB, with a data directory that keeps 16 of them in reserve."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        with override_settings(DATA_DIR=disk, CONFIGURATION=replace(settings.CONFIGURATION, reserve=16 * MIB)):
            yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def fill(disk: Path) -> None:
    """Write until not one block is left."""
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)) == 4096:
            pass
    assert shutil.disk_usage(disk).free == 0


def test_the_reserve_is_made_once_and_left_out_of_what_is_available_until_then(data_dir: Path) -> None:
    before = space.room()
    assert (before.reserve, before.free - before.available) == (0, 4 * MIB)
    assert space.keep_reserve(NOW)
    assert (data_dir / "reserve").stat().st_size == 4 * MIB
    after = space.room()
    assert (after.reserve, after.free - after.available) == (4 * MIB, 0)
    assert not space.keep_reserve(NOW)


def test_the_reserve_is_not_given_up_while_there_is_room(data_dir: Path) -> None:
    space.keep_reserve(NOW)
    assert not space.give_up_reserve()
    assert space.room().reserve == 4 * MIB


def test_what_fits_passes_and_what_does_not_is_refused_with_numbers(data_dir: Path) -> None:
    space.require(0, "A backup")
    needed = space.room().total * 2
    with pytest.raises(StoreFull, match=f"The upload needs {needed + space.MARGIN} bytes on the disk, and [0-9]+ are"):
        space.require(needed, "The upload")


def test_no_reserve_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path, CONFIGURATION=replace(settings.CONFIGURATION, reserve=0)):
        assert not space.keep_reserve(NOW)
        assert space.room().available == space.room().free
    assert not (tmp_path / "reserve").exists()


def test_on_a_disk_with_no_byte_free_rows_and_objects_can_be_removed(small_disk: Path) -> None:
    store = open_backend(small_disk / "store")
    store.put("blobs/a", [bytes(4 * MIB)])
    database = sqlite3.connect(small_disk / "rows.sqlite3", isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (x BLOB)")
    database.executemany("INSERT INTO t VALUES (?)", [(bytes(4000),)] * 200)
    assert space.keep_reserve(NOW)
    fill(small_disk)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        database.executemany("INSERT INTO t VALUES (?)", [(bytes(4000),)] * 200)
    with pytest.raises(StoreFull):
        space.require(0, "A backup")
    assert space.give_up_reserve()
    database.execute("DELETE FROM t")
    store.delete(["blobs/a"])
    assert space.room().free >= 16 * MIB
    database.close()
