"""Chance that a seed repeats, here and in CVAT, which draws with NumPy. NumPy is loaded only to draw."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from typing import TYPE_CHECKING

from labelkeep.errors import BadInput

if TYPE_CHECKING:
    from numpy.random import Generator


def generator(seed: int | None) -> Generator:
    """CVAT's generator: named by its algorithm, so that a seed means the same in every version of NumPy.

    Raises:
        BadInput: a negative seed.
    """
    from numpy.random import MT19937, Generator

    if seed is not None and seed < 0:
        raise BadInput({"random_seed": ["Ensure this value is greater than or equal to 0."]})
    return Generator(MT19937(seed))


class LeastUsed:
    """Deals frames so that each is used as often as any other, none twice in one deal, in an order of chance.

    `uses`: how often each frame is used already. Those used equally often are shuffled, in CVAT's order of drawing.
    """

    def __init__(self, uses: Mapping[int, int], chance: Generator) -> None:
        equals: dict[int, list[int]] = {}
        for frame, count in uses.items():
            equals.setdefault(count, []).append(frame)
        self._heap: list[tuple[int, int, int]] = []  # uses, turn, frame
        self._turn = 0
        for count in sorted(equals):
            chance.shuffle(equals[count])
            for frame in equals[count]:
                self._put(count, frame)

    def _put(self, count: int, frame: int) -> None:
        heapq.heappush(self._heap, (count, self._turn, frame))
        self._turn += 1

    def deal(self, count: int) -> list[int]:
        """The next `count` frames; fewer where there are no more."""
        dealt = [heapq.heappop(self._heap) for _ in range(min(count, len(self._heap)))]
        for uses, _, frame in dealt:
            self._put(uses + 1, frame)
        return [frame for _, _, frame in dealt]
