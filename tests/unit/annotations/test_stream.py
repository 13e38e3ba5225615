"""Splitting JSON while it arrives: what comes out, and where errors are said to be."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from labelkeep.annotations.stream import BATCH, JsonError, batches


def lists_of(text: bytes, *, jobs: bool = False, step: int = 10**9, **options: Any) -> list[dict[str, list[Any]]]:
    """The lists of each job, put together again."""
    source = io.BytesIO(text)
    found: list[dict[str, list[Any]]] = []
    for batch in batches(lambda size: source.read(min(size, step)), jobs=jobs, **options):
        while len(found) <= batch.job:
            found.append({})
        if batch.key:
            items = found[batch.job].setdefault(batch.key, [])
            assert batch.first == len(items)
            items += json.loads(batch.items)
    return found


def test_lists_come_out_and_other_keys_are_passed_over() -> None:
    text = b'{"version": 0, "shapes": [{"a": 1}, {"b": [{}]}], "x": {"shapes": [1]}, "tags": [], "tracks": [{}]}'
    assert lists_of(text) == [{"shapes": [{"a": 1}, {"b": [{}]}], "tags": [], "tracks": [{}]}]


def test_an_array_has_one_object_a_job_empty_ones_included() -> None:
    assert lists_of(b'[{"shapes":[{}]},{},{"version":1},{"tags":[]}]', jobs=True) == [
        {"shapes": [{}]},
        {},
        {},
        {"tags": []},
    ]
    assert lists_of(b" [ ] ", jobs=True) == []


def test_a_byte_order_mark_and_white_space_are_no_error() -> None:
    assert lists_of(b'\xef\xbb\xbf \r\n{"tags"\t:\n[ {"a":1} , {"a":2}\n]\n}\n ') == [{"tags": [{"a": 1}, {"a": 2}]}]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("value", ["x", "}],[{", '\\"},{"', "\\\\", "é }", "🚀{"])
def test_long_lists_come_in_whole_objects_whatever_strings_hold(indent: int | None, value: str) -> None:
    shapes = [{"frame": i, "attributes": [{"value": value}, {"value": "}"}]} for i in range(30_000)]
    text = json.dumps({"shapes": shapes, "tags": [{"t": 1}]}, indent=indent, ensure_ascii=False).encode()
    sizes = [len(batch.items) for batch in batches(io.BytesIO(text).read, jobs=False)]
    assert max(sizes) <= BATCH + 2
    assert lists_of(text, step=4096) == [{"shapes": shapes, "tags": [{"t": 1}]}]


def test_one_object_larger_than_a_batch_stands_alone() -> None:
    track = {"shapes": [{"frame": i, "points": [1.5, 2.5]} for i in range(60_000)]}
    text = json.dumps({"tracks": [{"n": 1}, track, {"n": 2}]}).encode()
    assert lists_of(text, step=10_000) == [{"tracks": [{"n": 1}, track, {"n": 2}]}]


def test_an_object_over_the_limit_is_refused() -> None:
    text = json.dumps({"tracks": [{"x": "y" * 3 * BATCH}]}).encode()
    with pytest.raises(JsonError, match="larger than"):
        lists_of(text, limit=BATCH)


@pytest.mark.parametrize(
    ("text", "place", "offset"),
    [
        (b"", "", 0),
        (b"[]", "", 0),
        (b"{", "", 1),
        (b'{"shapes":null}', "/shapes", 10),
        (b'{"shapes":[1]}', "/shapes/0", 11),
        (b'{"shapes":[{"a":NaN}]}', "/shapes/0", 16),
        (b'{"shapes":[{},{"a":-Infinity}]}', "/shapes/1", 20),
        (b'{"shapes":[{"a":1},]}', "/shapes/1", 19),
        (b'{"shapes":[{"a":1}}', "/shapes/0", 18),
        (b'{"shapes":[{"a":', "/shapes/0", 16),
        (b'{"shapes":[],"shapes":[]}', "/shapes", 22),
        (b'{"shapes":[{"a":"\xff"}]}', "/shapes/0", 17),
        (b"{} x", "", 3),
        (b'{"a":nul}', "/a", 6),
        (b'{"a":[1,2', "/a", 9),
        (b"{1:2}", "", 1),
    ],
)
def test_what_is_no_json_is_told_with_its_place(text: bytes, place: str, offset: int) -> None:
    with pytest.raises(JsonError) as caught:
        lists_of(text)
    assert (caught.value.place, caught.value.offset) == (place, offset)


def test_an_error_far_down_a_long_list_is_told_with_its_index() -> None:
    text = b'{"shapes":[' + b'{"a":1},' * 300_000 + b'{"b" 1}]}'
    with pytest.raises(JsonError) as caught:
        lists_of(text)
    assert caught.value.place == "/shapes/300000"
    assert text[caught.value.offset :].startswith(b"1}]}")


def test_places_name_the_job() -> None:
    with pytest.raises(JsonError) as caught:
        lists_of(b'[{"tags":[]},{"tags":[{"a":}]}]', jobs=True)
    assert caught.value.place == "/1/tags/0"


def test_deep_nesting_is_refused_not_a_crash() -> None:
    for text in (b'{"shapes":[{"a":' + b"[" * 100_000, b'{"a":' + b'{"a":' * 100_000):
        with pytest.raises(JsonError):
            lists_of(text)


def test_reading_stops_where_the_text_is_wrong() -> None:
    """Whoever sends garbage is not read to the end."""
    asked = 0

    def read(size: int) -> bytes:
        nonlocal asked
        asked += size
        return b"x" * size

    with pytest.raises(JsonError):
        list(batches(read, jobs=False))
    assert asked <= 2 * BATCH
