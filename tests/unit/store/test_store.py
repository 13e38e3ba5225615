"""The store's door: documents, blobs, manifests, uploads."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from tests.support.stores import SERVER, FaultyBackend, a_store, flip, keys_of, opener

from labelkeep.errors import BadInput, Conflict, Damaged, Missing, StoreError
from labelkeep.store import MemoryCatalog, Store, name_of, open_backend
from labelkeep.store.backends.base import Piece

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LARGE = os.urandom(5 * 2**20)


def test_a_store_knows_its_owner_when_it_is_opened_again() -> None:
    backend = a_store().backend
    assert Store.open(backend, catalog=MemoryCatalog()).server == SERVER
    assert json.loads(backend.get("store.json")) == {"format": 1, "server": SERVER, "naming": "plain"}


def test_a_second_store_is_not_made_over_the_first() -> None:
    with pytest.raises(Conflict):
        a_store(a_store().backend)


def test_where_put_if_absent_is_ignored_the_one_who_lost_learns_it() -> None:
    class Careless(FaultyBackend):
        """Lets somebody else make the store at the same instant, and ignores `create`, as some servers do."""

        def put(self, key: str, pieces: Iterable[Piece], *, create: bool = False) -> int:
            size = super().put(key, pieces)
            super().put(key, [b'{"format": 1, "server": "another", "naming": "plain"}'])
            return size

    with pytest.raises(Conflict):
        a_store(Careless(open_backend("memory://"), lambda verb, number: None))


def test_a_newer_format_is_refused_and_the_message_says_what_to_do() -> None:
    backend = open_backend("memory://")
    backend.put("store.json", [b'{"format": 2, "server": 7, "shape": "unknown"}'])
    with pytest.raises(StoreError, match=r"format 2.*use a newer Labelkeep"):
        Store.open(backend, catalog=MemoryCatalog())


@pytest.mark.parametrize("config", [b"", b"[]", b'{"format": 1}', b'{"format": 1, "server": "x", "naming": "keyed"}'])
def test_a_broken_or_foreign_configuration_is_refused(config: bytes) -> None:
    backend = open_backend("memory://")
    backend.put("store.json", [config])
    with pytest.raises(Damaged, match=r"store\.json"):
        Store.open(backend, catalog=MemoryCatalog())


def test_no_store_is_missing() -> None:
    with pytest.raises(Missing):
        Store.open(open_backend("memory://"), catalog=MemoryCatalog())


def test_a_document_is_kept_once() -> None:
    store = a_store()
    names = {store.put_document(b'{"a": 1}') for _ in range(3)}
    assert names == {name_of(b'{"a": 1}')}
    assert store.get_document(names.pop()) == b'{"a": 1}'
    assert len(keys_of(store, "documents/")) == 1


def test_a_document_that_two_put_at_once_is_kept_once() -> None:
    class Meeting(MemoryCatalog):
        """Both ask before either records."""

        barrier = threading.Barrier(2)

        def rescue(self, names):  # type: ignore[no-untyped-def]
            found = super().locate(names)
            self.barrier.wait(10)
            return found

    store = Store.create(open_backend("memory://"), server=SERVER, catalog=Meeting())
    threads = [threading.Thread(target=store.put_document, args=[b"the same"]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get_document(name_of(b"the same")) == b"the same"
    assert len(keys_of(store, "documents/")) == 1


def test_what_is_not_there_is_missing_and_what_is_no_name_is_refused() -> None:
    store = a_store()
    for read in (store.get_document, store.read_blob, store.open_blob, lambda name: list(store.stream_blob(name))):
        with pytest.raises(Missing):
            read(name_of(b"nothing"))
        with pytest.raises(BadInput):
            read("../etc/passwd")


@pytest.mark.parametrize("data", [b"", b"small", os.urandom(300_000), LARGE], ids=len)
def test_a_blob_is_read_whole_in_ranges_and_as_a_file(data: bytes) -> None:
    store = a_store()
    with store.ingest() as ingest:
        ingest.add_bytes(b"a neighbour")
        name = ingest.add_file(opener(data), len(data)).name
    assert store.read_blob(name) == data
    assert b"".join(store.stream_blob(name)) == data
    middle = len(data) // 2
    assert b"".join(store.stream_blob(name, middle, 1000)) == data[middle:][:1000]
    assert b"".join(store.stream_blob(name, middle)) == data[middle:]
    assert b"".join(store.stream_blob(name, len(data) + 5)) == b""
    with store.open_blob(name) as file:
        assert file.seek(-min(3, len(data)), io.SEEK_END) == len(data) - min(3, len(data))
        assert file.read() == data[-3:]
        assert file.seek(middle) == middle
        assert file.read(10) == data[middle:][:10]


def test_content_that_is_both_blob_and_document_is_kept_once_and_read_as_either() -> None:
    store = a_store()
    name = store.put_document(b"same bytes")
    with store.ingest() as ingest:
        assert not ingest.add_bytes(b"same bytes").new
    assert store.read_blob(name) == store.get_document(name) == b"".join(store.stream_blob(name)) == b"same bytes"
    assert store.open_blob(name).read(4) == b"same"


def test_a_flipped_bit_is_never_handed_out() -> None:
    store = a_store()
    with store.ingest() as ingest:
        small = ingest.add_bytes(b"s" * 1000).name
        ingest.add_bytes(b"t" * 1000)
        large = ingest.add_file(opener(LARGE), len(LARGE)).name
    document = store.put_document(b"d" * 1000)
    location = store.catalog.locate([small])[small]
    flip(store, location.key, location.offset + 500)
    flip(store, store.catalog.locate([large])[large].key, 2**20)
    flip(store, store.catalog.locate([document])[document].key, 9)
    for name in (small, document):
        with pytest.raises(Damaged, match=name):
            store.read_blob(name)
        with pytest.raises(Damaged):
            list(store.stream_blob(name, 0, 1))
    handed_out: list[bytes] = []
    with pytest.raises(Damaged, match=large):
        handed_out.extend(store.stream_blob(large))
    assert sum(map(len, handed_out)) < len(LARGE), "a reader that stops at the error must not hold what looks whole"


def test_a_lone_blob_that_was_cut_short_is_damage() -> None:
    store = a_store()
    with store.ingest() as ingest:
        name = ingest.add_file(opener(LARGE), len(LARGE)).name
    key = store.catalog.locate([name])[name].key
    store.backend.put(key, [LARGE[: 2**20]])
    with pytest.raises(StoreError):
        list(store.stream_blob(name))
    with pytest.raises(StoreError):
        store.open_blob(name).read()


def test_reading_survives_that_content_moved_to_another_pack() -> None:
    store = a_store()
    contents = [bytes([number]) * 100 for number in range(4)]
    with store.ingest() as ingest:
        names = [ingest.add_bytes(content).name for content in contents]
    assert [store.read_blob(name) for name in names] == contents  # the index is remembered now
    (old,) = keys_of(store, "packs/")
    store.catalog.forget(names)
    with store.ingest() as ingest:
        for content in contents:
            ingest.add_bytes(content)
    store.backend.delete([old])
    assert [store.read_blob(name) for name in names] == contents


def test_sequential_reads_ask_the_catalog_once_a_pack() -> None:
    class Counting(MemoryCatalog):
        asked = 0

        def locate(self, names):  # type: ignore[no-untyped-def]
            self.asked += 1
            return super().locate(names)

        rescue = MemoryCatalog.locate

    catalog = Counting()
    store = Store.create(open_backend("memory://"), server=SERVER, catalog=catalog)
    with store.ingest() as ingest:
        names = [ingest.add_bytes(b"%d" % number).name for number in range(300)]
    assert b"".join(map(store.read_blob, names)) == b"".join(b"%d" % number for number in range(300))
    assert catalog.asked == 2


def test_manifests_are_listed_by_group() -> None:
    store = a_store()
    one = store.put_manifest(b'{"one": 1}', group="g-1", created=NOW, backup="b-1")
    two = store.put_manifest(b'{"two": 2}', group="g-2", created=NOW, backup="b-2")
    assert one == "manifests/g-1/20261120T000000.000000Z-b-1"
    assert list(store.list_manifests("g-1")) == [one]
    assert set(store.list_manifests()) == {one, two}
    assert store.get_manifest(two) == b'{"two": 2}'
    flip(store, one, -6)
    with pytest.raises(Damaged, match="manifests/g-1"):
        store.get_manifest(one)
    with pytest.raises(BadInput):
        store.get_manifest("store.json")


def test_chunks_are_read_as_one_file() -> None:
    store = a_store()
    pieces = [[b"one", b"", b"two"], [], [os.urandom(3_000_000)], [b"end"]]
    chunks, position = [], 0
    for piece in pieces:
        chunks.append(store.put_chunk("7_upload", position, piece))
        position += chunks[-1][1]
    whole = b"".join(b"".join(piece) for piece in pieces)
    assert [size for _, size in chunks] == [6, 0, 3_000_000, 3]
    with store.open_chunks(chunks) as file:
        assert file.read() == whole
        for position in (0, 5, 6, 7, 2_999_999, len(whole) - 3, len(whole)):
            file.seek(position)
            assert file.read(9) == whole[position:][:9]
        with pytest.raises(ValueError, match="negative"):
            file.seek(-1)
    store.delete_chunks(key for key, _ in chunks)
    assert keys_of(store, "uploads/") == set()
    with pytest.raises(BadInput):
        store.delete_chunks(["store.json"])


def test_a_chunk_whose_client_goes_away_is_not_kept() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 100
        raise ConnectionResetError

    store = a_store()
    with pytest.raises(ConnectionResetError):
        store.put_chunk("7_upload", 0, broken())
    assert keys_of(store, "uploads/") == set()
