"""Edits of a document: which objects go and which stand now, as a value; applied by rewriting touched parts only.

The same value is a delta (deltas.py), so that a small edit, a row of edits and a folded document agree by construction.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator
from operator import itemgetter
from typing import TypeVar

from labelkeep.annotations.builder import last_number
from labelkeep.annotations.model import KINDS, Kind, Object
from labelkeep.annotations.parts import (
    Get,
    Index,
    Part,
    Put,
    Written,
    index_of,
    read_records,
    record_of,
    write_index,
    write_part,
)
from labelkeep.annotations.trie import ROOT, Range, Record, key_of, ranges_of, split

T = TypeVar("T", Object, Record)


class Edit:
    """For each kind: key → the object that stands there now, or None where there is none any more."""

    def __init__(self) -> None:
        self.places: dict[Kind, dict[int, Object | None]] = {kind: {} for kind in KINDS}

    def __bool__(self) -> bool:
        return any(self.places.values())

    def put(self, kind: Kind, item: Object) -> None:
        """`item` stands at its frame and number. Where it stood on another frame before, remove it there too."""
        self.places[kind][key_of(item.frame, item.number)] = item

    def remove(self, kind: Kind, frame: int, number: int) -> None:
        """Nothing stands there."""
        self.places[kind][key_of(frame, number)] = None

    def then(self, later: Edit) -> Edit:
        """Both edits as one."""
        both = Edit()
        for kind in KINDS:
            both.places[kind] = self.places[kind] | later.places[kind]
        return both

    def over(self, kind: Kind, parts: Iterable[list[Object]]) -> Iterator[list[Object]]:
        """The objects of `parts` (sorted lists) as they stand after the edit, in order."""
        added = [item for item in self.places[kind].values() if item is not None]
        return self._merged(kind, parts, added, lambda item: key_of(item.frame, item.number))

    def over_records(self, kind: Kind, parts: Iterable[list[Record]]) -> Iterator[list[Record]]:
        """The same for objects that are encoded already."""
        added = [record_of(item) for item in self.places[kind].values() if item is not None]
        return self._merged(kind, parts, added, itemgetter(0))

    def _merged(
        self, kind: Kind, parts: Iterable[list[T]], added: list[T], key: Callable[[T], int]
    ) -> Iterator[list[T]]:
        places = self.places[kind]
        if not places:
            yield from parts
            return
        added = sorted(added, key=key)
        at = 0
        for objects in parts:
            kept = [item for item in objects if key(item) not in places]
            end = key(objects[-1]) if objects else -1
            upto = bisect_right(added, end, lo=at, key=key)
            yield sorted(kept + added[at:upto], key=key)
            at = upto
        if at < len(added):
            yield added[at:]


def edit(index: Index, changes: Edit, get: Get, put: Put, *, shown: Container[int] | None = None) -> Written:
    """Apply `changes`; untouched parts are shared with the old document.

    `shown`: label keys whose objects are kept in the parts that are rewritten; others (tombstones) are dropped there.
    The result is the document that building from the final objects would give, but for hidden ones in untouched parts.
    """
    parts: list[Part] = []
    highest = index.next
    for kind in KINDS:
        places = changes.places[kind]
        highest = max([highest, *(last_number(item) + 1 for item in places.values() if item is not None)])
        old = index.of(kind)
        parts += _collapse(kind, _rewrite(kind, old, places, get, put, shown), get, put) if places else old
    return write_index(index_of(parts, highest), put)


def _rewrite(
    kind: Kind, old: list[Part], places: dict[int, Object | None], get: Get, put: Put, shown: Container[int] | None
) -> list[Part]:
    """Touched leaves split anew, each inside its range; changes outside every leaf become leaves of their own."""
    ranges = ranges_of(old)
    touched: dict[Range, list[int]] = {}
    for key in sorted(places):
        touched.setdefault(_range_for(key, ranges), []).append(key)
    parts = {place: leaf[0] for place, leaf in ranges}
    found: list[Part] = [part for place, part in parts.items() if place not in touched]
    for place, keys in touched.items():
        there = parts.get(place)
        before = read_records(there, get) if there else []
        records = {record.key: record for record in before if shown is None or record.label in shown}
        for key in keys:
            item = places[key]
            records.pop(key, None)
            if item is not None and (shown is None or item.label in shown):
                records[key] = record_of(item)
        ordered = sorted(records.values(), key=itemgetter(0))
        found += [write_part(kind, group, put) for _, group in split(ordered, place)]
    return sorted(found, key=lambda part: part.first)


def _range_for(key: int, ranges: list[tuple[Range, list[Part]]]) -> Range:
    """The range of the leaf that covers `key`, else the widest range around it without a leaf."""
    place = ROOT
    lows = [item.low for item, _ in ranges]
    while True:
        at = bisect_right(lows, key) - 1
        if at >= 0 and key < ranges[at][0].high:
            return ranges[at][0]
        following = bisect_right(lows, place.low - 1)
        if following == len(lows) or lows[following] >= place.high:
            return place
        left, right = place.halves()
        place = left if key < right.low else right


def _collapse(kind: Kind, parts: list[Part], get: Get, put: Put) -> list[Part]:
    """Parts that fit together become one, so that the document does not depend on its history."""
    result: list[Part] = []
    for _, group in ranges_of(parts):
        if len(group) == 1:
            result.append(group[0])
        else:
            result.append(write_part(kind, [record for part in group for record in read_records(part, get)], put))
    return result
