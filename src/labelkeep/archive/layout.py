"""Plans a zip before a byte of it exists, and then streams any range of it.

Members are STORED and their sizes and checksums known, so every offset is arithmetic: the exact length is known at
once, a download can resume anywhere, no copy of the media is made, and the same entries give the same bytes always.
Entries come in pages of at most PAGE, read again when their bytes are wanted, so memory is bounded by a page.
Format: APPNOTE.TXT 6.3; Zip64 fields only where a value does not fit, as every unzip expects.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from labelkeep.errors import Damaged

PAGE = 4096  # entries a page
PIECE = 2**18  # bytes that are collected before they are handed on

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")
_MARK32, _MARK16 = 0xFFFFFFFF, 0xFFFF
_UTF8 = 0x0800
_UNIX = 3 << 8
_REGULAR_FILE = 0o100644 << 16
_FIRST_DAY, _LAST_DAY = 315532800, 4354819199  # 1980-01-01 and 2107-12-31, the years a zip can name


class Entry(NamedTuple):
    """A member to be written. `source` is the caller's: `read` gets the entry back. `mtime` 0: not known."""

    name: str
    size: int
    crc32: int
    source: Any = None
    mtime: int = 0


class PageLayout(msgspec.Struct, array_like=True, frozen=True):
    """Bytes that the entries of one page take before and in the central directory."""

    local: int
    central: int
    count: int


class Layout(msgspec.Struct, frozen=True):
    """Where everything lies. Small (three numbers a page); kept as JSON and used with the same pages again."""

    pages: list[PageLayout]
    size: int  # of the whole archive

    @property
    def directory(self) -> int:
        """Where the central directory begins."""
        return sum(page.local for page in self.pages)

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(page.count for page in self.pages)


Pages = Sequence[Callable[[], Iterable[Entry]]]
Read = Callable[[Entry, int, int], Iterator[bytes]]


def plan(pages: Pages) -> Layout:
    """The layout of an archive of the entries of all pages. Reads every page once.

    Raises:
        ValueError: a page has more than PAGE entries, or a name is longer than a zip can hold.
    """
    found: list[PageLayout] = []
    offset = 0
    for page in pages:
        begin, central, count = offset, 0, 0
        for entry in page():
            central += len(_central(entry, offset))
            offset += len(_local(entry)) + entry.size
            count += 1
        if count > PAGE:
            raise ValueError(f"a page holds {count} entries, more than {PAGE}")
        found.append(PageLayout(offset - begin, central, count))
    directory = sum(page.central for page in found)
    end = _end(sum(page.count for page in found), directory, offset)
    return Layout(found, offset + directory + len(end))


