"""Reads a zip's central directory as a stream of records, Zip64 included (APPNOTE.TXT 6.3, sections 4.3 and 4.4).

The standard library's reader keeps an object for every member and trusts what it reads; this one keeps nothing, and
says where something is wrong.
"""

from __future__ import annotations

import calendar
import io
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 0xFFFF
_MARK32, _MARK16 = 0xFFFFFFFF, 0xFFFF
_ZIP64, _UNIX_TIME = 0x0001, 0x5455
ZIP = "(zip)"  # stands for the archive itself where a finding is about no member
UTF8 = 0x0800
DESCRIPTOR = 0x0008
_READ = 2**20


class Directory(NamedTuple):
    """Where the central directory lies and how many entries it claims."""

    offset: int
    size: int
    entries: int


class Record(NamedTuple):
    """One entry of the central directory. `place` is its byte offset in the file."""

    place: int
    raw_name: bytes
    system: int
    flags: int
    method: int
    crc32: int
    packed: int
    size: int
    attributes: int
    offset: int
    mtime: int

    def name(self) -> str:
        """The name as text: UTF-8 where it says so or can be read so, else code page 437, as old tools wrote.

        Raises:
            UnicodeDecodeError: it says UTF-8 and is not.
        """
        try:
            return self.raw_name.decode("utf-8")
        except UnicodeDecodeError:
            if self.flags & UTF8:
                raise
            return self.raw_name.decode("cp437")


class Local(NamedTuple):
    """A local header: what stands before a member's data, and where the data begin."""

    raw_name: bytes
    flags: int
    method: int
    crc32: int
    packed: int
    size: int
    data: int


def _refuse(code: str, message: str, place: int) -> Refused:
    return Refused([Finding(Level.ERROR, code, f"{message} (byte {place})", ZIP, str(place))])


def size_of(file: BinaryIO) -> int:
    """The size of a seekable file."""
    return file.seek(0, io.SEEK_END)


def find(file: BinaryIO) -> Directory:
    """Find the central directory.

    Raises:
        Refused: this is not a zip, or it is cut off, spans disks, or its end does not fit together.
    """
    size = size_of(file)
    start = max(0, size - _END.size - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0 and at + _END.size > len(tail):
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        begins = "it begins like one: cut off, or encrypted as a whole" if _begins_like_a_zip(file) else "not a zip"
        raise _refuse("not-a-zip", f"the file has no end of a zip archive ({begins})", size)
    _, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(tail, at)
    place = start + at
    if place + _END.size + comment != size:
        raise _refuse("bad-end", "the archive's comment does not end where the file ends", place)
    if _MARK16 in (disk, here, count) or _MARK32 in (length, offset) or _has_locator(file, place):
        return _find64(file, place, Directory(offset, length, count))
    if disk or first_disk or here != count:
        raise _refuse("many-disks", "the archive is in parts", place)
    return _checked(Directory(offset, length, count), place)


def _begins_like_a_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) == b"PK\x03\x04"


def _has_locator(file: BinaryIO, end: int) -> bool:
    if end < _LOCATOR.size:
        return False
    file.seek(end - _LOCATOR.size)
    return file.read(4) == b"PK\x06\x07"


def _find64(file: BinaryIO, end: int, plain: Directory) -> Directory:
    if not _has_locator(file, end):  # exactly 65,535 members and no Zip64 is legal
        return _checked(plain, end)
    file.seek(end - _LOCATOR.size)
    _, _, place, disks = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if place + _END64.size > end:
        raise _refuse("bad-end", "the Zip64 end is said to lie beyond the end of the archive", end - _LOCATOR.size)
    file.seek(place)
    mark, _, _, _, disk, first, here, count, length, offset = _END64.unpack(file.read(_END64.size))
    if mark != b"PK\x06\x06":
        raise _refuse("bad-end", "there is no Zip64 end where it is said to be", place)
    if disks > 1 or disk or first or here != count:
        raise _refuse("many-disks", "the archive is in parts", place)
    for small, large, limit in zip(plain, (offset, length, count), (_MARK32, _MARK32, _MARK16), strict=True):
        if small not in (large, limit):
            raise _refuse("bad-end", "the two ends of the archive contradict each other", place)
    return _checked(Directory(offset, length, count), place)


