"""Random edits of annotations, and what each of them did: the truth that a comparison is held against."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from labelkeep.annotations.document import Builder, Index
from labelkeep.annotations.model import Attr, Object, Shape, Tag, Track, TrackedShape
from tests.support.annotations import Documents

FRAMES, LABELS = 100, 5
State = dict[int, Object]  # by number


def kind_of(item: Object) -> Any:
    """The kind of an object."""
    return "tags" if isinstance(item, Tag) else "tracks" if isinstance(item, Track) else "shapes"


def document(state: State, store: Documents, next_number: int = 1) -> Index:
    """The document that holds these objects."""
    builder = Builder(store.put, next_number=next_number)
    for item in state.values():
        builder.add(kind_of(item), [item])
    return builder.finish().index


class Script:
    """Objects, and random operations on them. `truth` says of each number what became of it."""

    def __init__(self, seed: int, count: int) -> None:
        self.chance = random.Random(seed)
        self.next = 1
        self.before: State = {}
        self.state: State = {}
        for _ in range(count):
            self._draw()
        self.before = {number: copy(item) for number, item in self.state.items()}
        self.truth: dict[int, set[str]] = {}

    def run(self, operations: int) -> None:
        """Carry out so many operations."""
        verbs: list[Callable[[], None]] = [self.add, self.delete, self.move, self.relabel, self.attribute, self.split]
        for _ in range(operations):
            self.chance.choice(verbs)()

    def add(self) -> None:
        """Draw an object."""
        self.truth[self._draw()] = {"added"}

    def delete(self) -> None:
        """Remove one."""
        number = self._any()
        del self.state[number]
        if number in self.before:
            self.truth[number] = {"removed"}
        else:
            del self.truth[number]

    def move(self) -> None:
        """Move one a little, to where it has not been."""
        number = self._any(lambda item: not isinstance(item, Tag))
        item = self.state[number]
        for shape in item.shapes if isinstance(item, Track) else [item]:
            assert isinstance(shape, (Shape, TrackedShape))
            step = self.chance.uniform(0.5, 1.5)
            shape.points = [value + step for value in shape.points]
        self._note(number, "moved")

    def relabel(self) -> None:
        """Give one another label than it has or had."""
        number = self._any(lambda item: not isinstance(item, Tag))
        item = self.state[number]
        had = self.before[number].label if number in self.before else 0
        item.label = self.chance.choice([label for label in range(1, LABELS + 1) if label not in (item.label, had)])
        self._note(number, "relabelled")

    def attribute(self) -> None:
        """Set an attribute to a value that it has not had."""
        number = self._any()
        self.state[number].attributes = [Attr(1, f"{self.chance.random()}")]
        self._note(number, "attributes")

    def split(self) -> None:
        """Cut a track in two: the second half is an object of its own."""
        number = self._any(lambda item: isinstance(item, Track) and len(item.shapes) > 3)
        track = self.state[number]
        assert isinstance(track, Track)
        self._put(Track(number=0, frame=track.shapes[3].frame, label=track.label, shapes=track.shapes[3:]))
        track.shapes = track.shapes[:3]
        self.truth[self.next - 1] = {"added"}
        self._note(number, "moved", *(["other"] if track.shapes else []))

    def _note(self, number: int, *changes: str) -> None:
        if number in self.before:
            self.truth.setdefault(number, set()).update(changes)

    def _any(self, wanted: Callable[[Object], bool] = bool) -> int:
        while True:
            number = self.chance.choice(list(self.state))
            if wanted(self.state[number]):
                return number

    def _draw(self) -> int:
        frame, label = self.chance.randrange(FRAMES), self.chance.randint(1, LABELS)
        choice = self.chance.random()
        if choice < 0.02:
            return self._put(Tag(number=0, frame=frame, label=label, attributes=[Attr(2, str(self.next))]))
        if choice < 0.15:
            points = self._box()
            keys = [TrackedShape(frame=frame + 4 * i, type="rectangle", points=list(points)) for i in range(5)]
            return self._put(Track(number=0, frame=frame, label=label, shapes=keys))
        return self._put(self._shape(frame, label))

    def _shape(self, frame: int, label: int) -> Shape:
        left, top, right, bottom = self._box()
        corners = [left, top, right, top, right, bottom, left, bottom]
        middle = [(left + right) / 2, (top + bottom) / 2]
        forms: dict[Any, list[float]] = {
            "rectangle": [left, top, right, bottom],
            "polygon": corners,
            "polyline": corners,
            "points": corners,
            "ellipse": [*middle, right, top],
            "mask": [0.0, 12.0, 88.0, left, top, left + 9, top + 9],
        }
        type = self.chance.choice(list(forms))
        return Shape(number=0, frame=frame, label=label, type=type, points=forms[type])

    def _box(self) -> list[float]:
        left, top = float(self.chance.randrange(3800)), float(self.chance.randrange(2100))
        return [left, top, left + float(self.chance.randint(40, 90)), top + float(self.chance.randint(40, 90))]

    def _put(self, item: Object) -> int:
        item.number, self.next = self.next, self.next + 1
        self.state[item.number] = item
        return item.number


def copy(item: Object) -> Object:
    """The same, to be changed on its own."""
    return msgspec.convert(msgspec.to_builtins(item), type(item))


def renumbered(state: State, chance: random.Random) -> tuple[State, dict[int, int]]:
    """The same objects under other numbers, and new number → old."""
    numbers = list(range(1, len(state) + 1))
    chance.shuffle(numbers)
    found, old = {}, {}
    for number, (was, item) in zip(numbers, state.items(), strict=True):
        twin = copy(item)
        twin.number = number
        found[number], old[number] = twin, was
    return found, old
