"""Two documents compared: what was done is told, exactly by number, nearly all where those are gone; b is made of a."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.annotations import Documents, a_shape, many_shapes
from tests.support.edit_scripts import Script, copy, document, renumbered

from labelkeep.annotations import builder, diff
from labelkeep.annotations.diff import Difference, Match, Side, applied, differences
from labelkeep.annotations.document import Edit, Index, edit
from labelkeep.annotations.model import Shape, Tag

SEEDS = (1, 2, 3)


def found(store: Documents, a: Index, b: Index, match: Match = "auto", **more: Any) -> list[Difference]:
    return list(differences(Side(a, store.get_document, **more), Side(b, store.get_document, **more), match=match))


def scripted(seed: int, operations: int = 1_000) -> tuple[Script, Documents, Index, Index]:
    script, store = Script(seed, 2_500), Documents()
    script.run(operations)
    a = document(script.before, store)
    return script, store, a, document(script.state, store)


def told(item: Difference) -> tuple[int, frozenset[str]]:
    standing = item.after or item.before
    assert standing is not None
    return standing.number, frozenset(item.changes)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_thousand_edits_are_told_exactly(seed: int) -> None:
    script, store, a, b = scripted(seed)
    truth = {(number, frozenset(changes)) for number, changes in script.truth.items()}
    answer = {(number, changes - {"other"}) for number, changes in map(told, found(store, a, b, "number"))}
    assert answer == {(number, changes - {"other"}) for number, changes in truth}
    assert len(truth) > 700


def test_what_was_removed_and_drawn_anew_at_its_place_has_moved_unless_numbers_alone_count() -> None:
    store = Documents()
    a = document({1: a_shape(1, points=(10, 10, 50, 50)), 2: a_shape(2, frame=3)}, store)
    b = document({2: a_shape(2, frame=3), 3: a_shape(3, points=(12, 10, 52, 50))}, store)
    (moved,) = found(store, a, b)
    assert (moved.changes, moved.by) == (["moved"], "overlap")
    assert [item.changes for item in found(store, a, b, "number")] == [["removed"], ["added"]]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_numbers_nearly_all_of_a_thousand_edits_are_told(seed: int) -> None:
    script, store, a, _ = scripted(seed)
    state, old = renumbered(script.state, random.Random(seed))
    answer = set()
    for item in found(store, a, document(state, store), "overlap"):
        after = old[item.after.number] if item.after else None
        answer.add((item.before.number if item.before else None, after))
    truth = {
        (number if "added" not in changes else None, number if "removed" not in changes else None)
        for number, changes in script.truth.items()
    }
    assert len(answer & truth) >= 0.99 * len(answer)  # precision
    assert len(answer & truth) >= 0.99 * len(truth)  # recall


@given(seed=st.integers(0, 2**32), count=st.integers(0, 60), operations=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_a_with_the_differences_applied_is_b(seed: int, count: int, operations: int) -> None:
    script, store = Script(seed, count + 6), Documents()
    chance = script.chance
    for _ in range(operations):
        verbs = [script.add, script.delete, script.move, script.relabel, script.attribute]
        chance.choice(verbs if _movable(script) else [script.add])()
    for item in chance.sample(list(script.state.values()), min(3, len(script.state))):
        if isinstance(item, (Shape, Tag)):
            item.frame = (item.frame + 7) % 100
    a, b = document(script.before, store), document(script.state, store)
    for match in ("number", "auto"):
        changed = edit(a, applied(found(store, a, b, match)), store.get_document, store.put)
        assert changed.index.parts == b.parts
        back = edit(b, applied(found(store, b, a, match)), store.get_document, store.put)
        assert back.index.parts == a.parts


def _movable(script: Script) -> bool:
    return any(not isinstance(item, Tag) for item in script.state.values())


def test_equal_documents_are_not_read(tmp_path: Path) -> None:
    store = Documents()
    index = document({item.number: item for item in many_shapes(20_000)}, store)
    read: list[str] = []

    def get(name: str) -> bytes:
        read.append(name)
        return store.get_document(name)

    assert list(differences(Side(index, get), Side(index, get))) == []
    assert read == []
    shapes = Edit()
    shapes.put("shapes", a_shape(1, frame=0, points=(9, 9, 12, 12)))
    other = edit(index, shapes, store.get_document, store.put).index
    assert len(list(differences(Side(index, get), Side(other, get)))) == 1
    assert len(read) == 2 < len(index.parts)  # the part that changed, on both sides


def test_objects_of_deleted_labels_are_not_there(tmp_path: Path) -> None:
    store = Documents()
    index = document({1: a_shape(1, label=1), 2: a_shape(2, label=2)}, store)
    all_labels, one = frozenset({1, 2}), frozenset({1})
    gone = list(differences(Side(index, store.get_document, all_labels), Side(index, store.get_document, one)))
    assert [(item.changes, item.before and item.before.number) for item in gone] == [(["removed"], 2)]


def test_large_documents_are_sorted_on_disk_and_told_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, store, a, b = scripted(9, operations=300)
    whole = found(store, a, b)
    monkeypatch.setattr(diff, "HELD", 2_000)
    sides = Side(a, store.get_document), Side(b, store.get_document)
    assert list(differences(*sides, spool_dir=tmp_path)) == whole
    assert builder.HELD > diff.HELD


def test_a_track_names_the_key_frames_that_changed() -> None:
    script, store = Script(4, 300), Documents()
    track = next(item for item in script.state.values() if hasattr(item, "shapes"))
    before = copy(track)
    track.shapes[2].points = [1.0, 2.0, 3.0, 4.0]
    del track.shapes[4]
    a, b = document({1: before}, store), document({1: track}, store)
    (change,) = found(store, a, b)
    assert change.changes == ["moved", "other"]
    assert change.frames == [before.shapes[2].frame, before.shapes[4].frame]  # type: ignore[union-attr]
