"""Makes a document from objects that come in any order and any number, in bounded memory.

Encoded objects are held up to HELD bytes a kind, then sorted and written as a run to a file; in the end the runs are
merged. Small documents touch no disk.
"""

from __future__ import annotations

import heapq
import struct
import tempfile
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import IO, Self

from labelkeep.annotations.model import KINDS, Kind, Object
from labelkeep.annotations.parts import (
    LAST_FRAME,
    Part,
    Put,
    Written,
    index_of,
    record_of,
    write_index,
    write_part,
)
from labelkeep.annotations.trie import Record, split
from labelkeep.errors import BadInput

HELD = 16 * 2**20
_RUNS = 64  # merged into one beyond this, so that few files are open
_HEAD = struct.Struct("<QII")


class Builder:
    """Collects objects; `finish` writes parts, then the index. Numbers must be unique in the job.

    With `frames` (first, last) objects that begin on other frames are refused.
    """

    def __init__(
        self,
        put: Put,
        *,
        frames: tuple[int, int] | None = None,
        spool_dir: Path | str | None = None,
        next_number: int = 1,
        held: int = HELD,
    ) -> None:
        self._put = put
        self._frames = frames
        self._next = next_number
        self._sorters = {kind: Sorter(spool_dir, held) for kind in KINDS}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, kind: Kind, objects: Iterable[Object]) -> None:
        """Take objects of one kind.

        Raises:
            BadInput: an object begins on a frame that the job does not have; or see `parts.record_of`.
        """
        sorter = self._sorters[kind]
        first, last = self._frames or (0, LAST_FRAME)
        for item in objects:
            if not first <= item.frame <= last:
                raise BadInput(f"object {item.number} on frame {item.frame}: the job has frames {first} to {last}")
            sorter.add(record_of(item))
            self._next = max(self._next, last_number(item) + 1)

    def finish(self) -> Written:
        """Write what was added and free the spool; the builder is used up."""
        parts: list[Part] = []
        for kind, sorter in self._sorters.items():
            parts += [write_part(kind, records, self._put) for _, records in split(sorter)]
        self.close()
        return write_index(index_of(parts, self._next), self._put)

    def close(self) -> None:
        """Free the spool."""
        for sorter in self._sorters.values():
            sorter.close()


def last_number(item: Object) -> int:
    """The greatest number in an object and its elements."""
    elements = getattr(item, "elements", ())
    return max([item.number, *(element.number for element in elements)]) if elements else item.number


class Sorter:
    """Records in any order in, records by key out, as often as asked."""

    def __init__(self, spool_dir: Path | str | None, held: int) -> None:
        self._spool_dir = spool_dir
        self._limit = held
        self._held: list[Record] = []
        self._size = 0
        self._runs: list[IO[bytes]] = []

    def add(self, record: Record) -> None:
        self._held.append(record)
        self._size += len(record.data) + 200  # 200: what Python keeps for a record
        if self._size >= self._limit:
            self._spool(self._in_memory())
            self._held, self._size = [], 0
            if len(self._runs) > _RUNS:
                self._spool(heapq.merge(*map(_read, self._runs), key=itemgetter(0)), self._runs)

    def __iter__(self) -> Iterator[Record]:
        if not self._runs:
            return iter(self._in_memory())
        return heapq.merge(*map(_read, self._runs), self._in_memory(), key=itemgetter(0))

    def _in_memory(self) -> list[Record]:
        self._held.sort(key=itemgetter(0))
        return self._held

    def _spool(self, records: Iterable[Record], replaced: list[IO[bytes]] | None = None) -> None:
        run = tempfile.TemporaryFile(dir=self._spool_dir, prefix="run-", buffering=2**18)  # noqa: SIM115
        for record in records:
            run.write(_HEAD.pack(record.key, record.label, len(record.data)))
            run.write(record.data)
        for old in replaced or []:
            old.close()
        self._runs = [*(() if replaced else self._runs), run]

    def close(self) -> None:
        for run in self._runs:
            run.close()
        self._runs, self._held = [], []


def _read(run: IO[bytes]) -> Iterator[Record]:
    run.seek(0)
    while head := run.read(_HEAD.size):
        key, label, size = _HEAD.unpack(head)
        yield Record(key, label, run.read(size))
