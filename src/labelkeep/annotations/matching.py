"""Which objects of two sets are the same where no number says so: equal ones, then equally placed, then alike ones.

Pairs are taken greedily, the most alike first, so that a crowded frame costs little more than its neighbours in space.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple, cast

from labelkeep.annotations.changes import content, geometry
from labelkeep.annotations.likeness import Box, box_of, likeness
from labelkeep.annotations.model import Object, Shape, Tag, Track

SAME_LABEL = 0.5  # intersection over union from which on an object is the one that was there, moved
ANY_LABEL = 0.75  # and given another label
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
        for j in reversed(self._free_new()):
            waiting.setdefault(of(self._new[j]), []).append(j)
        for i in self._free_old() if waiting else ():
            if places := waiting.get(of(self._old[i])):
                self._join(i, places.pop())

    def pair_alike(self, least: float, spatial: bool, *, same_label: bool) -> None:
        """Those that are alike by `least`, the most alike first."""
        found = [
            _Alike(value, i, j)
            for i, j in self._near(same_label)
            if (value := likeness(self._drawn(self._old[i]), self._drawn(self._new[j]), spatial=spatial)) >= least
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
        """Free ones whose boxes touch: sorted by their left edges, each meets a few."""
        boxes = sorted((box_of(self._drawn(self._new[j])), j) for j in self._free_new())
        lefts = [box[0] for box, _ in boxes]
        widest = max((box[2] - box[0] for box, _ in boxes), default=0.0)
        for i in self._free_old():
            item, box = self._old[i], box_of(self._drawn(self._old[i]))
            for other, j in reversed(boxes[: bisect_right(lefts, box[2] + 2)]):
                if other[0] < box[0] - widest - 2:
                    break
                if _touch(box, other) and (self._new[j].label == item.label or not same_label):
                    yield i, j

    def _drawn(self, item: Object) -> Shape | Track:
        return cast(Shape | Track, item)

    def _join(self, i: int, j: int) -> None:
        self._partner[i] = j
        self._taken.add(j)

    def _free_old(self) -> list[int]:
        return [i for i in range(len(self._old)) if i not in self._partner]

    def _free_new(self) -> list[int]:
        return [j for j in range(len(self._new)) if j not in self._taken]


def _touch(one: Box, other: Box) -> bool:
    return one[0] - 2 <= other[2] and other[0] - 2 <= one[2] and one[1] - 2 <= other[3] and other[1] - 2 <= one[3]