def _checked(directory: Directory, end: int) -> Directory:
    if directory.offset + directory.size != end:
        message = "the central directory does not end where the end of the archive begins"
        raise _refuse("bad-directory", message, directory.offset)
    return directory


def records(file: BinaryIO, directory: Directory) -> Iterator[Record]:
    """The entries of the central directory, in its order.

    Raises:
        Refused: an entry is damaged, or there are more or fewer than the end of the archive says.
    """
    window = _Window(file, directory.offset, directory.size)
    count = 0
    while window.left:
        count += 1
        if count > directory.entries:
            break
        yield _record(window)
    if count != directory.entries or window.left:
        message = f"the central directory does not hold the {directory.entries} entries that it should"
        raise _refuse("bad-directory", message, window.place)


class _Window:
    """The bytes of the directory, some at a time."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file = file
        self.place = offset
        self.left = size
        self._data = b""
        self._at = 0

    def take(self, size: int) -> bytes:
        if size > self.left:
            raise _refuse("bad-directory", "an entry of the central directory is cut off", self.place)
        if len(self._data) - self._at < size:
            self._file.seek(self.place)
            self._data, self._at = self._file.read(min(self.left, max(size, _READ))), 0
            if len(self._data) < size:
                raise _refuse("bad-directory", "the file ends inside the central directory", self.place)
        found = self._data[self._at : self._at + size]
        self._at += size
        self.place += size
        self.left -= size
        return found


def _record(window: _Window) -> Record:
    place = window.place
    values = _CENTRAL.unpack(window.take(_CENTRAL.size))
    if values[0] != b"PK\x01\x02":
        raise _refuse("bad-directory", "an entry of the central directory does not begin like one", place)
    _, _, system, _, _, flags, method, clock, day, crc, packed, size, names, extras, comments, *rest = values
    disk, _, attributes, offset = rest
    raw_name = window.take(names)
    extra = window.take(extras)
    window.take(comments)
    size, packed, offset, disk = _wide(extra, (size, packed, offset, disk), place)
    if disk:
        raise _refuse("many-disks", "a member lies in another part of the archive", place)
    mtime = _mtime(extra, day, clock)
    return Record(place, raw_name, system, flags, method, crc, packed, size, attributes, offset, mtime)


def _wide(extra: bytes, values: tuple[int, int, int, int], place: int) -> tuple[int, int, int, int]:
    """Sizes and offset with what the Zip64 extra field says instead of those that did not fit."""
    limits = (_MARK32, _MARK32, _MARK32, _MARK16)
    if not any(value == limit for value, limit in zip(values, limits, strict=True)):
        return values
    field, at, found = _extra(extra, _ZIP64), 0, []
    for value, limit in zip(values, limits, strict=True):
        width = 4 if limit == _MARK16 else 8
        if value == limit and at + width <= len(field):
            value = int.from_bytes(field[at : at + width], "little")
            at += width
        elif value == limit and field:
            raise _refuse("bad-directory", "the Zip64 sizes of an entry are cut off", place)
        found.append(value)
    return found[0], found[1], found[2], found[3]


def _extra(extra: bytes, wanted: int) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _mtime(extra: bytes, day: int, clock: int) -> int:
    """Seconds since 1970; 0 where none is known. The time of a zip has no zone: it is taken as UTC."""
    stamp = _extra(extra, _UNIX_TIME)
    if len(stamp) >= 5 and stamp[0] & 1:
        return int.from_bytes(stamp[1:5], "little")
    if day <= 0x21 and clock == 0:  # 1980-01-01 00:00, which stands for "not known"
        return 0
    year, month, date = 1980 + (day >> 9), (day >> 5) & 15, day & 31
    if not 1 <= month <= 12 or not 1 <= date <= 31:
        return 0
    return calendar.timegm((year, month, date, clock >> 11, (clock >> 5) & 63, (clock & 31) * 2))


def local(file: BinaryIO, offset: int) -> Local | None:
    """The local header at `offset`; None where there is none or it is cut off."""
    file.seek(offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        return None
    _, _, flags, method, _, _, crc, packed, size, names, extras = _LOCAL.unpack(head)
    rest = file.read(names + extras)
    if len(rest) < names + extras:
        return None
    try:
        size, packed, _, _ = _wide(rest[names:], (size, packed, 0, 0), offset)
    except Refused:
        return None
    return Local(rest[:names], flags, method, crc, packed, size, offset + _LOCAL.size + names + extras)
