"""What has changed between two annotation documents: objects added, removed, moved, relabelled, changed otherwise.

An object is known by its number; where numbers say nothing (`match="overlap"`, and for what is left over of the rest
under `"auto"`) by how much it covers another one on its frame (matching.py). Parts that both documents name are not
read. Everything is merged from sorted streams, and what must be sorted anew is sorted on disk, so that memory holds a
part of each side, a frame, and those tracks that have no partner by number.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from labelkeep.annotations.builder import HELD, Sorter
from labelkeep.annotations.changes import Change, changes, content, key_frames
from labelkeep.annotations.document import Edit, Get, Index, Part, read_records
from labelkeep.annotations.matching import matched
from labelkeep.annotations.model import KINDS, Kind, Object, Track
from labelkeep.annotations.parts import read_object, record_of
from labelkeep.annotations.trie import NUMBER_BITS, NUMBERS, Record

Match = Literal["auto", "number", "overlap"]
Translate = Callable[[Kind, Object], Object]
Pair = tuple[Record | None, Record | None]


@dataclass(frozen=True)
class Side:
    """One of the two documents. Only objects of labels in `shown` count, where it is given; `translate` says what the
    keys of their labels and attributes are on the other side."""

    index: Index
    get: Get
    shown: frozenset[int] | None = None
    translate: Translate | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is not what it was; `before` or `after` is None where it was not there."""

    kind: Kind
    before: Object | None
    after: Object | None
    by: Literal["number", "overlap"] = "number"  # how the two were found to be one

    @property
    def changes(self) -> list[Change]:
        """How it changed."""
        return changes(self.before, self.after)

    @property
    def frame(self) -> int:
        """The frame where it is shown first: as it is now, else as it was."""
        item = self.after or self.before
        assert item is not None
        return item.frame

    @property
    def frames(self) -> list[int]:
        """The frames on which something changed; of a track those of its key frames."""
        if isinstance(self.before, Track) and isinstance(self.after, Track):
            return key_frames(self.before, self.after) or [self.frame]
        found: set[int] = set()
        for item in (self.before, self.after):
            if isinstance(item, Track):
                found.update(shape.frame for part in (item, *item.elements) for shape in part.shapes)
            elif item is not None:
                found.add(item.frame)
        return sorted(found)


def differences(
    a: Side, b: Side, *, match: Match = "auto", spatial: bool = False, spool_dir: Path | None = None
) -> Iterator[Difference]:
    """All differences, kind by kind; with `applied` they make b of a, as long as objects keep their numbers."""
    for kind in KINDS:
        parts = _unequal(a, b, kind)
        if not any(parts):
            continue
        with ExitStack() as stack:
            left = stack.enter_context(closing(Sorter(spool_dir, HELD)))
            right = stack.enter_context(closing(Sorter(spool_dir, HELD)))
            if match == "overlap":
                _fill(left, _records(a, parts[0]))
                _fill(right, _records(b, parts[1]))
            else:
                yield from _by_number(kind, (a, b), parts, (left, right), spool_dir)
            if match == "number":
                yield from (_told(kind, pair) for pair in _joined(left, right))
            else:
                yield from _by_overlap(kind, left, right, spatial)


def applied(found: Iterable[Difference]) -> Edit:
    """The edit that differences stand for."""
    edit = Edit()
    found = list(found)
    for item in found:
        if item.before is not None:
            edit.remove(item.kind, item.before.frame, item.before.number)
    for item in found:
        if item.after is not None:
            edit.put(item.kind, item.after)
    return edit


def _unequal(a: Side, b: Side, kind: Kind) -> tuple[list[Part], list[Part]]:
    """The parts that only one side has, or of which the sides show different objects."""
    one, other = a.index.of(kind), b.index.of(kind)
    if a.translate or b.translate:
        return one, other
    theirs = {part.name for part in other}
    same = {part.name for part in one if part.name in theirs and _shown(part, a.shown) == _shown(part, b.shown)}
    return [part for part in one if part.name not in same], [part for part in other if part.name not in same]


def _shown(part: Part, shown: Container[int] | None) -> set[int]:
    return {label for label in part.labels if shown is None or label in shown}


def _records(side: Side, parts: list[Part]) -> Iterator[Record]:
    for part in parts:
        for record in read_records(part, side.get):
            if side.shown is None or record.label in side.shown:
                yield _translated(part.kind, record, side.translate)


def _translated(kind: Kind, record: Record, translate: Translate | None) -> Record:
    return record if translate is None else record_of(translate(kind, read_object(kind, record.data)))


def _by_number(
    kind: Kind,
    sides: tuple[Side, Side],
    parts: tuple[list[Part], list[Part]],
    rest: tuple[Sorter, Sorter],
    spool_dir: Path | None,
) -> Iterator[Difference]:
    """Objects that kept their numbers; those without partner go into `rest`, by frame and number.

    Most keep their frame too, so the streams are merged as they are first, and what is left over by number alone.
    """
    with closing(Sorter(spool_dir, HELD)) as left, closing(Sorter(spool_dir, HELD)) as right:
        for one, other in _joined(_records(sides[0], parts[0]), _records(sides[1], parts[1])):
            if one and other:
                if one.data != other.data:
                    yield _told(kind, (one, other))
            elif one:
                left.add(_by_its_number(one))
            elif other:
                right.add(_by_its_number(other))
        for one, other in _joined(left, right):
            if one and other:
                yield _told(kind, (one, other))
            elif one:
                rest[0].add(record_of(read_object(kind, one.data)))
            elif other:
                rest[1].add(record_of(read_object(kind, other.data)))


def _by_its_number(record: Record) -> Record:
    return Record(record.key & NUMBERS - 1, record.label, record.data)


def _joined(one: Iterable[Record], other: Iterable[Record]) -> Iterator[Pair]:
    """Two sorted streams as one: records with the same key together."""
    a, b = iter(one), iter(other)
    left, right = next(a, None), next(b, None)
    while left or right:
        if right is None or (left is not None and left.key < right.key):
            yield left, None
            left = next(a, None)
        elif left is None or right.key < left.key:
            yield None, right
            right = next(b, None)
        else:
            yield left, right
            left, right = next(a, None), next(b, None)


def _told(kind: Kind, pair: Pair) -> Difference:
    before, after = (read_object(kind, record.data) if record else None for record in pair)
    return Difference(kind, before, after)


def _fill(sorter: Sorter, records: Iterable[Record]) -> None:
    for record in records:
        sorter.add(record)


def _by_overlap(kind: Kind, left: Sorter, right: Sorter, spatial: bool) -> Iterator[Difference]:
    """Frame by frame; tracks all together, as they begin where they like."""
    for old, new in _frames(kind, left, right):
        for before, after in matched(old, new, spatial=spatial):
            if before is None or after is None:
                yield Difference(kind, before, after)
            elif content(before) != content(after):
                yield Difference(kind, before, after, "overlap")


def _frames(kind: Kind, left: Sorter, right: Sorter) -> Iterator[tuple[list[Object], list[Object]]]:
    if kind == "tracks":
        yield [read_object(kind, item.data) for item in left], [read_object(kind, item.data) for item in right]
        return
    for _, group in groupby(_joined(left, right), key=_frame):
        pairs = list(group)
        old, new = ([read_object(kind, pair[at].data) for pair in pairs if pair[at]] for at in (0, 1))  # type: ignore[union-attr]
        yield old, new


def _frame(pair: Pair) -> int:
    record = pair[0] or pair[1]
    assert record is not None
    return record.key >> NUMBER_BITS
