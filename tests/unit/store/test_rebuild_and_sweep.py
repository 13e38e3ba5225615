"""Rebuild, sweep, check and presence: what the store can say of itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.stores import a_store, flip, keys_of, opener

from labelkeep.errors import Damaged, StoreError
from labelkeep.store import Location, MemoryCatalog, Store, check, check_manifests, name_of, rebuild, sweep
from labelkeep.store import keys as keys_module

LARGE = os.urandom(5 * 2**20)
DAY = timedelta(days=1)


def now() -> datetime:
    return datetime.now(UTC)


def filled() -> tuple[Store, dict[str, bytes]]:
    store = a_store()
    contents = [b"%d" % number for number in range(5)]
    with store.ingest() as ingest:
        for content in contents:
            ingest.add_bytes(content)
        ingest.add_file(opener(LARGE), len(LARGE))
        ingest.put_document(b"packed document")
    store.put_document(b"lone document")
    everything = [*contents, LARGE, b"packed document", b"lone document"]
    return store, {name_of(content): content for content in everything}


def test_a_lost_catalog_is_rebuilt_without_reading_a_pack() -> None:
    store, contents = filled()
    (pack,) = keys_of(store, "packs/")
    content = store.backend.get(pack)
    store.backend.put(pack, [bytes(len(content))])  # nothing in it can be read
    again = Store.open(store.backend, catalog=MemoryCatalog())
    rebuild(again)
    assert again.catalog.locate(contents.keys()) == store.catalog.locate(contents.keys())


def test_rebuilding_drops_what_is_gone() -> None:
    store, contents = filled()
    store.backend.delete(keys_of(store, "blobs/"))
    rebuild(store)
    assert store.catalog.locate(contents.keys()).keys() == contents.keys() - {name_of(LARGE)}


def test_rebuilding_leaves_out_what_an_unfinished_ingest_wrote() -> None:
    store, contents = filled()
    with store.ingest() as ingest:
        name = ingest.add_bytes(b"early").name
        ingest.add_bytes(b"bird")
        ingest.seal()
        rebuild(store)
        assert store.catalog.locate([name]) == {}
    assert store.read_blob(name) == b"early"
    assert store.catalog.locate(contents.keys()).keys() == contents.keys()


@pytest.mark.parametrize("how", ["damaged", "lost"])
def test_where_an_index_is_lost_or_damaged_the_directory_of_the_pack_is_read(how: str) -> None:
    store, contents = filled()
    (index,) = keys_of(store, "index/")
    if how == "lost":
        store.backend.delete([index])
    else:
        flip(store, index, -3)
    again = Store.open(store.backend, catalog=MemoryCatalog())
    rebuild(again)
    assert again.catalog.locate(contents.keys()) == store.catalog.locate(contents.keys())
    assert {name: again.read_blob(name) for name in contents} == contents


def test_a_pack_without_index_and_directory_is_named() -> None:
    store, _ = filled()
    (pack,) = keys_of(store, "packs/")
    store.backend.delete(keys_of(store, "index/"))
    flip(store, pack, -22)
    with pytest.raises(Damaged, match=pack):
        rebuild(Store.open(store.backend, catalog=MemoryCatalog()))


def test_an_ingest_that_slept_through_the_grace_says_so_and_leaves_nothing() -> None:
    store, _ = filled()
    before = keys_of(store)

    def sleeps() -> None:
        with store.ingest() as ingest:
            ingest.add_bytes(b"zz")
            ingest.add_bytes(b"zzz")
            ingest.seal()
            sweep(store, now() + 2 * DAY)

    with pytest.raises(StoreError, match="taken for dead"):
        sleeps()
    assert keys_of(store) == before


def test_sweep_beside_a_running_ingest_does_not_take_its_objects_for_lost() -> None:
    store, contents = filled()

    def breaks_off() -> None:
        with store.ingest() as ingest:
            ingest.add_bytes(b"early")
            ingest.add_bytes(b"bird")
            ingest.add_file(opener(LARGE[2:]), len(LARGE) - 2)
            ingest.seal()
            rebuild(store)
            assert sweep(store, now()) == 0
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert store.catalog.locate([name_of(b"early"), name_of(LARGE[2:])]) == {}
    assert set(store.catalog.keys()) == {key for key in keys_of(store) if key[:5] in ("packs", "blobs", "docum")}
    assert list(check(store, contents)) == []


def abandoned(store: Store) -> str:
    """Leave behind what a killed ingest leaves; return the name of a blob in it."""
    ingest = store.ingest()
    name = ingest.add_bytes(b"never").name
    ingest.add_bytes(b"known")
    ingest.add_file(opener(LARGE[1:]), len(LARGE) - 1)
    ingest.seal()
    ingest._journal.close()
    ingest._writers.close()
    return name


def test_sweep_removes_what_a_dead_ingest_wrote_after_a_grace_and_nothing_else() -> None:
    store, contents = filled()
    before = keys_of(store)
    abandoned(store)
    assert sweep(store, now()) == 0, "it may be running still"
    assert keys_of(store) > before
    assert sweep(store, now() + 2 * DAY) == 2
    assert keys_of(store) == before
    assert list(check(store, contents)) == []


def test_an_ingest_that_died_while_recording_is_finished_by_sweep() -> None:
    store, _ = filled()
    name = abandoned(store)
    (pack,) = [key for key in keys_of(store, "packs/") if not store.catalog.holding([key])]
    index = store.backend.get(keys_module.index_of(pack))
    store.catalog.record([Location(name, "blob", 5, 5, 0, pack, 99)])
    sweep(store, now() + 2 * DAY)
    assert store.read_blob(name_of(b"known")) == b"known"
    assert store.backend.get(keys_module.index_of(pack)) == index
    assert keys_of(store, "ingests/") == set()


def test_sweep_never_deletes_content_that_an_older_catalog_does_not_know() -> None:
    store, contents = filled()
    before = keys_of(store)
    older = Store.open(store.backend, catalog=MemoryCatalog())
    assert sweep(older, now() + 1000 * DAY) == 0
    assert keys_of(store) == before
    assert {name: older.get_document(name) for name in contents} == contents


def test_sweep_removes_a_second_copy_of_a_lone_object() -> None:
    store, contents = filled()
    (key,) = keys_of(store, "documents/")
    before = keys_of(store)
    store.backend.put(key[:-16] + "0123456789abcdef", [store.backend.get(key)])
    assert sweep(store, now()) == 0
    assert sweep(store, now() + 2 * DAY) == 1
    assert keys_of(store) == before
    assert list(check(store, contents)) == []


def test_sweep_removes_pieces_of_uploads_that_nobody_knows() -> None:
    store = a_store()
    kept, _ = store.put_chunk("1_known", 0, [b"x"])
    lost, _ = store.put_chunk("2_lost", 0, [b"x"])
    assert sweep(store, now() + 2 * DAY) == 0, "without a list of uploads the staging area is left alone"
    assert sweep(store, now(), uploads={"1_known"}) == 0
    assert sweep(store, now() + 2 * DAY, uploads={"1_known"}) == 1
    assert keys_of(store, "uploads/") == {kept} != {lost}


def test_check_names_what_is_damaged_or_missing_and_nothing_else() -> None:
    store, contents = filled()
    assert list(check(store, contents)) == []
    damaged, gone = name_of(b"3"), name_of(LARGE)
    location = store.catalog.locate([damaged])[damaged]
    flip(store, location.key, location.offset)
    store.backend.delete(keys_of(store, "blobs/"))
    findings = {finding.member: finding for finding in check(store, [*contents, name_of(b"never was")])}
    assert {name: finding.code for name, finding in findings.items()} == {
        damaged: "damaged",
        gone: "missing",
        name_of(b"never was"): "missing",
    }
    assert all(finding.is_error for finding in findings.values())


@pytest.mark.parametrize("position", range(0, 40, 3))
def test_check_finds_any_flipped_bit_of_a_manifest(position: int) -> None:
    store = a_store()
    key = store.put_manifest(b'{"kind": "backup", "name": "signs"}', group="g", created=now(), backup="b")
    assert list(check_manifests(store)) == []
    flip(store, key, position % len(store.backend.get(key)))
    assert [finding.member for finding in check_manifests(store)] == [key]


def test_presence_is_proved_by_sizes_in_the_listing() -> None:
    store, contents = filled()
    asked = [(name, len(content)) for name, content in contents.items()]
    assert store.missing(iter(asked)) == []
    assert store.missing([(name_of(b"0"), 7)]) == [name_of(b"0")], "of another size than said"
    assert store.missing([(name_of(b"never was"), 1)]) == [name_of(b"never was")]


def test_a_pack_that_was_cut_short_or_is_gone_proves_nothing() -> None:
    store, contents = filled()
    asked = [(name, len(content)) for name, content in contents.items()]
    (pack,) = keys_of(store, "packs/")
    last = max(store.catalog.locate(contents.keys()).values(), key=lambda location: location.offset)
    store.backend.put(pack, [store.backend.get(pack)[: last.offset + last.stored_size - 1]])
    assert store.missing(asked) == [last.name]
    store.backend.delete([pack, *keys_of(store, "blobs/")])
    assert store.missing(asked) == [name for name, content in contents.items() if content != b"lone document"]
