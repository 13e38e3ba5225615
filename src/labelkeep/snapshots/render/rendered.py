"""Members that are made in pieces: each can be made alone, so that any byte of them can be had without those before.

The lengths of all pieces are found once, by the operation that makes the archive ready, and kept with the layout. From
then on a range is served by making only the pieces that it touches. Making a piece again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec
from blake3 import blake3
from isal.isal_zlib import crc32

from labelkeep.archive.extra import Digest

Piece = Callable[[], bytes]


class Rendered(msgspec.Struct, frozen=True):
    """What is known of a member once it was made: for the zip's headers, for ranges, and to see an edited one."""

    digest: Digest
    lengths: list[int]

    @property
    def size(self) -> int:
        """Bytes of the whole member."""
        return self.digest.size


def measure(pieces: Iterable[Piece]) -> Rendered:
    """Make every piece once; holds one at a time."""
    size = crc = 0
    lengths: list[int] = []
    hasher = blake3()
    for piece in pieces:
        data = piece()
        lengths.append(len(data))
        size += len(data)
        crc = crc32(data, crc)
        hasher.update(data)
    return Rendered(Digest(size=size, crc32=crc, blake3=hasher.hexdigest()), lengths)


def cut(pieces: Iterable[Piece], lengths: list[int], start: int, length: int) -> Iterator[bytes]:
    """Bytes `start` to `start + length` of the member that the pieces make."""
    offset, stop = 0, start + length
    for piece, size in zip(pieces, lengths, strict=True):
        if offset >= stop:
            return
        if size and offset + size > start:
            yield piece()[max(0, start - offset) : stop - offset]
        offset += size
