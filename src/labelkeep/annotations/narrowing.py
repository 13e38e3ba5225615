"""A smaller document of the same job: only objects of some labels, only what is seen on some frames.

Tracks are cut as at the borders of jobs (tracks.py). Where a track goes on behind a range that ends inside the job, an
`outside` shape ends it there. Of several pieces the first keeps the track's number, the others get new ones.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from labelkeep.annotations.builder import HELD, Sorter
from labelkeep.annotations.model import KINDS, Kind, Track
from labelkeep.annotations.parts import (
    Get,
    Index,
    Part,
    Put,
    Written,
    index_of,
    read_part,
    read_records,
    record_of,
    write_index,
    write_part,
)
from labelkeep.annotations.tracks import piece
from labelkeep.annotations.trie import NUMBER_BITS, Record, split

Ranges = Sequence[tuple[int, int]]  # first and last frame, both in it


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same frames in as few ranges as possible, in order."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def narrow(
    index: Index,
    get: Get,
    put: Put,
    *,
    last: int,
    labels: Collection[int] | None = None,
    frames: Ranges | None = None,
    spool_dir: Path | str | None = None,
) -> Written:
    """The document of those objects that have one of these label keys, on these frames (`merged`). None: all.

    `last` is the last frame of the job. Memory holds a part, and what sorting takes (builder.py).
    """
    narrower = _Narrower(get, last, labels, frames, index.next)
    parts: list[Part] = []
    for kind in KINDS:
        sorter = Sorter(spool_dir, HELD)
        for part in index.of(kind):
            for record in narrower.records(kind, part):
                sorter.add(record)
        parts += [write_part(kind, records, put) for _, records in split(sorter)]
        sorter.close()
    return write_index(index_of(parts, narrower.next), put)


class _Narrower:
    def __init__(
        self, get: Get, last: int, labels: Collection[int] | None, frames: Ranges | None, next_number: int
    ) -> None:
        self._get = get
        self._last = last
        self._labels = labels
        self._frames = frames
        self.next = next_number

    def records(self, kind: Kind, part: Part) -> Iterator[Record]:
        """What stays of a part."""
        if self._labels is not None and not part.labels.keys() & set(self._labels):
            return
        if kind == "tracks" and self._frames is not None:
            for track in read_part(part, self._get):
                if isinstance(track, Track) and self._has(track.label):
                    yield from map(record_of, self._pieces(track, self._frames))
            return
        for record in read_records(part, self._get):
            if self._has(record.label) and self._is_on(record.key >> NUMBER_BITS):
                yield record

    def _has(self, label: int) -> bool:
        return self._labels is None or label in self._labels

    def _is_on(self, frame: int) -> bool:
        if self._frames is None:
            return True
        at = bisect_right(self._frames, frame, key=lambda item: item[0])
        return at > 0 and frame <= self._frames[at - 1][1]

    def _pieces(self, track: Track, frames: Ranges) -> Iterator[Track]:
        is_first = True
        for first, last in frames:
            found = piece(track, first, min(last, self._last))
            if found is None or not _is_visible(found):
                continue
            ended = _ended(found, last + 1) if last < self._last else found
            yield ended if is_first else self._renumbered(ended)
            is_first = False

    def _renumbered(self, track: Track) -> Track:
        number, self.next = self.next, self.next + 1
        elements = [self._renumbered(element) for element in track.elements]
        return msgspec.structs.replace(track, number=number, elements=elements)


def _is_visible(track: Track) -> bool:
    return any(not shape.outside for part in (track, *track.elements) for shape in part.shapes)


def _ended(track: Track, frame: int) -> Track:
    """The track, not seen any more from `frame` on."""
    shapes = list(track.shapes)
    if shapes and not shapes[-1].outside:
        shapes.append(msgspec.structs.replace(shapes[-1], frame=frame, outside=True, attributes=[]))
    elements = [_ended(element, frame) for element in track.elements]
    return msgspec.structs.replace(track, shapes=shapes, elements=elements)
