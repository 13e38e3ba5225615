"""Documents and streams, whatever comes: split and join, build and read, edits in any order, deltas and folding."""

from __future__ import annotations

import io
import json
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.annotations import Documents

from labelkeep.annotations import deltas, stream, trie
from labelkeep.annotations.document import EMPTY, Builder, Edit, edit, iterate
from labelkeep.annotations.model import Attr, Shape, Tag
from labelkeep.annotations.parts import record_of
from labelkeep.annotations.replacement import Replacement

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)
objects = st.dictionaries(st.text(), values, max_size=4)
jobs = st.dictionaries(st.sampled_from(sorted(stream.LISTS)), st.lists(objects, max_size=8))

points = st.lists(st.floats(-1e6, 1e6), max_size=6)
places = st.tuples(st.integers(0, 6), st.integers(1, 30))  # frame, number
limits = st.sampled_from([40, 150, 1_000, trie.LIMIT])


@given(
    data=st.lists(jobs, max_size=4),
    indent=st.sampled_from([None, 0, 2]),
    ascii=st.booleans(),
    step=st.integers(1, 200),
    batch=st.sampled_from([32, 100, 2**20]),
    window=st.sampled_from([8, 64]),
)
def test_splitting_and_joining_gives_the_same_json(
    data: list[dict[str, Any]], indent: int | None, ascii: bool, step: int, batch: int, window: int
) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return  # a lone surrogate is no UTF-8
    source = io.BytesIO(text)
    found: list[dict[str, Any]] = [{} for _ in data]
    with mock.patch.multiple(stream, BATCH=batch, _FIRST_WINDOW=window):
        for piece in stream.batches(lambda size: source.read(min(size, step)), jobs=True):
            if piece.key:
                items = found[piece.job].setdefault(piece.key, [])
                assert len(items) == piece.first
                items += json.loads(piece.items)
    assert found == data


@given(text=st.binary(max_size=60) | st.text(alphabet='{}[]":,\\ shapetg01e-.', max_size=80).map(str.encode))
def test_any_bytes_are_split_or_refused_as_json_would(text: bytes) -> None:
    try:
        pieces = list(stream.batches(io.BytesIO(text).read, jobs=False))
    except stream.JsonError:
        return
    value = json.loads(text.decode("utf-8-sig"))
    assert isinstance(value, dict)
    assert {piece.key for piece in pieces} - {""} == value.keys() & stream.LISTS


def a_shape(frame: int, number: int, coordinates: list[float], label: int = 1) -> Shape:
    return Shape(number=number, frame=frame, label=label, type="points", points=coordinates)


@settings(deadline=None)
@given(shapes=st.dictionaries(places, points, max_size=30), limit=limits, held=st.sampled_from([300, 2_000, 10**6]))
def test_building_then_reading_gives_the_objects_sorted(
    shapes: dict[tuple[int, int], list[float]], limit: int, held: int
) -> None:
    store = Documents()
    with limited(limit):
        builder = Builder(store.put, held=held)
        builder.add("shapes", [a_shape(*place, xs) for place, xs in shapes.items()])
        index = builder.finish().index
    found = [item for part in iterate(index, "shapes", store.get_document) for item in part]
    assert found == [a_shape(*place, shapes[place]) for place in sorted(shapes)]
    assert all(part.size <= limit or part.count == 1 for part in index.parts)


changes = st.lists(st.tuples(places, points | st.none()), min_size=1, max_size=8)


@settings(deadline=None)
@given(steps=st.lists(changes, max_size=8), limit=limits)
def test_any_edits_give_the_document_that_building_would(
    steps: list[list[tuple[tuple[int, int], list[float] | None]]], limit: int
) -> None:
    """One after the other, all as one, and as deltas folded in the end: the same bytes."""
    store, state, payloads = Documents(), dict[tuple[int, int], list[float]](), []
    index, together = EMPTY, Edit()
    with limited(limit):
        for step in steps:
            change = Edit()
            for (frame, number), xs in step:
                if xs is None:
                    state.pop((frame, number), None)
                    change.remove("shapes", frame, number)
                else:
                    state[frame, number] = xs
                    change.put("shapes", a_shape(frame, number, xs))
            index = edit(index, change, store.get_document, store.put).index
            together = together.then(change)
            payloads.append(deltas.encode(change))
        builder = Builder(store.put, next_number=index.next)
        builder.add("shapes", [a_shape(*place, xs) for place, xs in state.items()])
        expected = builder.finish().index
        assert index == expected
        for whole in (together, deltas.combine(payloads)):
            folded = edit(EMPTY, whole, store.get_document, store.put).index
            assert folded.parts == expected.parts
    overlaid = [item for part in together.over("shapes", []) for item in part]
    assert overlaid == [a_shape(*place, state[place]) for place in sorted(state)]


@given(before=changes, after=changes)
def test_deltas_over_a_document_read_as_if_they_were_in_it(before: Any, after: Any) -> None:
    store, first, second = Documents(), edit_of(before), edit_of(after)
    with limited(150):
        index = edit(EMPTY, first, store.get_document, store.put).index
        direct = edit(index, second, store.get_document, store.put).index
    overlay = deltas.decode(deltas.encode(second))
    read = [item for part in overlay.over("shapes", iterate(index, "shapes", store.get_document)) for item in part]
    assert read == [item for part in iterate(direct, "shapes", store.get_document) for item in part]


def edit_of(change: list[tuple[tuple[int, int], list[float] | None]]) -> Edit:
    made = Edit()
    for (frame, number), xs in change:
        if xs is None:
            made.remove("shapes", frame, number)
        else:
            made.put("shapes", a_shape(frame, number, xs))
    return made


tags = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from(["", "x"])), max_size=12)


@given(old=tags, new=tags)
def test_a_replacement_keeps_the_numbers_of_equal_objects(old: Any, new: Any) -> None:
    store = Documents()
    first = replaced([], old, 1, store)
    second = replaced(first, new, len(first) + 1, store)
    assert sorted(map(content, second)) == sorted(new)
    kept = {item.number for item in second} & {item.number for item in first}
    assert all(content(item) == content(by_number(first)[item.number]) for item in second if item.number in kept)
    common = sum(min(old.count(item), new.count(item)) for item in set(old))
    assert len(kept) == common
    assert len({item.number for item in second}) == len(new)


def replaced(old: list[Tag], new: list[Any], next_number: int, store: Documents) -> list[Tag]:
    replacement = Replacement(held=2_000)
    replacement.add("tags", [a_tag(*item) for item in new])
    before = [list(map(record_of, old))] if old else []
    index = replacement.finish(lambda kind: before if kind == "tags" else [], next_number, store.put).index
    return [item for part in iterate(index, "tags", store.get_document) for item in part]  # type: ignore[misc]


def a_tag(frame: int, label: int, value: str) -> Tag:
    return Tag(number=0, frame=frame, label=label, attributes=[Attr(1, value)])


def content(tag: Tag) -> tuple[int, int, str]:
    return tag.frame, tag.label, tag.attributes[0].value


def by_number(tags: list[Tag]) -> dict[int, Tag]:
    return {tag.number: tag for tag in tags}


def limited(limit: int) -> Any:
    """Parts of this size, so that small documents have many."""
    return mock.patch.object(trie, "LIMIT", limit)
