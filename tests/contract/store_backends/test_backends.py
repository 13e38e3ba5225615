"""What every backend promises (labelkeep.store.backends.base)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from labelkeep.errors import BadInput, Conflict, Missing
from labelkeep.store.backends import Backend


def test_what_was_put_comes_back(backend: Backend) -> None:
    assert backend.put("a/b", [b"one", memoryview(b"two"), b""]) == 6
    assert backend.get("a/b") == b"onetwo"


def test_an_empty_object_is_an_object(backend: Backend) -> None:
    assert backend.put("a/empty", []) == 0
    assert backend.get("a/empty") == b""
    assert backend.sizes(["a/empty"]) == {"a/empty": 0}
    assert backend.get_range("a/empty", 0, 0) == b""


def test_a_large_object_in_uneven_pieces_comes_back(backend: Backend) -> None:
    data = os.urandom(20 * 2**20 + 17)
    cuts = [0, 1, 100, 2**20, 9 * 2**20 + 5, len(data)]
    pieces = [data[start:stop] for start, stop in pairwise(cuts)]
    assert backend.put("a/large", iter(pieces)) == len(data)
    assert backend.get("a/large") == data
    assert backend.get_range("a/large", 9 * 2**20, 1000) == data[9 * 2**20 :][:1000]
    assert backend.sizes(["a/large"]) == {"a/large": len(data)}


def test_a_thousand_tiny_pieces_come_back(backend: Backend) -> None:
    pieces = [bytes([number % 251]) * (number % 7) for number in range(5000)]
    backend.put("a/pieces", pieces)
    assert backend.get("a/pieces") == b"".join(pieces)


def test_a_range_ends_where_the_object_ends(backend: Backend) -> None:
    backend.put("a/b", [b"0123456789"])
    assert backend.get_range("a/b", 2, 3) == b"234"
    assert backend.get_range("a/b", 8, 100) == b"89"
    assert backend.get_range("a/b", 4, 0) == b""


def test_a_second_put_replaces_the_first(backend: Backend) -> None:
    backend.put("a/b", [b"first"])
    backend.put("a/b", [b"second"])
    assert backend.get("a/b") == b"second"


def test_creating_what_is_there_is_a_conflict_and_changes_nothing(backend: Backend) -> None:
    backend.put("store.json", [b"first"], create=True)
    with pytest.raises(Conflict):
        backend.put("store.json", [b"second"], create=True)
    assert backend.get("store.json") == b"first"


def test_what_is_not_there_is_missing(backend: Backend) -> None:
    backend.put("a/b", [b"x"])
    for key in ("a/c", "a/b/c", "z"):
        with pytest.raises(Missing):
            backend.get(key)
        with pytest.raises(Missing):
            backend.get_range(key, 0, 1)
        with pytest.raises(Missing):
            backend.get_range(key, 0, 0)
    assert backend.sizes(["a/c", "a/b", "z"]) == {"a/b": 1}


def test_a_listing_names_all_objects_under_a_prefix(backend: Backend) -> None:
    keys = {"packs/aa/one", "packs/ab/two", "packs-not/three", "index/four", "store.json"}
    for key in keys:
        backend.put(key, [key.encode()])
    listed = {entry.key: entry for entry in backend.list()}
    assert set(listed) == keys
    assert all(entry.size == len(key) for key, entry in listed.items())
    assert {entry.key for entry in backend.list("packs/")} == {"packs/aa/one", "packs/ab/two"}
    assert {entry.key for entry in backend.list("packs/aa/")} == {"packs/aa/one"}
    assert list(backend.list("nothing/")) == []


def test_a_listing_tells_when_an_object_was_written(backend: Backend) -> None:
    backend.put("a/b", [b"x"])
    (entry,) = backend.list("a/")
    assert abs(entry.modified - datetime.now(UTC)) < timedelta(minutes=2)


def test_a_listing_is_complete_beyond_one_page_of_the_server(backend: Backend) -> None:
    keys = {f"many/{number:04}" for number in range(1100)}
    for key in keys:
        backend.put(key, [b"x"])
    assert {entry.key for entry in backend.list("many/")} == keys
    assert backend.sizes(keys) == dict.fromkeys(keys, 1)
    backend.delete(keys)
    assert list(backend.list("many/")) == []


def test_deleting_passes_over_what_is_gone(backend: Backend) -> None:
    backend.put("a/b", [b"x"])
    assert backend.get_range("a/b", 0, 1) == b"x"
    backend.delete(["a/b", "a/never"])
    backend.delete(["a/b"])
    with pytest.raises(Missing):
        backend.get_range("a/b", 0, 1)


@pytest.mark.parametrize("size", [10, 20 * 2**20])
def test_a_source_that_breaks_off_leaves_nothing_and_its_error_is_passed_on(backend: Backend, size: int) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * size
        raise ConnectionResetError("the client went away")

    with pytest.raises(ConnectionResetError, match="went away"):
        backend.put("a/b", broken())
    assert list(backend.list()) == []


OUTSIDE = ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".hidden", "a/.b", "a\\b", "a\nb", "ä", "a" * 256]


@pytest.mark.parametrize("key", OUTSIDE)
def test_a_key_cannot_leave_the_store(backend: Backend, key: str) -> None:
    for use in (backend.get, lambda key: backend.put(key, [b""]), lambda key: backend.get_range(key, 0, 1)):
        with pytest.raises(BadInput):
            use(key)
    with pytest.raises(BadInput):
        backend.delete([key])
    with pytest.raises(BadInput):
        backend.sizes([key])
