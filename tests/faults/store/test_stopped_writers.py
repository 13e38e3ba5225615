"""Stop each command of the store at each call that changes the disk, in each way: nothing may be half there."""

from __future__ import annotations

import errno
import io
import os
import pickle
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from tests.support.disks import Disk, PowerCut, killing, power_cut, raising

from labelkeep.errors import Missing, StoreError, StoreFull
from labelkeep.store import Location, MemoryCatalog, Store, check, check_manifests, keys, name_of, open_backend, sweep
from labelkeep.store import ingest as ingest_module
from labelkeep.store import packs as packs_module
from labelkeep.store.backends import local

BEFORE = [b"an old document", b"another old one"]
OLD_BLOBS = [bytes([number]) * 700 for number in range(5)]
NEW_BLOBS = [bytes([100 + number]) * 600 for number in range(8)]
LARGE = b"large" * 400
NEW_DOCUMENT = b'{"new": true}'
CREATED = datetime(2026, 11, 20, tzinfo=UTC)
GROUP, OLD, NEW = "0b5f8f4e-0000-4000-8000-000000000001", "old", "new"
LATER = datetime.fromtimestamp(time.time(), UTC) + timedelta(days=3)


class FileCatalog(MemoryCatalog):
    """A catalog that outlives its process, as a database does."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if path.exists():
            self._locations = pickle.loads(path.read_bytes())

    def names(self) -> list[str]:
        return list(self._locations)

    def record(self, locations: Collection[Location]) -> set[str]:
        elsewhere = super().record(locations)
        temporary = self._path.with_suffix(".new")
        temporary.write_bytes(pickle.dumps(self._locations))
        temporary.replace(self._path)
        return elsewhere


def ingest(store: Store) -> None:
    with store.ingest() as work:
        for blob in NEW_BLOBS[:4]:
            work.add_bytes(blob)
        work.add_bytes(OLD_BLOBS[0])
        work.add_file(lambda: io.BytesIO(LARGE), len(LARGE))
        work.seal()
        for blob in NEW_BLOBS[4:]:
            work.add_file(lambda blob=blob: io.BytesIO(blob), len(blob))  # type: ignore[misc]
        work.put_document(NEW_DOCUMENT)


def put_document(store: Store) -> None:
    store.put_document(NEW_DOCUMENT)


def put_manifest(store: Store) -> None:
    store.put_manifest(b'{"new": 1}', group=GROUP, created=CREATED, backup=NEW)


def put_chunk(store: Store) -> None:
    key, size = store.put_chunk("7_upload", 0, (bytes([n]) * 5000 for n in range(3)))
    assert size == 15000
    with store.open_chunks([(key, size)]) as file:
        assert file.read()[-1:] == b"\2"


COMMANDS: dict[str, tuple[Callable[[Store], None], list[bytes]]] = {
    "ingest": (ingest, [*NEW_BLOBS, LARGE, NEW_DOCUMENT]),
    "put_document": (put_document, [NEW_DOCUMENT]),
    "put_manifest": (put_manifest, []),
    "put_chunk": (put_chunk, []),
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several packs and a lone blob out of few bytes, and one writing thread, so that calls come in one order."""
    monkeypatch.setattr(packs_module, "ROOM", 2000)
    monkeypatch.setattr(ingest_module, "LONE", 1500)
    monkeypatch.setattr(ingest_module, "WRITERS", 1)
    monkeypatch.setattr(keys, "new_writer", lambda: f"{next(_numbers) % 256:02x}" + secrets.token_hex(7))


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A store that holds something already."""
    place = tmp_path / "template"
    place.mkdir()
    store = Store.create(open_backend(place / "store"), server="s", catalog=FileCatalog(place / "catalog"))
    with store.ingest() as work:
        for blob in OLD_BLOBS:
            work.add_bytes(blob)
    for document in BEFORE:
        store.put_document(document)
    store.put_manifest(b'{"old": 1}', group=GROUP, created=CREATED, backup=OLD)
    return place


@contextmanager
def failing(disk: Disk) -> Iterator[None]:
    local.os = disk  # type: ignore[assignment,attr-defined]
    try:
        yield
    finally:
        local.os = os  # type: ignore[attr-defined]


def reopen(place: Path) -> Store:
    return Store.open(open_backend(place / "store"), catalog=FileCatalog(place / "catalog"))


_numbers = count(1)


def _begin_numbers() -> None:
    """Writers' folders are the same ones in each run, so that each run makes the same calls."""
    global _numbers
    _numbers = count(100)


