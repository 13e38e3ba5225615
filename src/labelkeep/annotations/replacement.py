"""PUT: a document from new objects that keeps the numbers of objects that were there before (design §1, objects).

Objects are sorted by frame (on disk when they are many) and then met with the old ones frame by frame. On one frame
at most MATCHED objects are compared; beyond, objects get new numbers, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import msgspec

from labelkeep.annotations.builder import HELD, Sorter
from labelkeep.annotations.model import KINDS, Kind, Object, Shape, Tag, Track
from labelkeep.annotations.parts import (
    Put,
    Written,
    index_of,
    record_of,
    write_index,
    write_part,
)
from labelkeep.annotations.trie import NUMBER_BITS, NUMBERS, Record, key_of, split
from labelkeep.errors import BadInput

MATCHED = 20_000
Old = Callable[[Kind], Iterable[list[Record]]]  # the objects that are there, in order
Body = tuple[int, int, bytes]  # frame, label, and the canonical JSON behind the number, of an object without one
_ELEMENTS = b'"elements":['
_TYPES: dict[Kind, Any] = {"tags": Tag, "shapes": Shape, "tracks": Track}


def body_of(item: Object) -> Body:
    """An object as it stands in a document, but for its number.

    Raises:
        BadInput: see `parts.record_of`.
    """
    give_numbers(item, 1)
    return item.frame, item.label, _body(record_of(item))


def give_numbers(item: Object, number: int) -> int:
    """Number an object and its elements from `number` on; the next free number."""
    item.number = number
    for element in getattr(item, "elements", ()):
        number += 1
        element.number = number
    return number + 1


class Replacement:
    """Collects the new objects; `finish` may be called again, against another old document."""

    def __init__(self, *, spool_dir: Path | str | None = None, held: int = HELD) -> None:
        self._sorters = {kind: Sorter(spool_dir, held) for kind in KINDS}
        self._arrived = 0

    def add(self, kind: Kind, objects: Iterable[Object]) -> None:
        """Take objects; their numbers do not matter.

        Raises:
            BadInput: see `parts.record_of`; or more objects than a job can hold.
        """
        self.take(kind, map(body_of, objects))

    def take(self, kind: Kind, bodies: Iterable[Body]) -> None:
        """Take objects that are encoded already.

        Raises:
            BadInput: more objects than a job can hold.
        """
        sorter = self._sorters[kind]
        for frame, label, body in bodies:
            self._arrived += 1
            if self._arrived >= NUMBERS:
                raise BadInput(f"a job holds at most {NUMBERS} objects")
            sorter.add(Record(key_of(frame, self._arrived), label, body))

    def finish(self, old: Old, next_number: int, put: Put) -> Written:
        """Write the document that stands in for the objects of `old`."""
        numbers = _Numbers(next_number)
        parts = []
        for kind in KINDS:
            records = _renumbered(kind, iter(self._sorters[kind]), old, numbers)
            parts += [write_part(kind, group, put) for _, group in split(records)]
        return write_index(index_of(parts, numbers.next), put)

    def close(self) -> None:
        """Free the spool."""
        for sorter in self._sorters.values():
            sorter.close()


class _Numbers:
    def __init__(self, next_number: int) -> None:
        self.next = next_number

    def number(self, kind: Kind, record: Record, frame: int) -> Record:
        """The record with numbers of its own."""
        if _ELEMENTS not in record.data:
            number, self.next = self.next, self.next + 1
            return Record(key_of(frame, number), record.label, b'{"number":%d,%b' % (number, record.data))
        item = msgspec.json.decode(b'{"number":1,%b' % record.data, type=_TYPES[kind])
        self.next = give_numbers(item, self.next)
        return record_of(item)


def _frame(record: Record) -> int:
    return record.key >> NUMBER_BITS


def _body(record: Record) -> bytes:
    """The canonical JSON behind the number, which is always the first field."""
    return record.data.split(b",", 1)[1]


def _unnumbered(kind: Kind, record: Record) -> bytes:
    """The body as it would be if the object had number 1 and its elements the next ones: equal objects, equal text."""
    if _ELEMENTS not in record.data:
        return _body(record)
    item = msgspec.json.decode(record.data, type=_TYPES[kind])
    give_numbers(item, 1)
    return _body(record_of(item))


def _renumbered(kind: Kind, records: Iterator[Record], old: Old, numbers: _Numbers) -> Iterator[Record]:
    """Records in order of (frame, number): an object equal to one that was there has its number."""
    before = _Frames(kind, old(kind))
    for frame, group in groupby(records, key=_frame):
        known = before.on(frame)
        kept: list[Record] = []
        new: list[Record] = []
        for record in islice(group, MATCHED):
            same = known.get(record.data)
            (kept if same else new).append(same.pop() if same else record)
        yield from sorted(kept)
        yield from (numbers.number(kind, record, frame) for record in new)
        yield from (numbers.number(kind, record, frame) for record in group)


class _Frames:
    """The objects of an old document, frame by frame, forwards."""

    def __init__(self, kind: Kind, parts: Iterable[list[Record]]) -> None:
        self._kind = kind
        records = (record for part in parts for record in part)
        self._groups = groupby(records, key=_frame)
        self._next = next(self._groups, None)

    def on(self, frame: int) -> dict[bytes, list[Record]]:
        """Text without number → records, the smallest number last."""
        while self._next and self._next[0] < frame:
            self._next = next(self._groups, None)
        found: dict[bytes, list[Record]] = {}
        if self._next and self._next[0] == frame:
            for record in islice(self._next[1], MATCHED):
                found.setdefault(_unnumbered(self._kind, record), []).insert(0, record)
        return found
