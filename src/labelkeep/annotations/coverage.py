"""Which jobs have a frame. A task may have thousands of jobs, so they are found without looking at each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

Stretch = tuple[int, int, tuple[int, ...]]  # first frame, the one after the last, positions of the jobs there


class Coverage:
    """The frames of jobs, each from its first to its last, both included. Jobs are known by their position."""

    def __init__(self, jobs: Sequence[tuple[int, int]]) -> None:
        self._stretches = list(_stretches(jobs))
        self._starts = [start for start, _, _ in self._stretches]

    def __iter__(self) -> Iterator[Stretch]:
        """The frames divided where jobs begin and end; frames of no job are left out."""
        return iter(self._stretches)

    def at(self, frame: int) -> tuple[int, ...]:
        """The jobs that have the frame."""
        found = bisect_right(self._starts, frame) - 1
        return self._stretches[found][2] if found >= 0 and frame < self._stretches[found][1] else ()

    def within(self, first: int, last: int | None) -> list[int]:
        """The jobs that have a frame from `first` to `last`, both included; without `last` to the end."""
        found: set[int] = set()
        for at in range(max(0, bisect_right(self._starts, first) - 1), len(self._stretches)):
            start, stop, present = self._stretches[at]
            if last is not None and start > last:
                break
            if stop > first:
                found.update(present)
        return sorted(found)


def _stretches(jobs: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
    changes = [(start, position, True) for position, (start, _) in enumerate(jobs)]
    changes += [(stop + 1, position, False) for position, (_, stop) in enumerate(jobs)]
    present: set[int] = set()
    before = 0
    for frame, group in groupby(sorted(changes), key=itemgetter(0)):
        if present:
            yield before, frame, tuple(sorted(present))
        for _, position, begins in group:
            present.add(position) if begins else present.discard(position)
        before = frame
