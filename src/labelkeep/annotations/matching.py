"""Which objects of two sets are the same where no number says so: equal ones, then equally placed, then alike ones.

Pairs are taken greedily, the most alike first, so that a crowded frame costs little more than its neighbours in space.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from math import floor
from typing import NamedTuple, cast

from labelkeep.annotations.changes import content, geometry
from labelkeep.annotations.likeness import Box, box_of, likeness
from labelkeep.annotations.model import Object, Shape, Tag, Track

SAME_LABEL = 0.5  # intersection over union from which on an object is the one that was there, moved
ANY_LABEL = 0.75  # and given another label
_SMALLEST = 8.0  # pixels of a cell's side
_MANY = 64  # cells
Pairs = list[tuple[Object | None, Object | None]]  # None: it has no partner


def matched(old: Sequence[Object], new: Sequence[Object], *, spatial: bool = False) -> Pairs:
    """Objects of one kind, and for all but tracks of one frame, with their partners; all are in the result once."""
    both = _Sets(old, new)
    both.pair(content)
    both.pair(lambda item: (item.label, _placed(item)))
    if any(not isinstance(item, Tag) for item in (*old, *new)):
        both.pair(_placed)
        both.pair_alike(SAME_LABEL, spatial, same_label=True)
        both.pair_alike(ANY_LABEL, spatial, same_label=False)
    return both.pairs()


def _placed(item: Object) -> Hashable:
    return geometry(item)


class _Alike(NamedTuple):
    value: float
    old: int
    new: int


class _Sets:
    def __init__(self, old: Sequence[Object], new: Sequence[Object]) -> None:
        self._old, self._new = old, new
        self._partner: dict[int, int] = {}  # position in old → position in new
        self._taken: set[int] = set()

    def pair(self, of: Callable[[Object], Hashable]) -> None:
        """Those of which `of` says the same, in order."""
        waiting: dict[Hashable, list[int]] = {}
        old = self._free_old()
        for j in reversed(self._free_new()) if old else ():
            waiting.setdefault(of(self._new[j]), []).append(j)
        for i in old if waiting else ():
            if places := waiting.get(of(self._old[i])):
                self._join(i, places.pop())

    def pair_alike(self, least: float, spatial: bool, *, same_label: bool) -> None:
        """Those that are alike by `least`, the most alike first."""
        found = [
            _Alike(value, i, j)
            for i, j in self._near(same_label)
            if (value := likeness(_drawn(self._old[i]), _drawn(self._new[j]), spatial=spatial)) >= least
        ]
        for _, i, j in sorted(found, key=lambda pair: (-pair.value, pair.old, pair.new)):
            if i not in self._partner and j not in self._taken:
                self._join(i, j)

    def pairs(self) -> Pairs:
        """All, with their partners."""
        old: Pairs = [
            (item, self._new[self._partner[i]] if i in self._partner else None) for i, item in enumerate(self._old)
        ]
        return old + [(None, self._new[j]) for j in self._free_new()]

    def _near(self, same_label: bool) -> Iterator[tuple[int, int]]:
        """Free ones whose boxes touch."""
        free = self._free_new()
        grid = _Grid([self._new_boxes[j] for j in free])
        for i in self._free_old() if free else ():
            for at in grid.touching(self._old_boxes[i]):
                if not same_label or self._new[free[at]].label == self._old[i].label:
                    yield i, free[at]

    @cached_property
    def _old_boxes(self) -> list[Box]:
        return [box_of(_drawn(item)) for item in self._old]

    @cached_property
    def _new_boxes(self) -> list[Box]:
        return [box_of(_drawn(item)) for item in self._new]

    def _join(self, i: int, j: int) -> None:
        self._partner[i] = j
        self._taken.add(j)

    def _free_old(self) -> list[int]:
        return [i for i in range(len(self._old)) if i not in self._partner]

    def _free_new(self) -> list[int]:
        return [j for j in range(len(self._new)) if j not in self._taken]


class _Grid:
    """Boxes by the cells of a grid that they lie in, so that a box meets its neighbours alone. Cells are as large as
    boxes usually are; a box over very many cells meets all others."""

    def __init__(self, boxes: Sequence[Box]) -> None:
        self._boxes = boxes
        sides = sorted(max(box[2] - box[0], box[3] - box[1]) for box in boxes)
        self._cell = max(_SMALLEST, 2 * sides[len(sides) // 2]) if sides else _SMALLEST
        self._cells: dict[tuple[int, int], list[int]] = {}
        self._wide: list[int] = []
        for at, box in enumerate(boxes):
            cells = self._covered(box)
            if cells is None:
                self._wide.append(at)
            for cell in cells or ():
                self._cells.setdefault(cell, []).append(at)

    def touching(self, box: Box) -> list[int]:
        """Positions of the boxes that touch `box`, or nearly."""
        cells = self._covered(box)
        if cells is None:
            found: Iterable[int] = range(len(self._boxes))
        else:
            found = sorted({*self._wide, *(at for cell in cells for at in self._cells.get(cell, ()))})
        return [at for at in found if _touch(box, self._boxes[at])]

    def _covered(self, box: Box) -> list[tuple[int, int]] | None:
        """The cells that a box lies in; None: too many."""
        left, top, right, bottom = (floor(value / self._cell) for value in _grown(box))
        if (right - left + 1) * (bottom - top + 1) > _MANY:
            return None
        return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _drawn(item: Object) -> Shape | Track:
    return cast(Shape | Track, item)


def _grown(box: Box) -> Box:
    return box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2


def _touch(one: Box, other: Box) -> bool:
    return one[0] - 2 <= other[2] and other[0] - 2 <= one[2] and one[1] - 2 <= other[3] and other[1] - 2 <= one[3]
