"""What is handed out: bytes that can be read from any place, and the names that go with them."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from isal.isal_zlib import crc32

_PIECE = 2**18
_HEAD = 1000


def _nothing() -> None:
    """Nothing is open."""


@dataclass(frozen=True)
class Served:
    """An answer: `read` gives the bytes from a place up to but not including another, once.

    `etag`: a name of exactly these bytes, where it is known without reading them; only then parts of them fit together.
    """

    media_type: str
    size: int
    read: Callable[[int, int], Iterator[bytes]]
    etag: str = ""
    checksum: str = ""
    close: Callable[[], None] = _nothing  # for an answer that is not read after all

    @property
    def body(self) -> Iterator[bytes]:
        """All of it."""
        return self.read(0, self.size)


def of_bytes(data: bytes, media_type: str) -> Served:
    """An answer that lies in memory."""
    return Served(media_type, len(data), lambda start, stop: iter([data[start:stop]]))


def of_file(file: BinaryIO, media_type: str, etag: str = "") -> Served:
    """An answer that lies in an open file, which is closed when it has been read."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    checksum = checksum_of(file.read(_HEAD), size)
    return Served(media_type, size, functools.partial(_pieces, file), etag, checksum, file.close)


def of_stream(read: Callable[[int, int], Iterator[bytes]], size: int, media_type: str, etag: str) -> Served:
    """An answer that is put together while it is read."""
    head = b"".join(read(0, min(size, _HEAD)))
    return Served(media_type, size, read, etag, checksum_of(head, size))


def checksum_of(head: bytes, size: int) -> str:
    """`X-Checksum` of chunks: as CVAT does, over the length in digits and the first thousand bytes."""
    return str(crc32(head[:_HEAD], crc32(str(size).encode())))


def _pieces(file: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < stop and (piece := file.read(min(_PIECE, stop - start))):
            start += len(piece)
            yield piece
