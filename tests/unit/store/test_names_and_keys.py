"""Names and keys: what may be one, and what they tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from labelkeep.errors import BadInput
from labelkeep.store import keys
from labelkeep.store.names import Namer, check_name, name_of

NAME = "b3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"  # of no bytes, from BLAKE3's test vectors


def test_a_name_carries_its_algorithm_and_hash() -> None:
    assert name_of(b"") == NAME


def test_naming_piece_by_piece_gives_the_same_name() -> None:
    namer = Namer()
    for piece in (b"one", b"", memoryview(b"two")):
        namer.update(piece)
    assert namer.name == name_of(b"onetwo")


@pytest.mark.parametrize(
    "name", ["", "b3:", NAME.upper(), NAME[3:], NAME + "0", NAME[:-1], "b2" + NAME[2:], NAME + "\n"]
)
def test_what_is_not_a_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput):
        check_name(name)


def test_the_key_of_a_lone_object_tells_all_that_the_catalog_needs() -> None:
    key = keys.lone(NAME, "document", 12, 0xABC, "0123456789abcdef")
    location = keys.parse_lone(key, 25)
    assert location is not None
    assert (location.name, location.kind, location.size, location.stored_size, location.crc32, location.key) == (
        NAME, "document", 12, 25, 0xABC, key,
    )  # fmt: skip


@pytest.mark.parametrize("key", ["blobs/x", "packs/01/0123456789abcdef-000000.zip", "blobs/af/af.1-0-0"])
def test_other_keys_are_not_lone_objects(key: str) -> None:
    assert keys.parse_lone(key, 1) is None


def test_a_pack_and_its_index_name_each_other_and_their_writer() -> None:
    pack = keys.pack("0123456789abcdef", 7)
    assert keys.pack_of(keys.index_of(pack)) == pack
    assert keys.writer_of(pack) == "0123456789abcdef"
    with pytest.raises(BadInput):
        keys.index_of("blobs/x")


def test_two_writers_never_make_the_same_key() -> None:
    assert len({keys.new_writer() for _ in range(1000)}) == 1000


def test_manifest_keys_sort_by_time_whatever_the_zone() -> None:
    early = datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=2)))
    late = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    assert keys.manifest("group", early, "b") < keys.manifest("group", late, "a")


@pytest.mark.parametrize("segment", ["", "..", "a/b", ".", "-x", "a b", "a\n"])
def test_a_segment_cannot_lead_elsewhere(segment: str) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for make in (
        lambda: keys.manifest(segment, moment, "b"),
        lambda: keys.manifest("g", moment, segment),
        lambda: keys.manifests_of(segment),
        lambda: keys.chunk(segment, 0, "w"),
    ):
        with pytest.raises(BadInput):
            make()  # type: ignore[no-untyped-call]
