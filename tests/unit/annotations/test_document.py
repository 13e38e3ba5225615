"""Documents: what their bytes are, how they are cut, read and edited."""

from __future__ import annotations

import json
import math
from pathlib import Path

import msgspec
import pytest
from tests.support.annotations import Documents, a_shape, many_shapes

from labelkeep.annotations import trie
from labelkeep.annotations.document import EMPTY, Builder, Edit, Index, edit, iterate, read_index
from labelkeep.annotations.model import Attr, Shape, Tag, Track, TrackedShape
from labelkeep.annotations.parts import canonical
from labelkeep.errors import BadInput


def built(store: Documents, shapes: list[Shape], **options: object) -> Index:
    builder = Builder(store.put, **options)  # type: ignore[arg-type]
    builder.add("shapes", shapes)
    return builder.finish().index


def all_of(index: Index, store: Documents) -> list[Shape]:
    return [item for part in iterate(index, "shapes", store.get_document) for item in part]  # type: ignore[misc]


def test_objects_are_written_in_field_order_without_defaults() -> None:
    shape = a_shape(7, 3, 2, [1, 2.5, -0.0, 4], group=None, attributes=[Attr(1, "x")])
    assert canonical(shape) == (
        b'{"number":7,"frame":3,"label":2,"type":"rectangle","points":[1.0,2.5,0.0,4.0],"group":null,'
        b'"attributes":[[1,"x"]]}'
    )


def test_equal_objects_are_equal_bytes_however_their_defaults_came() -> None:
    text = b'{"number":1,"frame":0,"label":1,"type":"rectangle","points":[1,2,3,4],"rotation":0.0,"group":0'
    text += b',"occluded":false,"source":"manual","score":1.0,"attributes":[],"elements":[]}'
    said = msgspec.json.decode(text, type=Shape)
    assert canonical(said) == canonical(a_shape())
    key = b'{"frame":0,"type":"rectangle","points":[1,2,3,4],"rotation":-0.0}'
    track = msgspec.json.decode(b'{"number":1,"frame":0,"label":1,"source":"manual","shapes":[%b]}' % key, type=Track)
    assert b"rotation" not in canonical(track)
    assert b"source" not in canonical(track)


def test_minus_zero_is_zero_inside_elements_and_tracks_too() -> None:
    element = a_shape(2, type="points", points=[-0.0, -0.05])
    skeleton = a_shape(1, type="skeleton", points=[], elements=[element], rotation=-0.0)
    track = Track(number=1, frame=0, label=1, shapes=[TrackedShape(frame=0, type="points", points=[-0.0, 1.0])])
    for item in (skeleton, track):
        assert b"-0.0," not in canonical(item)
        assert b"-0.0]" not in canonical(item)
    assert b"-0.05" in canonical(skeleton)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    key = TrackedShape(frame=0, type="points", points=[value, 1.0])
    for item in (
        a_shape(points=[value, 1, 2, 3]),
        a_shape(rotation=value),
        Track(number=1, frame=0, label=1, shapes=[key]),
    ):
        with pytest.raises(BadInput, match="not finite"):
            canonical(item)


def test_frames_and_numbers_out_of_range_are_refused() -> None:
    for item in (a_shape(0), a_shape(trie.NUMBERS), a_shape(1, -1), a_shape(1, 2**31)):
        with pytest.raises(BadInput, match="out of range"):
            canonical(item)


def test_a_document_carries_kind_and_version() -> None:
    store = Documents()
    index = built(store, [a_shape()])
    builder = Builder(store.put)
    builder.add("tags", [Tag(number=4, frame=1, label=3)])
    written = builder.finish()
    assert json.loads(store[index.parts[0].name]).keys() == {"kind", "version", "objects"}
    assert json.loads(store[written.name])["kind"] == "annotations"
    assert read_index(written.name, store.get_document) == written.index
    assert written.index.next == 5
    assert read_index("", store.get_document) == EMPTY


def test_parts_are_at_most_a_mebibyte_and_together_everything_in_order() -> None:
    store, shapes = Documents(), many_shapes(30_000)
    index = built(store, shapes)
    assert len(index.parts) > 3
    assert all(part.size <= trie.LIMIT for part in index.parts)
    assert all_of(index, store) == sorted(shapes, key=lambda shape: (shape.frame, shape.number))
    assert index.counts() == {str(key): {"shapes": 10_000} for key in (1, 2, 3)}


def test_one_overfull_frame_is_split_by_number() -> None:
    store = Documents()
    index = built(store, [a_shape(number, 5) for number in range(1, 30_001)])
    assert len(index.parts) > 1
    assert {part.first[0] for part in index.parts} == {5}
    assert [shape.number for shape in all_of(index, store)] == list(range(1, 30_001))


def test_reading_a_range_of_frames_reads_only_the_parts_that_hold_them() -> None:
    store = Documents()
    index = built(store, many_shapes(30_000, frames=1000))
    fetched: list[str] = []

    def get(name: str) -> bytes:
        fetched.append(name)
        return store[name]

    found = [item for part in iterate(index, "shapes", get, 10, 12) for item in part]
    assert {item.frame for item in found} == {10, 11}
    assert len(found) == 60
    assert len(fetched) == 1


def test_the_order_of_arrival_and_spooling_do_not_matter(tmp_path: Path) -> None:
    store, shapes = Documents(), many_shapes(3_000)
    expected = built(store, shapes)
    assert built(store, shapes[::-1], spool_dir=tmp_path, held=20_000) == expected
    assert built(store, shapes, spool_dir=tmp_path, held=5_000) == expected  # more runs than are kept open
    assert list(tmp_path.iterdir()) == []


def test_objects_on_frames_outside_the_job_are_refused_when_asked_for() -> None:
    with pytest.raises(BadInput, match="frames 0 to 4"):
        built(Documents(), [a_shape(frame=5)], frames=(0, 4))


def test_an_edit_rewrites_touched_parts_only_and_gives_what_building_gives() -> None:
    store, shapes = Documents(), many_shapes(30_000)
    index = built(store, shapes)
    before = set(store)
    changes = Edit()
    changes.remove("shapes", shapes[0].frame, shapes[0].number)
    changes.put("shapes", a_shape(30_001, 50))
    written = edit(index, changes, store.get_document, store.put)
    assert len(set(store) - before) <= 3  # at most two parts and the index
    assert written.index == built(store, [*shapes[1:], a_shape(30_001, 50)])


def test_an_edit_drops_hidden_labels_from_the_parts_it_rewrites() -> None:
    store = Documents()
    index = built(store, [a_shape(1, 0, 1), a_shape(2, 0, 2)])
    changes = Edit()
    changes.put("shapes", a_shape(3, 1, 1))
    written = edit(index, changes, store.get_document, store.put, shown={1})
    assert [shape.number for shape in all_of(written.index, store)] == [1, 3]


def test_removing_everything_leaves_no_parts_and_the_next_number_stays() -> None:
    store, changes = Documents(), Edit()
    index = built(store, [a_shape(1), a_shape(9, 2)])
    changes.remove("shapes", 0, 1)
    changes.remove("shapes", 2, 9)
    written = edit(index, changes, store.get_document, store.put)
    assert (written.index.parts, written.index.next) == ([], 10)
