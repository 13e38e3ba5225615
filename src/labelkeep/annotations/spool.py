"""Objects on their way from a request to a document: kept in a temporary file, so that they can be read again.

A save that loses its compare-and-set is applied again from here, without the body of the request.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from labelkeep.annotations.model import Kind, Object, Shape, Tag, Track

_IN_MEMORY = 8 * 2**20
_READERS: dict[Kind, Any] = {
    "tags": msgspec.msgpack.Decoder(list[tuple[int, Tag]]),
    "shapes": msgspec.msgpack.Decoder(list[tuple[int, Shape]]),
    "tracks": msgspec.msgpack.Decoder(list[tuple[int, Track]]),
}
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


class Incoming:
    """The objects for one job, in the order in which they came; may be read as often as needed."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._places: list[tuple[Kind, tuple[int, int]]] = []
        self.count = 0

    def add(self, kind: Kind, objects: list[Numbered]) -> None:
        """Keep a batch."""
        if objects:
            self._places.append((kind, self._spool.write(_ENCODER.encode(objects))))
            self.count += len(objects)

    def __iter__(self) -> Iterator[tuple[Kind, list[Numbered]]]:
        for kind, place in self._places:
            yield kind, _READERS[kind].decode(self._spool.read(place))

    def kinds(self) -> set[Kind]:
        """The kinds of objects that came."""
        return {kind for kind, _ in self._places}
