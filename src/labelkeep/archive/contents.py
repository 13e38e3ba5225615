"""The bytes of a member: bounded, and proved by size and CRC-32 when the end is reached."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO

from isal.isal_zlib import crc32 as crc

from labelkeep.archive.index import Member
from labelkeep.archive.safety import DEFLATED, STORED
from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level

CHUNK = 2**20


def _broken(member: Member, message: str, place: int) -> Refused:
    return Refused([Finding(Level.ERROR, "bad-contents", message, member.name, str(place))])


class Contents(io.RawIOBase):
    """A member read once from its beginning. Several may be read by turns from one file.

    Reading raises Refused, which names the member and the place, where the bytes cannot be unpacked, are more or fewer
    than promised, or do not match the checksum. Nobody sees the end of a member that is not what it should be.
    """

    def __init__(self, file: BinaryIO, member: Member) -> None:
        super().__init__()
        self._file = file
        self._member = member
        self._place = member.data
        self._packed_left = member.compressed
        self._unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if member.method == DEFLATED else None
        self._done = 0
        self._crc = 0
        if member.method not in (STORED, DEFLATED) or member.data < 0:
            raise _broken(member, "cannot be unpacked", 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all that is left when negative; empty at the end."""
        if size < 0:
            return self.readall()
        if size == 0 or (self._done == self._member.size and self._finished()):
            return b""
        piece = self._stored(size) if self._unpacker is None else self._unpacked(size)
        self._done += len(piece)
        self._crc = crc(piece, self._crc)
        if self._done >= self._member.size or not piece:
            self._prove()
        return piece

    def readall(self) -> bytes:
        pieces = []
        while piece := self.read(CHUNK):
            pieces.append(piece)
        return b"".join(pieces)

    def _finished(self) -> bool:
        if self._member.size == 0:
            self._prove()
        return True

    def _stored(self, size: int) -> bytes:
        return self._packed(min(size, self._packed_left))

    def _packed(self, size: int) -> bytes:
        self._file.seek(self._place)
        piece = self._file.read(size)
        self._place += len(piece)
        self._packed_left -= len(piece)
        return piece

    def _unpacked(self, size: int) -> bytes:
        unpacker = self._unpacker
        assert unpacker is not None
        most = min(size, self._member.size - self._done + 1)
        piece = b""
        try:
            while not piece and not unpacker.eof:
                packed = unpacker.unconsumed_tail or self._packed(min(CHUNK, self._packed_left))
                piece = unpacker.decompress(packed, most)
                if not packed and not piece:
                    break
        except zlib.error as error:
            raise _broken(self._member, f"cannot be unpacked: {error}", self._done) from error
        return piece

    def _prove(self) -> None:
        member, unpacker = self._member, self._unpacker
        more = unpacker is not None and not unpacker.eof and self._done == member.size and self._goes_on()
        if self._done != member.size or more:
            found = "more" if more or self._done > member.size else "fewer"
            raise _broken(member, f"has {found} bytes than the {member.size} that it should", self._done)
        if self._crc != member.crc32:
            message = f"is damaged: its CRC-32 is {self._crc:08x} and should be {member.crc32:08x}"
            raise _broken(member, message, self._done)

    def _goes_on(self) -> bool:
        unpacker = self._unpacker
        assert unpacker is not None
        try:
            while not unpacker.eof:
                packed = unpacker.unconsumed_tail or self._packed(min(CHUNK, self._packed_left))
                if unpacker.decompress(packed, 1):
                    return True
                if not packed:
                    raise _broken(self._member, "is cut off", self._done)
        except zlib.error as error:
            raise _broken(self._member, f"cannot be unpacked: {error}", self._done) from error
        return False


class Window(io.RawIOBase):
    """A stored member as a seekable file, for readers of headers and videos. Nothing is proved here."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        super().__init__()
        self._file = file
        self._member = member
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._member.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        size = max(0, min(len(buffer), self._member.size - self._at))
        self._file.seek(self._member.data + self._at)
        piece = self._file.read(size)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
