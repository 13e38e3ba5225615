"""A document narrowed to labels and frames: there it shows what it did, elsewhere nothing. And nothing comes twice."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st
from tests.property.test_track_pieces import a_track, same, seen

from labelkeep.annotations.blending import Tally, blend
from labelkeep.annotations.document import Builder, iterate, read_index
from labelkeep.annotations.model import KINDS, Kind, Object, Shape, Tag, Track
from labelkeep.annotations.narrowing import merged, narrow
from labelkeep.store import name_of

LAST = 22
ranges = st.lists(st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted).map(tuple), min_size=1, max_size=3)
frames = st.integers(0, LAST)
labels = st.integers(1, 3)
tags = st.lists(st.builds(Tag, number=st.just(1), frame=frames, label=labels), max_size=5)
shapes = st.lists(
    st.builds(Shape, number=st.just(1), frame=frames, label=labels, type=st.just("points"), points=st.just([1.0, 2.0])),
    max_size=5,
)


class Documents(dict[str, bytes]):
    """A store in memory."""

    def put(self, data: bytes) -> str:
        """Keep a document."""
        name = name_of(data)
        self[name] = data
        return name

    def of(self, **objects: list[Object]) -> str:
        """The document of these objects, numbered as they come."""
        with Builder(self.put) as builder:
            number = 0
            for kind in KINDS:
                for item in deepcopy(objects.get(kind, [])):
                    number += 1
                    item.number = number
                    builder.add(kind, [item])
            return builder.finish().name

    def objects(self, name: str, kind: Kind) -> list[Object]:
        """All objects of one kind."""
        index = read_index(name, self.__getitem__)
        return [item for part in iterate(index, kind, self.__getitem__) for item in part]


@given(a_track(types=("rectangle", "mask", "points")), ranges)
def test_on_the_chosen_frames_a_track_is_what_it_was_and_elsewhere_it_is_not_seen(track: Track, chosen: list) -> None:  # type: ignore[type-arg]
    store = Documents()
    index = read_index(store.of(tracks=[track]), store.__getitem__)
    found = narrow(index, store.__getitem__, store.put, last=LAST, frames=merged(chosen))
    pieces = [piece for piece in store.objects(found.name, "tracks") if isinstance(piece, Track)]
    assert len({piece.number for piece in pieces}) == len(pieces)
    assert found.index.next > max((piece.number for piece in pieces), default=0)
    for frame in range(LAST + 1):
        visible = [shape for piece in pieces if (shape := seen(piece, frame))]
        if any(first <= frame <= last for first, last in chosen):
            assert len(visible) <= 1
            same(seen(track, frame), visible[0] if visible else None, points=True)
        else:
            assert visible == []


@given(tags, shapes, st.sets(labels), ranges)
def test_tags_and_shapes_stay_when_label_and_frame_were_chosen(
    given_tags: list[Object],
    given_shapes: list[Object],
    wanted: set[int],
    chosen: list,  # type: ignore[type-arg]
) -> None:
    store = Documents()
    name = store.of(tags=given_tags, shapes=given_shapes)
    index = read_index(name, store.__getitem__)
    found = narrow(index, store.__getitem__, store.put, last=LAST, labels=wanted, frames=merged(chosen))
    for kind in ("tags", "shapes"):
        expected = [
            item
            for item in store.objects(name, kind)  # type: ignore[arg-type]
            if item.label in wanted and any(first <= item.frame <= last for first, last in chosen)
        ]
        assert store.objects(found.name, kind) == expected  # type: ignore[arg-type]
    whole = narrow(index, store.__getitem__, store.put, last=LAST, labels={1, 2, 3}, frames=[(0, LAST)])
    assert whole.name == name


@given(shapes, shapes)
def test_what_arrives_is_there_afterwards_and_a_second_time_adds_nothing(
    standing: list[Object], arriving: list[Object]
) -> None:
    store = Documents()
    here, there = (store.objects(store.of(shapes=items), "shapes") for items in (standing, arriving))
    first, second = Tally(), Tally()
    after = [item for group in blend("shapes", deepcopy(here), deepcopy(there), first) for item in group]
    assert len(after) == len(here) + first.added.total()
    assert first.added.total() + first.same.total() == len(there)
    list(blend("shapes", deepcopy(after), deepcopy(there), second))
    assert not second
    replaced = Tally()
    only = blend("shapes", deepcopy(after), deepcopy(there), replaced, replaces=lambda item: True)
    assert sum(map(len, only)) == len(there)
    assert replaced.removed.total() == len(after) - len(there)
