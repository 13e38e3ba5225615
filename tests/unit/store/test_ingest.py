"""Ingest: what arrives together is packed, once, in order, and known only when it is safe."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from tests.support.stores import FaultyBackend, a_store, failing_from, keys_of, opener

from labelkeep.errors import BadInput, Damaged, Missing, StoreError, StoreFull
from labelkeep.store import MemoryCatalog, Store, name_of, open_backend
from labelkeep.store import ingest as ingest_module
from labelkeep.store import packs as packs_module

LARGE = os.urandom(5 * 2**20)


def test_what_arrives_together_lies_in_one_pack_in_order() -> None:
    store = a_store()
    with store.ingest() as ingest:
        names = [ingest.add_bytes(b"%d" % number).name for number in range(9)]
        names.append(ingest.put_document(b"{}"))
    located = store.catalog.locate(names)
    assert len({location.key for location in located.values()}) == 1
    offsets = [located[name].offset for name in names]
    assert offsets == sorted(offsets)
    assert keys_of(store, "ingests/") == set()


def test_what_arrives_alone_stands_alone() -> None:
    store = a_store()
    with store.ingest() as ingest:
        name = ingest.add_bytes(b"a guide's picture").name
    assert store.catalog.locate([name])[name].key.startswith("blobs/")
    assert keys_of(store, "packs/") == set()
    assert store.read_blob(name) == b"a guide's picture"


def test_a_large_blob_or_document_stands_alone() -> None:
    store = a_store()
    text = os.urandom(5 * 2**20)
    with store.ingest() as ingest:
        blob = ingest.add_file(opener(LARGE), len(LARGE)).name
        also = ingest.add_bytes(LARGE[1:]).name
        document = ingest.put_document(text)
    assert len(keys_of(store, "blobs/")) == 2
    assert len(keys_of(store, "documents/")) == 1
    assert (store.read_blob(blob), store.read_blob(also), store.get_document(document)) == (LARGE, LARGE[1:], text)


def test_packs_are_closed_when_they_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs_module, "ROOM", 5000)
    store = a_store()
    contents = [os.urandom(1000) for _ in range(40)]
    with store.ingest() as ingest:
        names = [ingest.add_bytes(content).name for content in contents]
    assert len(keys_of(store, "packs/")) == len(keys_of(store, "index/")) == 8
    assert [store.read_blob(name) for name in names] == contents


def test_an_empty_ingest_writes_nothing() -> None:
    store = a_store()
    before = keys_of(store)
    with store.ingest():
        pass
    assert keys_of(store) == before


def test_the_same_bytes_are_kept_once_within_and_across_ingests() -> None:
    store = a_store()
    with store.ingest() as ingest:
        first = [ingest.add_bytes(b"same"), ingest.add_bytes(b"same"), ingest.add_file(opener(LARGE), len(LARGE))]
        again = ingest.add_file(opener(LARGE), len(LARGE))
        ingest.add_bytes(b"other")
        assert [stored.new for stored in (*first, again)] == [True, False, True, False]
    before = keys_of(store)
    with store.ingest() as ingest:
        assert not any(ingest.add_bytes(content).new for content in (b"same", b"other", LARGE))
        assert not ingest.add_file(opener(LARGE), len(LARGE), known=(name_of(LARGE), first[2].crc32)).new
    assert keys_of(store) == before


def test_nothing_is_known_before_the_clean_end() -> None:
    store = a_store()
    with store.ingest() as ingest:
        name = ingest.add_bytes(b"early").name
        ingest.add_bytes(b"bird")
        ingest.seal()
        assert keys_of(store, "packs/")
        assert keys_of(store, "ingests/")
        with pytest.raises(Missing):
            store.read_blob(name)
    assert store.read_blob(name) == b"early"


def test_of_two_ingests_with_the_same_content_one_pack_stays() -> None:
    store = a_store()
    with store.ingest() as slow:
        slow.add_bytes(b"one")
        slow.add_bytes(b"two")
        slow.seal()
        with store.ingest() as quick:
            quick.add_bytes(b"one")
            quick.add_bytes(b"two")
    assert len(keys_of(store, "packs/")) == len(keys_of(store, "index/")) == 1
    assert store.read_blob(name_of(b"two")) == b"two"


def test_an_ingest_that_breaks_off_does_not_take_anothers_content_with_it() -> None:
    store = a_store()

    def breaks_off() -> None:
        with store.ingest() as slow:
            slow.add_file(opener(LARGE), len(LARGE))
            with store.ingest() as quick:
                quick.add_file(opener(LARGE), len(LARGE))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert store.read_blob(name_of(LARGE)) == LARGE
    assert len(keys_of(store, "blobs/")) == 1


def test_a_known_name_is_believed_but_its_crc_is_compared() -> None:
    store = a_store()
    with store.ingest() as ingest:
        stored = ingest.add_bytes(b"facts")
    for data in (b"facts", LARGE):

        def wrong(data: bytes = data) -> None:
            with store.ingest() as ingest:
                ingest.add_file(opener(data), len(data), known=(name_of(data + b"!"), 1))

        with pytest.raises(Damaged):
            wrong()
    with store.ingest() as ingest:
        assert ingest.add_file(opener(b"facts"), 5, known=(stored.name, stored.crc32)).name == stored.name


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("error", [-1, 1])
def test_a_file_of_another_size_than_said_is_refused(data: bytes, error: int) -> None:
    store = a_store()

    def add() -> None:
        with store.ingest() as ingest:
            ingest.add_file(opener(data), len(data) + error)

    with pytest.raises(Damaged):
        add()
    assert keys_of(store) == {"store.json"}


def test_a_file_that_changes_between_two_readings_is_refused() -> None:
    store = a_store()
    versions = [LARGE, LARGE[:-1] + bytes([LARGE[-1] ^ 1])]

    def add() -> None:
        with store.ingest() as ingest:
            ingest.add_file(lambda: opener(versions.pop(0))(), len(LARGE))

    with pytest.raises(Damaged, match="changed"):
        add()
    assert keys_of(store) == {"store.json"}


def test_a_name_from_outside_is_checked() -> None:
    store = a_store()

    def add() -> None:
        with store.ingest() as ingest:
            ingest.add_file(opener(b"x"), 1, known=("b3:../../x", 0x8CDC1683))

    with pytest.raises(BadInput):
        add()


@pytest.mark.parametrize("for_ever", [False, True])
def test_over_an_object_store_too_each_failing_request_leaves_nothing_behind(
    for_ever: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packs_module, "ROOM", 500)

    def run(store: Store) -> None:
        with store.ingest() as ingest:
            for number in range(20):
                ingest.add_bytes(bytes([number]) * 100)
            ingest.add_file(opener(LARGE), len(LARGE))

    total = _calls_of(run)
    assert total > 10
    for number in range(1, total + 1):
        place = open_backend("memory://")
        Store.create(place, server="s", catalog=MemoryCatalog())
        catalog = MemoryCatalog()
        store = Store.open(FaultyBackend(place, failing_from(number, for_ever=for_ever)), catalog=catalog)
        failed = False
        try:
            run(store)
        except StoreError:
            failed = True
        again = Store.open(place, catalog=catalog)
        if failed and not for_ever:
            assert not keys_of(again, "packs/")
        run(again)
        assert again.read_blob(name_of(LARGE)) == LARGE


def _calls_of(run: Callable[[Store], None]) -> int:
    backend = FaultyBackend(open_backend("memory://"), failing_from(0, for_ever=False))
    store = a_store(backend)
    before = backend.calls
    run(store)
    return backend.calls - before


def test_a_full_device_of_temporary_files_is_said_to_be_full(monkeypatch: pytest.MonkeyPatch) -> None:
    store = a_store()

    def fills() -> None:
        with store.ingest() as ingest:
            ingest._journal._database.execute("PRAGMA max_page_count=2")
            for number in range(5000):
                ingest.add_bytes(b"%d" % number)

    with pytest.raises(StoreFull, match="temporary"):
        fills()
    assert keys_of(store) == {"store.json"}


def test_a_long_ingest_renews_its_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs_module, "ROOM", 500)
    monkeypatch.setattr(ingest_module, "MARKER_AGE", -1.0)
    puts: list[int] = []
    backend = FaultyBackend(open_backend("memory://"), lambda verb, number: puts.append(number))
    store = a_store(backend)
    with store.ingest() as ingest:
        for number in range(20):
            ingest.add_bytes(bytes([number]) * 100)
    packs = len(keys_of(store, "packs/"))
    assert len(puts) == 1 + 3 * packs + 1  # store.json; a marker, a pack and an index each; the marker's removal