def stream(layout: Layout, pages: Pages, read: Read, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes of the archive from `start` up to but not including `stop`.

    `read(entry, start, length)` delivers a member's bytes in pieces. Only pages and members inside the range are read.

    Raises:
        Damaged: a member delivers more or fewer bytes than its entry says; what was sent so far is not a whole archive,
            and its receiver can see that by the length.
    """
    stop = layout.size if stop is None else min(stop, layout.size)
    return _gather(_clip(layout, pages, read, max(0, start), stop))


def _gather(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of a size worth sending: small ones are joined, large ones pass as they are."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        if len(piece) >= PIECE and not waiting:
            yield piece
            continue
        waiting.append(piece)
        size += len(piece)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _clip(layout: Layout, pages: Pages, read: Read, start: int, stop: int) -> Iterator[bytes]:
    offset = 0
    for page, entries in zip(layout.pages, pages, strict=True):
        if offset < stop and offset + page.local > start:
            yield from _members(entries(), read, offset, start, stop)
        offset += page.local
    place, begin = offset, 0
    for page, entries in zip(layout.pages, pages, strict=True):
        if place < stop and place + page.central > start:
            headers = b"".join(_headers(entries(), begin))
            yield headers[max(0, start - place) : stop - place]
        begin += page.local
        place += page.central
    end = _end(layout.count, place - offset, offset)
    if place < stop and place + len(end) > start:
        yield end[max(0, start - place) : stop - place]


def _members(entries: Iterable[Entry], read: Read, offset: int, start: int, stop: int) -> Iterator[bytes]:
    """Local headers and contents of a page that begins at `offset`, cut to the range."""
    for entry in entries:
        if offset >= stop:
            return
        header = _local(entry)
        data = offset + len(header)
        if data > start:
            yield header[max(0, start - offset) : stop - offset]
        offset = data + entry.size
        first, last = max(0, start - data), min(entry.size, stop - data)
        if first < last:
            yield from _whole(entry, read(entry, first, last - first), last - first)


def _whole(entry: Entry, pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    for piece in pieces:
        length -= len(piece)
        if length < 0:
            break
        yield piece
    if length:
        raise Damaged(f"{entry.name} has {'more' if length < 0 else 'fewer'} bytes than its entry says")


def _headers(entries: Iterable[Entry], offset: int) -> Iterator[bytes]:
    for entry in entries:
        yield _central(entry, offset)
        offset += len(_local(entry)) + entry.size


def _name(entry: Entry) -> bytes:
    name = entry.name.encode()
    if not 0 < len(name) <= _MARK16:
        raise ValueError(f"{len(name)} bytes are no length of a member's name")
    return name


def _local(entry: Entry) -> bytes:
    name = _name(entry)
    clock, day, extra = _time(entry.mtime)
    size, version = entry.size, 20
    if size >= _MARK32:
        extra = struct.pack("<2H2Q", 1, 16, size, size) + extra
        size, version = _MARK32, 45
    head = _LOCAL.pack(*(b"PK\x03\x04", version, _UTF8, 0, clock, day, entry.crc32, size, size, len(name), len(extra)))
    return head + name + extra


def _central(entry: Entry, offset: int) -> bytes:
    name = _name(entry)
    clock, day, extra = _time(entry.mtime)
    size, wide = entry.size, b""
    if size >= _MARK32:
        wide = struct.pack("<2Q", size, size)
        size = _MARK32
    if offset >= _MARK32:
        wide += struct.pack("<Q", offset)
        offset = _MARK32
    if wide:
        extra = struct.pack("<2H", 1, len(wide)) + wide + extra
    version = 45 if wide else 20
    head = _CENTRAL.pack(
        *(b"PK\x01\x02", _UNIX | version, version, _UTF8, 0, clock, day, entry.crc32, size, size),
        *(len(name), len(extra), 0, 0, 0, _REGULAR_FILE, offset),
    )
    return head + name + extra


def _time(mtime: int) -> tuple[int, int, bytes]:
    """Time and date in UTC as a zip writes them. Odd seconds, and years before 1980, need an extra field."""
    if mtime == 0:
        return 0, 0x21, b""
    parts = time.gmtime(min(max(mtime, _FIRST_DAY), _LAST_DAY))
    clock = parts.tm_hour << 11 | parts.tm_min << 5 | parts.tm_sec // 2
    day = (parts.tm_year - 1980) << 9 | parts.tm_mon << 5 | parts.tm_mday
    exact = mtime % 2 == 0 and _FIRST_DAY < mtime <= _LAST_DAY
    return clock, day, b"" if exact else struct.pack("<2HBL", _UNIX_TIME, 5, 1, mtime & _MARK32)


_UNIX_TIME = 0x5455


def _end(count: int, size: int, offset: int) -> bytes:
    """What closes the archive: `size` and `offset` are those of the central directory."""
    wide = b""
    if count >= _MARK16 or size >= _MARK32 or offset >= _MARK32:
        wide = _END64.pack(b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, offset)
        wide += _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    few = min(count, _MARK16)
    return wide + _END.pack(b"PK\x05\x06", 0, 0, few, few, min(size, _MARK32), min(offset, _MARK32), 0)
