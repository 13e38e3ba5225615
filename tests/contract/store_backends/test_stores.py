"""A whole store does the same over every backend."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.stores import a_store, keys_of, opener

from labelkeep.store import Backend, MemoryCatalog, Store, check, check_manifests, name_of, rebuild, sweep

LARGE = os.urandom(20 * 2**20 + 3)


def test_what_is_kept_is_read_proved_rebuilt_and_swept(backend: Backend) -> None:
    store = a_store(backend)
    blobs = [os.urandom(size) for size in (0, 1, 70_000, 300_000)]
    with store.ingest() as ingest:
        for blob in blobs:
            ingest.add_bytes(blob)
        ingest.add_file(opener(LARGE), len(LARGE))
        ingest.put_document(b"packed")
    store.put_document(b"alone")
    contents = {name_of(content): content for content in (*blobs, LARGE, b"packed", b"alone")}

    again = Store.open(backend, catalog=MemoryCatalog())
    rebuild(again)
    assert {name: again.read_blob(name) for name in contents} == contents
    assert again.missing((name, len(content)) for name, content in contents.items()) == []
    assert list(check(again, contents)) == []
    with again.open_blob(name_of(LARGE)) as file:
        file.seek(9 * 2**20 + 1)
        assert file.read(100) == LARGE[9 * 2**20 + 1 :][:100]
    before = keys_of(again)
    assert sweep(again, datetime.now(UTC) + timedelta(days=5)) == 0
    assert keys_of(again) == before


def test_an_ingest_that_breaks_off_leaves_nothing(backend: Backend) -> None:
    store = a_store(backend)

    def breaks_off() -> None:
        with store.ingest() as ingest:
            ingest.add_bytes(b"one")
            ingest.add_bytes(b"two")
            ingest.add_file(opener(LARGE), len(LARGE))
            ingest.seal()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert keys_of(store) == {"store.json"}


def test_manifests_and_uploads_are_kept(backend: Backend) -> None:
    store = a_store(backend)
    key = store.put_manifest(b"{}", group="group", created=datetime(2026, 11, 20, tzinfo=UTC), backup="backup")
    assert list(store.list_manifests("group")) == [key]
    assert list(store.list_manifests("other")) == []
    assert list(check_manifests(store)) == []
    chunks = [store.put_chunk("1_upload", 0, [LARGE[:100]]), store.put_chunk("1_upload", 100, [LARGE[100:]])]
    with store.open_chunks(chunks) as file:
        assert file.read() == LARGE
    store.delete_chunks([chunk for chunk, _ in chunks])
    assert keys_of(store, "uploads/") == set()
