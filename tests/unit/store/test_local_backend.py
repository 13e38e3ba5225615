"""What only the local backend does: descriptors, temporaries, and how the system's errors are told."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.disks import Disk, raising

from labelkeep.errors import BadInput, Missing, StoreError, StoreFull
from labelkeep.store.backends import LocalBackend, local, open_backend
from labelkeep.store.backends.objects import ObjectsBackend


@pytest.fixture
def backend(tmp_path: Path) -> LocalBackend:
    return LocalBackend(tmp_path / "store")


def open_files() -> int:
    return len(os.listdir("/dev/fd"))


def test_reading_the_same_object_again_opens_it_once(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.put("a/b", [b"0123456789"])
    disk = Disk()
    assert backend.get_range("a/b", 0, 1) == b"0"
    monkeypatch.setattr(disk, "open", None, raising=False)  # from now on nothing can be opened
    monkeypatch.setattr(local, "os", disk)
    assert [backend.get_range("a/b", start, 1) for start in range(10)] == [b"%d" % number for number in range(10)]


def test_descriptors_do_not_pile_up(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend._descriptors, "_limit", 5)
    for number in range(50):
        backend.put(f"a/{number}", [b"%d" % number])
    before = open_files()
    for _ in range(3):
        assert [backend.get_range(f"a/{number}", 0, 9) for number in range(50)] == [b"%d" % n for n in range(50)]
    assert open_files() <= before + 5


def test_threads_read_while_descriptors_come_and_go(backend: LocalBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend._descriptors, "_limit", 2)
    for number in range(20):
        backend.put(f"a/{number}", [bytes([number]) * 5000])
    wrong: list[int] = []

    def read() -> None:
        for number in [*range(20)] * 10:
            if backend.get_range(f"a/{number}", 100, 900) != bytes([number]) * 900:
                wrong.append(number)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_temporaries_are_never_listed_and_old_ones_are_swept(backend: LocalBackend) -> None:
    backend.put("a/b", [b"x"])
    left = backend.root / "tmp" / "0123456789abcdef"
    left.write_bytes(b"half an obj")
    assert [entry.key for entry in backend.list()] == ["a/b"]
    now = datetime.now(UTC)
    assert backend.sweep(now - timedelta(hours=1)) == 0
    assert backend.sweep(now + timedelta(hours=1)) == 1
    assert not left.exists()
    assert backend.get("a/b") == b"x"


ERRORS = [(errno.ENOSPC, StoreFull), (errno.EDQUOT, StoreFull), (errno.EIO, StoreError)]


@pytest.mark.parametrize(("number", "error"), ERRORS)
def test_a_failing_disk_is_told_as_what_it_is(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch, number: int, error: type[StoreError]
) -> None:
    backend.put("a/first", [b"x"])
    monkeypatch.setattr(local, "os", Disk(stop=2, act=raising(number)))
    with pytest.raises(StoreError, match="a/b") as caught:
        backend.put("a/b", [b"x"])
    assert type(caught.value) is error


def test_a_store_on_a_path_that_is_a_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        LocalBackend(tmp_path / "file").put("a/b", [b"x"])
    with pytest.raises(Missing):
        LocalBackend(tmp_path / "file").get("a/b")


def test_a_folder_that_vanishes_is_an_error_once_and_made_again_then(backend: LocalBackend) -> None:
    backend.put("a/b", [b"x"])
    shutil.rmtree(backend.root)
    with pytest.raises(StoreError, match="vanished"):
        backend.put("a/b", [b"x"])
    backend.put("a/b", [b"y"])
    assert backend.get("a/b") == b"y"


def test_the_kernel_may_take_fewer_bytes_than_it_is_given(
    backend: LocalBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk()
    monkeypatch.setattr(disk, "writev", lambda fd, pieces: os.write(fd, bytes(pieces[0])[:7]), raising=False)
    monkeypatch.setattr(local, "os", disk)
    pieces = [b"a" * 20, b"", b"b" * 7, b"c"]
    backend.put("a/b", pieces)
    assert backend.get("a/b") == b"".join(pieces)


def test_a_url_says_where_a_store_is(tmp_path: Path) -> None:
    for url in (tmp_path, str(tmp_path), f"file://{tmp_path}"):
        opened = open_backend(url)
        assert isinstance(opened, LocalBackend)
        assert opened.root == tmp_path
    for remote in ("memory://", "s3://bucket/a/b?region=eu-west-1", "s3://bucket?endpoint=http://127.0.0.1:9&region=x"):
        assert isinstance(open_backend(remote), ObjectsBackend)


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "http://host/x", "s3://key:secret@bucket/x", "s3://bucket/x?secret_access_key=x"]
)
def test_a_url_that_is_no_store_or_carries_a_secret_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_backend(url)
    assert "secret@" not in str(caught.value)
