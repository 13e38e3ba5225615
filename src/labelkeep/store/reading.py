"""Reading content: find it, fetch it, verify it against its name.

Content is read in the order in which it was packed, so the second member asked of one pack brings the pack's whole
index into memory: a task's hundred thousand frames cost a few hundred index reads instead of a query each. What is
remembered is bounded, and dropped as soon as it proves wrong.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import BinaryIO, cast

from labelkeep.errors import Damaged, Missing
from labelkeep.store.backends.base import Reader
from labelkeep.store.catalog import Catalog, Location
from labelkeep.store.codec import decompress
from labelkeep.store.names import Namer, check_name, name_of
from labelkeep.store.packs import LONE, siblings

PIECE = 2**20  # bytes of one read of a large blob
_REMEMBERED = 32_768  # locations


class Locator:
    """Answers where a name lies. Safe from several threads."""

    def __init__(self, backend: Reader, catalog: Catalog) -> None:
        self._backend = backend
        self._catalog = catalog
        self._packs: OrderedDict[str, dict[str, Location]] = OrderedDict()
        self._last_pack = ""
        self._lock = threading.Lock()

    def find(self, name: str) -> Location:
        """The location of `name`.

        Raises:
            Missing: the catalog does not know it.
        """
        with self._lock:
            for pack, members in reversed(self._packs.items()):
                if name in members:
                    self._packs.move_to_end(pack)
                    return members[name]
        location = self._catalog.locate([check_name(name)]).get(name)
        if location is None:
            raise Missing(f"{name} is not in the store")
        if location.packed:
            self._remember(location.key)
        return location

    def forget(self) -> None:
        """Drop all that is remembered."""
        with self._lock:
            self._packs.clear()
            self._last_pack = ""

    def _remember(self, pack: str) -> None:
        with self._lock:
            again, self._last_pack = pack == self._last_pack, pack
            if not again or pack in self._packs:
                return
        try:
            members = siblings(self._backend, pack)
        except (Missing, Damaged):
            return  # the catalog still knows; check will name the index
        with self._lock:
            self._packs[pack] = members
            while len(self._packs) > 1 and sum(map(len, self._packs.values())) > _REMEMBERED:
                self._packs.popitem(last=False)


class ContentReader:
    """Reads content by name, verified."""

    def __init__(self, backend: Reader, catalog: Catalog) -> None:
        self._backend = backend
        self.locator = Locator(backend, catalog)

    def read(self, name: str) -> bytes:
        """All of it, in memory.

        Raises:
            Missing: it is not in the store.
            Damaged: what is there does not hash to `name`.
        """
        location = self.locator.find(name)
        try:
            stored = self._fetch(location)
        except Missing:
            self.locator.forget()  # it may have moved to another pack
            location = self.locator.find(name)
            stored = self._fetch(location)
        data = decompress(stored, name) if location.kind == "document" else stored
        if len(data) != location.size or name_of(data) != name:
            raise Damaged(f"{name}: the bytes in {location.key} are not what they were")
        return data

    def stream(self, name: str, start: int, length: int | None) -> Iterator[bytes]:
        """Part of it, piece by piece.

        Content of up to LONE bytes is verified before the first piece is given. A larger one is verified while it is
        read from start to end, and its last piece is held back until then; a range of it cannot be verified.
        """
        location = self.locator.find(name)
        stop = location.size if length is None else min(location.size, start + length)
        if start >= stop:
            return
        if location.kind == "document" or location.size <= LONE:
            yield self.read(name)[start:stop]
        elif (start, stop) == (0, location.size):
            yield from self._verified(location)
        else:
            yield from self._pieces(location, start, stop)

    def open(self, name: str) -> BinaryIO:
        """A seekable file; content of up to LONE bytes is verified first."""
        location = self.locator.find(name)
        if location.kind == "document" or location.size <= LONE:
            return io.BytesIO(self.read(name))
        source = RangeFile([(location.key, location.offset, location.size)], self._backend)
        return cast(BinaryIO, io.BufferedReader(source, PIECE))

    def _fetch(self, location: Location) -> bytes:
        if location.packed:
            return self._backend.get_range(location.key, location.offset, location.stored_size)
        return self._backend.get(location.key)

    def _pieces(self, location: Location, start: int, stop: int) -> Iterator[bytes]:
        for position in range(start, stop, PIECE):
            length = min(PIECE, stop - position)
            piece = self._backend.get_range(location.key, location.offset + position, length)
            if len(piece) != length:
                raise Damaged(f"{location.name}: {location.key} ends too early")
            yield piece

    def _verified(self, location: Location) -> Iterator[bytes]:
        namer = Namer()
        held = b""
        for piece in self._pieces(location, 0, location.size):
            namer.update(piece)
            if held:
                yield held
            held = piece
        if namer.name != location.name:
            raise Damaged(f"{location.name}: the bytes in {location.key} are not what they were")
        yield held


class RangeFile(io.RawIOBase):
    """Ranges of objects, one after the other, as one seekable file."""

    def __init__(self, ranges: list[tuple[str, int, int]], backend: Reader) -> None:
        self._ranges = ranges  # (key, offset in the object, length)
        self._backend = backend
        self._size = sum(length for _, _, length in ranges)
        self._position = 0
        self._at, self._begin = 0, 0  # the range that was read last, and where it begins in this file

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; behind the end is allowed, as with any file."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("negative seek position")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        """Read at most one range's rest into `buffer`."""
        view = memoryview(cast(bytearray, buffer)).cast("B")
        if self._position >= self._size or not len(view):
            return 0
        key, offset, length = self._find()
        inside = self._position - self._begin
        data = self._backend.get_range(key, offset + inside, min(len(view), length - inside))
        if not data:
            raise Damaged(f"{key} ends too early")
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _find(self) -> tuple[str, int, int]:
        if self._position < self._begin:
            self._at, self._begin = 0, 0
        while self._position >= self._begin + self._ranges[self._at][2]:
            self._begin += self._ranges[self._at][2]
            self._at += 1
        return self._ranges[self._at]