def copies(template: Path, command: str) -> Iterable[tuple[int, Path]]:
    """A fresh copy for each call that the command makes."""
    place = template.parent / "count"
    shutil.copytree(template, place)
    _begin_numbers()
    disk = Disk()
    store = reopen(place)
    with failing(disk):
        COMMANDS[command][0](store)
    assert len(disk.calls) >= 5
    for number in range(1, len(disk.calls) + 1):
        copy = template.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(template, copy)
        _begin_numbers()
        yield number, copy


def whole(place: Path, command: str) -> None:
    """Nothing is half visible, what was sealed is readable, the command succeeds now, and sweep leaves no orphan."""
    store = reopen(place)
    readable(store)
    COMMANDS[command][0](store)
    readable(store)
    for content in COMMANDS[command][1]:
        assert store.get_document(name_of(content)) == content
    swept(store, place)


def readable(store: Store) -> None:
    assert list(check(store, [name_of(content) for content in [*BEFORE, *OLD_BLOBS]])) == []
    assert isinstance(store.catalog, FileCatalog)
    assert list(check(store, store.catalog.names())) == []
    assert list(check_manifests(store)) == []
    assert f"manifests/{GROUP}/20261120T000000.000000Z-old" in list(store.list_manifests(GROUP))
    for entry in store.backend.list("uploads/"):
        assert entry.size == 15000


def swept(store: Store, place: Path) -> None:
    sweep(store, LATER, uploads=set())
    known = set(store.catalog.keys())
    there = {entry.key for entry in store.backend.list()} - {"store.json"}
    expected = known | {f"index/{key[6:-4]}.zst" for key in known if key.startswith("packs/")}
    assert {key for key in there if not key.startswith("manifests/")} == expected
    assert list((place / "store/tmp").iterdir()) == []
    readable(store)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for-ever"])
def test_a_call_that_fails_leaves_nothing_half_done(template: Path, command: str, for_ever: bool) -> None:
    for number, place in copies(template, command):
        store, disk = reopen(place), Disk(stop=number, act=raising(errno.EIO), for_ever=for_ever)
        with (
            failing(disk),
            suppress(StoreError),
        ):  # a failing unlink of a temporary, or of the marker, may be passed over
            COMMANDS[command][0](store)
        disk.bury(place)
        whole(place, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said_to_be_full_and_nothing_stays(template: Path, command: str) -> None:
    before = {entry.key for entry in reopen(template).backend.list()}
    full = 0
    for number, place in copies(template, command):
        store, disk = reopen(place), Disk(stop=number, act=raising(errno.ENOSPC))
        with failing(disk):
            try:
                COMMANDS[command][0](store)
            except StoreFull:
                full += 1
                disk.bury(place)
                if disk.calls[number - 1] != "unlink":
                    assert {entry.key for entry in store.backend.list()} == before
        disk.bury(place)
        whole(place, command)
    assert full >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_a_process_killed_at_any_call_leaves_nothing_half_done(template: Path, command: str) -> None:
    for number, place in copies(template, command):
        child = os.fork()
        if child == 0:
            try:
                store = reopen(place)
                local.os = Disk(stop=number, act=killing)  # type: ignore[assignment,attr-defined]
                COMMANDS[command][0](store)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"the child was not killed at call {number}"
        Disk().bury(place)
        whole(place, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_acknowledged_survives_a_power_cut_at_any_call(template: Path, command: str) -> None:
    for number, place in copies(template, command):
        store, disk = reopen(place), Disk(stop=number, act=power_cut, for_ever=True)
        with failing(disk), suppress(PowerCut):
            COMMANDS[command][0](store)
        disk.lose_what_was_not_synced(place / "store")
        whole(place, command)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_has_returned_survives_a_power_cut_right_after(template: Path, command: str) -> None:
    place = template
    store, disk = reopen(place), Disk()
    with failing(disk):
        COMMANDS[command][0](store)
    disk.lose_what_was_not_synced(place / "store")
    store = reopen(place)
    for content in COMMANDS[command][1]:
        assert store.get_document(name_of(content)) == content
    if command == "put_manifest":
        assert len(list(store.list_manifests(GROUP))) == 2
    if command == "put_chunk":
        assert [entry.size for entry in store.backend.list("uploads/")] == [15000]
    readable(store)


def test_an_exception_inside_an_ingest_removes_even_what_was_sealed(template: Path) -> None:
    store = reopen(template)
    before = {entry.key for entry in store.backend.list()}

    def breaks_off() -> None:
        with store.ingest() as work:
            for blob in NEW_BLOBS:
                work.add_bytes(blob)
            work.add_file(lambda: io.BytesIO(LARGE), len(LARGE))
            work.seal()
            assert {entry.key for entry in store.backend.list()} > before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert {entry.key for entry in store.backend.list()} == before
    with pytest.raises(Missing):
        store.read_blob(name_of(NEW_BLOBS[0]))
