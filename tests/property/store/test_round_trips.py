"""Whatever is put comes back, however it came in and wherever it lies."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.stores import SERVER, a_store, keys_of, opener

from labelkeep.store import MemoryCatalog, Store, name_of, open_backend, rebuild
from labelkeep.store import ingest as ingest_module
from labelkeep.store import packs as packs_module
from labelkeep.store.reading import RangeFile

CONTENT = st.binary(max_size=300)
ARRIVALS = st.lists(st.tuples(st.sampled_from(["bytes", "file", "document", "known", "seal"]), CONTENT), max_size=40)


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Packs and lone blobs out of few bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs_module, "ROOM", 1000)
        patch.setattr(ingest_module, "LONE", 200)
        yield


def arrive(store: Store, arrivals: list[tuple[str, bytes]]) -> set[bytes]:
    from isal.isal_zlib import crc32

    with store.ingest() as ingest:
        for how, content in arrivals:
            if how == "bytes":
                assert ingest.add_bytes(content).name == name_of(content)
            elif how == "file":
                assert ingest.add_file(opener(content), len(content)).name == name_of(content)
            elif how == "known":
                ingest.add_file(opener(content), len(content), known=(name_of(content), crc32(content)))
            elif how == "document":
                assert ingest.put_document(content) == name_of(content)
            else:
                ingest.seal()
    return {content for how, content in arrivals if how != "seal"}


@given(first=ARRIVALS, second=ARRIVALS, alone=st.lists(CONTENT, max_size=5))
@settings(deadline=None, max_examples=60)
def test_what_was_put_comes_back_once_and_a_rebuilt_catalog_is_the_same(
    first: list[tuple[str, bytes]], second: list[tuple[str, bytes]], alone: list[bytes]
) -> None:
    catalog = MemoryCatalog()
    store = Store.create(open_backend("memory://"), server=SERVER, catalog=catalog)
    contents = arrive(store, first) | arrive(store, second) | set(alone)
    for document in alone:
        store.put_document(document)

    for content in contents:
        assert store.read_blob(name_of(content)) == content
        assert b"".join(store.stream_blob(name_of(content))) == content
    assert store.missing((name_of(content), len(content)) for content in contents) == []
    located = catalog.locate({name_of(content) for content in contents})
    assert len({(place.key, place.offset) for place in located.values()}) == len(contents)

    again = Store.open(store.backend, catalog=MemoryCatalog())
    rebuild(again)
    assert again.catalog.locate(located.keys()) == located
    assert set(again.catalog.keys()) == set(catalog.keys())


@given(arrivals=ARRIVALS)
@settings(deadline=None, max_examples=40)
def test_a_second_ingest_of_the_same_writes_nothing(arrivals: list[tuple[str, bytes]]) -> None:
    store = a_store()
    arrive(store, arrivals)
    before = keys_of(store)
    arrive(store, arrivals)
    assert keys_of(store) == before


@given(contents=st.sets(CONTENT, min_size=1, max_size=20))
@settings(deadline=None, max_examples=40)
def test_packed_or_alone_content_is_the_same(contents: set[bytes]) -> None:
    packed, alone = a_store(), a_store()
    arrive(packed, [("bytes", content) for content in contents])
    for content in contents:
        arrive(alone, [("bytes", content)])
    assert keys_of(alone, "packs/") == set()
    for content in contents:
        name = name_of(content)
        assert packed.read_blob(name) == alone.read_blob(name)
        there, here = packed.catalog.locate([name])[name], alone.catalog.locate([name])[name]
        assert (there.size, there.crc32, there.kind) == (here.size, here.crc32, here.kind)


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=8),
    moves=st.lists(st.tuples(st.integers(0, 450), st.integers(0, 120)), max_size=10),
)
@settings(deadline=None, max_examples=60)
def test_ranges_read_as_one_file_as_any_file_does(pieces: list[bytes], moves: list[tuple[int, int]]) -> None:
    backend = open_backend("memory://")
    ranges = []
    for number, piece in enumerate(pieces):
        backend.put(f"x/{number}", [b"before", piece, b"after"])
        ranges.append((f"x/{number}", len(b"before"), len(piece)))
    model, file = io.BytesIO(b"".join(pieces)), io.BufferedReader(RangeFile(ranges, backend), 16)
    for position, length in moves:
        assert file.seek(position) == model.seek(position)
        assert file.read(length) == model.read(length)
        assert file.tell() == model.tell()
