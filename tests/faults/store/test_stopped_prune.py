"""Prune is stopped at each call that changes the disk: what is needed stays, and the next prune ends what it began."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from tests.support.disks import Disk, PowerCut, power_cut, raising

from labelkeep.errors import StoreError
from labelkeep.store import MemoryCatalog, Store, check, keys, name_of, open_backend, rebuild, sweep
from labelkeep.store import ingest as ingest_module
from labelkeep.store import packs as packs_module
from labelkeep.store import prune as pruning
from labelkeep.store.backends import local
from labelkeep.store.needed import Needed

NOW = datetime.fromtimestamp(time.time(), UTC) + timedelta(days=3)
KEPT = [bytes([number]) * 300 for number in (0, 5, 6, 10)]  # one of five in a pack, or two


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several packs and lone blobs out of few bytes, and calls in one order."""
    monkeypatch.setattr(packs_module, "ROOM", 1900)
    monkeypatch.setattr(ingest_module, "WRITERS", 1)
    monkeypatch.setattr(keys, "new_writer", lambda: f"{next(_numbers) % 256:02x}" + secrets.token_hex(7))


_numbers = count(1)


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Packs of which most is unneeded, packs of which all is, and lone ones of both kinds."""
    place = tmp_path / "template"
    store = Store.create(open_backend(place), server="s", catalog=MemoryCatalog())
    with store.ingest() as work:
        for number in range(15):
            work.add_bytes(bytes([number]) * 300)
    with store.ingest() as work:
        for number in range(100, 104):
            work.add_bytes(bytes([number]) * 300)
    store.put_document(b"unneeded")
    store.put_document(b"needed")
    return place


def reopened(place: Path) -> Store:
    """The store with a catalog that says what is there, all but the needed condemned long ago."""
    store = Store.open(open_backend(place), catalog=MemoryCatalog())
    rebuild(store)
    condemn(store)
    return store


def condemn(store: Store) -> None:
    needed = Needed()
    needed.add([name_of(content) for content in [*KEPT, b"needed"]])
    pruning.condemn(store, needed, lambda: NOW, NOW)


@contextmanager
def failing(disk: Disk) -> Iterator[None]:
    local.os = disk  # type: ignore[assignment,attr-defined]
    try:
        yield
    finally:
        local.os = os  # type: ignore[attr-defined]


def copies(template: Path) -> Iterator[tuple[int, Path]]:
    """A fresh copy for each call that prune makes."""
    global _numbers
    place, disk = template.parent / "count", Disk()
    shutil.copytree(template, place)
    _numbers = count(100)
    with failing(disk):
        removed = pruning.remove(reopened(place), NOW)
    assert removed.repacked == 3
    assert removed.findings == []
    assert {"unlink", "rename", "fsync", "writev"} <= set(disk.calls)
    for number in range(1, len(disk.calls) + 1):
        copy = template.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(template, copy)
        _numbers = count(100)
        yield number, copy


def whole(store: Store) -> None:
    """What is needed is there, and what is not goes with the next prune; nothing is left lying about."""
    wanted = [name_of(content) for content in [*KEPT, b"needed"]]
    assert list(check(store, wanted)) == []
    for _ in range(2):  # what was dropped from the catalog and not from the disk is found, and condemned anew
        sweep(store, NOW + timedelta(days=3))
        condemn(store)
        pruning.remove(store, NOW)
    assert list(check(store, wanted)) == []
    left = {place.name for page in store.catalog.scan() for place, _ in page}  # type: ignore[attr-defined]
    assert left == set(wanted)
    known = set(store.catalog.keys())
    expected = known | {keys.index_of(key) for key in known if key.startswith(keys.PACKS)} | {keys.CONFIG}
    assert {entry.key for entry in store.backend.list()} == expected


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["broken", "full"])
def test_a_call_that_fails_loses_nothing_that_is_needed(template: Path, number: int) -> None:
    for call, place in copies(template):
        store, disk = reopened(place), Disk(stop=call, act=raising(number))
        with failing(disk), suppress(StoreError):
            pruning.remove(store, NOW)
        disk.bury(place)
        whole(store)


def test_a_power_cut_at_any_call_loses_nothing_that_is_needed(template: Path) -> None:
    for call, place in copies(template):
        store, disk = reopened(place), Disk(stop=call, act=power_cut, for_ever=True)
        with failing(disk), suppress(PowerCut):
            pruning.remove(store, NOW)
        disk.lose_what_was_not_synced(place)
        whole(Store.open(open_backend(place), catalog=store.catalog))
        again = Store.open(open_backend(place), catalog=MemoryCatalog())  # and where the catalog is lost as well
        rebuild(again)
        assert list(check(again, [name_of(content) for content in [*KEPT, b"needed"]])) == []
