"""Which objects share a part: a binary trie over (frame, number), so that an insert does not shift its neighbours.

A key is frame · 2²⁸ + number. The leaves are the widest ranges `[low, low + 2^bits)` of keys that hold at most LIMIT
bytes: halving first divides frames, and inside one overfull frame the numbers. Which leaves there are follows from the
objects alone, never from the order in which they were edited, so equal annotations are equal documents.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeVar

LIMIT = 2**20  # bytes of the objects of one part, decoded
NUMBER_BITS = 28
FRAME_BITS = 32
NUMBERS = 1 << NUMBER_BITS
ROOT_BITS = NUMBER_BITS + FRAME_BITS


def key_of(frame: int, number: int) -> int:
    """The place of an object in the order of a document."""
    return frame << NUMBER_BITS | number


class Range(NamedTuple):
    """The keys from `low` up to but not including `low + 2^bits`."""

    low: int
    bits: int

    @property
    def high(self) -> int:
        """The first key after the range."""
        return self.low + (1 << self.bits)

    def halves(self) -> tuple[Range, Range]:
        """The two ranges it consists of."""
        return Range(self.low, self.bits - 1), Range(self.low + (1 << self.bits - 1), self.bits - 1)


ROOT = Range(0, ROOT_BITS)


class Record(NamedTuple):
    """An encoded object on its way into a part."""

    key: int
    label: int
    data: bytes

    @property
    def size(self) -> int:
        """What the object adds to a part: its text and a comma."""
        return len(self.data) + 1


class Leaf(Protocol):
    """What `ranges_of` needs of a part."""

    @property
    def low(self) -> int: ...
    @property
    def size(self) -> int: ...


L = TypeVar("L", bound=Leaf)


def split(records: Iterable[Record], root: Range = ROOT) -> Iterator[tuple[Range, list[Record]]]:
    """Group sorted `records`, all inside `root`, into leaves; holds about LIMIT bytes at a time."""
    source = iter(records)
    held: list[Record] = []
    total, ended = 0, False
    ranges = [root]
    while ranges:
        while total <= LIMIT and not ended:
            record = next(source, None)
            if record is None:
                ended = True
            else:
                held.append(record)
                total += record.size
        place = ranges.pop()
        count = bisect_left(held, place.high, key=attrgetter("key"))
        inside = sum(record.size for record in held[:count]) if count < len(held) else total
        if place.bits and inside > LIMIT:
            left, right = place.halves()
            ranges += [right, left]
            continue
        if count:
            yield place, held[:count]
        del held[:count]
        total -= inside


def ranges_of(leaves: Sequence[L]) -> list[tuple[Range, list[L]]]:
    """The canonical ranges over sorted leaves that are at least as fine as canonical: several leaves in one range fit
    into one part together."""
    sums = [0, *accumulate(leaf.size for leaf in leaves)]
    found: list[tuple[Range, list[L]]] = []
    todo = [(ROOT, 0, len(leaves))]
    while todo:
        place, first, last = todo.pop()
        if first == last:
            continue
        if not place.bits or sums[last] - sums[first] <= LIMIT:
            found.append((place, list(leaves[first:last])))
            continue
        left, right = place.halves()
        middle = bisect_left(leaves, right.low, first, last, key=attrgetter("low"))
        todo += [(right, middle, last), (left, first, middle)]
    return found
