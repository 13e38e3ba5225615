"""Objects on their way from a request to a document: kept in a temporary file, so that they can be read again.

A save that loses its compare-and-set is applied again from here, without the body of the request.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from labelkeep.annotations.model import KINDS, Kind, Object, Shape, Tag, Track
from labelkeep.annotations.replacement import Body, body_of

_IN_MEMORY = 8 * 2**20
_READERS: dict[Kind, Any] = {
    "tags": msgspec.msgpack.Decoder(list[tuple[int, Tag]]),
    "shapes": msgspec.msgpack.Decoder(list[tuple[int, Shape]]),
    "tracks": msgspec.msgpack.Decoder(list[tuple[int, Track]]),
}
_BODIES = msgspec.msgpack.Decoder(list[Body])
_ENCODER = msgspec.msgpack.Encoder()

Numbered = tuple[int, Object]  # the id or number that an object was sent with, 0 for none


class Spool:
    """One temporary file for the objects of many jobs."""

    def __init__(self, directory: Path | str | None = None) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(directory) if directory else None)  # noqa: SIM115
        self._end = 0

    def write(self, data: bytes) -> tuple[int, int]:
        """Keep bytes; where they are."""
        place = (self._end, len(data))
        self._file.seek(self._end)
        self._file.write(data)
        self._end += len(data)
        return place

    def read(self, place: tuple[int, int]) -> bytes:
        """The bytes at a place."""
        self._file.seek(place[0])
        return bytes(self._file.read(place[1]))

    def close(self) -> None:
        """Free the file."""
        self._file.close()


class _Batches:
    """Where the batches of one job lie: three numbers each, since the objects of a task may come in any order."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._places = array("Q")
        self.count = 0

    def _keep(self, kind: Kind, batch: list[Any]) -> None:
        if batch:
            self._places.extend((KINDS.index(kind), *self._spool.write(_ENCODER.encode(batch))))
            self.count += len(batch)

    def _batches(self) -> Iterator[tuple[Kind, bytes]]:
        for at in range(0, len(self._places), 3):
            kind, start, size = self._places[at : at + 3]
            yield KINDS[kind], self._spool.read((start, size))


class Incoming(_Batches):
    """The objects for one job, in the order in which they came; may be read as often as needed."""

    def add(self, kind: Kind, objects: list[Numbered]) -> None:
        """Keep a batch."""
        self._keep(kind, objects)

    def __iter__(self) -> Iterator[tuple[Kind, list[Numbered]]]:
        for kind, batch in self._batches():
            yield kind, _READERS[kind].decode(batch)


class Bodies(_Batches):
    """The same for objects that need no numbers of their own yet: kept as documents have them, so encoded only once."""

    def add(self, kind: Kind, objects: list[Numbered]) -> None:
        """Keep a batch."""
        self._keep(kind, [body_of(item) for _, item in objects])

    def __iter__(self) -> Iterator[tuple[Kind, list[Body]]]:
        for kind, batch in self._batches():
            yield kind, _BODIES.decode(batch)
