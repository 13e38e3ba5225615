"""Stores that earlier versions wrote must stay readable for ever (invariant 11)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.golden import make_store as golden

from labelkeep.store import MemoryCatalog, Store, check, check_manifests, name_of, open_backend, rebuild

GOLDEN = Path(golden.__file__).parent


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A copy, so that no test can change the original."""
    shutil.copytree(GOLDEN / "store_v1", tmp_path / "store")
    store = Store.open(open_backend(tmp_path / "store"), catalog=MemoryCatalog())
    rebuild(store)
    return store


def test_a_store_of_format_1_gives_back_all_that_was_put(store: Store) -> None:
    assert store.server == golden.SERVER
    for content in [*golden.BLOBS, golden.LONE_BLOB, golden.PACKED_DOCUMENT, golden.LONE_DOCUMENT]:
        assert store.read_blob(name_of(content)) == content
    (key,) = store.list_manifests(golden.GROUP)
    assert key == f"manifests/{golden.GROUP}/20261120T120000.250000Z-{golden.BACKUP}"
    assert store.get_manifest(key) == golden.MANIFEST


def test_a_store_of_format_1_is_whole(store: Store) -> None:
    everything = [*golden.BLOBS, golden.LONE_BLOB, golden.PACKED_DOCUMENT, golden.LONE_DOCUMENT]
    assert store.missing((name_of(content), len(content)) for content in everything) == []
    assert list(check(store, map(name_of, everything))) == []
    assert list(check_manifests(store)) == []
