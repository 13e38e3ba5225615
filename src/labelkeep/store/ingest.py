"""Ingest: blobs and documents that arrive together become packs.

What is added waits a moment, so that the catalog is asked for hundreds of names at once which of them are new. New
ones go into a pack in the order in which they came; a full pack is written by a thread, while the caller goes on
reading and hashing the next. Catalog rows are recorded at the clean end, after all bytes are durable. A marker object
stands in the store while an ingest runs, so that `sweep` can tell what a killed one has left behind.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

from isal.isal_zlib import crc32 as crc32_of

from labelkeep import clock
from labelkeep.errors import Damaged, StoreError
from labelkeep.store import keys
from labelkeep.store.backends.base import Backend
from labelkeep.store.catalog import Catalog, Kind, Location
from labelkeep.store.codec import compress
from labelkeep.store.journal import Journal
from labelkeep.store.names import Namer, check_name, name_of
from labelkeep.store.packs import LONE, Member, PackWriter

_WAITING_BYTES = 8 * 2**20
_WAITING_COUNT = 500
_PIECE = 2**20
WRITERS = 2
MARKER_AGE = 3600.0  # seconds after which a running ingest renews its marker


class Stored:
    """What the ingest says of a blob. Whether it was new is looked up for many at once, so asking at once is slow."""

    __slots__ = ("_decide", "_new", "crc32", "name", "size")

    def __init__(self, name: str, size: int, crc32: int, decide: Callable[[], None]) -> None:
        self.name, self.size, self.crc32 = name, size, crc32
        self._new: bool | None = None
        self._decide = decide

    @property
    def new(self) -> bool:
        """Whether its bytes were not in the store before."""
        if self._new is None:
            self._decide()
        return bool(self._new)

    def __repr__(self) -> str:
        return f"Stored({self.name}, {self.size} bytes)"


@dataclass(slots=True)
class _Waiting:
    stored: Stored
    kind: Kind
    data: bytes


class Ingest:
    """Add blobs and documents; use as a context manager, from one thread.

    A clean exit makes everything durable and known; an exception removes everything that this ingest wrote.
    """

    def __init__(self, backend: Backend, catalog: Catalog) -> None:
        self.writer = keys.new_writer()
        self._backend = backend
        self._catalog = catalog
        self._journal = Journal()
        self._pack = PackWriter()
        self._numbers = 0
        self._waiting: list[_Waiting] = []
        self._waiting_bytes = 0
        self._written: list[str] = []  # keys, the marker not among them
        self._writers = _Writers()
        self._marked_at: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
            else:
                self._undo()
        finally:
            self._writers.close()
            self._journal.close()

    def add_bytes(self, data: bytes) -> Stored:
        """Keep a blob."""
        return self._add(name_of(data), "blob", data, crc32_of(data))

    def add_file(self, open: Callable[[], BinaryIO], size: int, *, known: tuple[str, int] | None = None) -> Stored:
        """Keep a blob of `size` bytes from a file; `open` may be called twice.

        Args:
            known: its name and CRC-32, where the caller has verified them already; the CRC is compared again.

        Raises:
            Damaged: the file is not `size` bytes long, changed between two readings, or is not what `known` says.
        """
        if size <= LONE:
            with open() as file:
                data = file.read(size + 1)
            crc32 = crc32_of(data)
            if len(data) != size or (known and known[1] != crc32):
                raise Damaged("a file changed while it was read, or is not what it was said to be")
            return self._add(check_name(known[0]) if known else name_of(data), "blob", data, crc32)
        name, crc32 = known or _survey(open, size)
        stored = Stored(check_name(name), size, crc32, self._decide)
        self._decide()  # the same bytes may wait
        stored._new = not self._known({name})
        if stored._new:
            self._put_large(self._lone(stored, "blob", size), open)
        return stored

    def _put_large(self, location: Location, open: Callable[[], BinaryIO]) -> None:
        """Write a large blob from the calling thread: its source may belong to it."""
        self._mark()
        self._written.append(location.key)
        with open() as file:
            self._backend.put(location.key, _verified(file, location))
        self._journal.add([location])

    def put_document(self, data: bytes) -> str:
        """Keep a document, compressed, beside the blobs; returns its name."""
        return self._add(name_of(data), "document", data, crc32_of(data)).name

    def seal(self) -> None:
        """Make durable what was added so far. It stays unknown to everybody else until the clean exit."""
        self._decide()
        self._close_pack()
        self._writers.wait()

    def _add(self, name: str, kind: Kind, data: bytes, crc32: int) -> Stored:
        stored = Stored(name, len(data), crc32, self._decide)
        self._waiting.append(_Waiting(stored, kind, data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes >= _WAITING_BYTES or len(self._waiting) >= _WAITING_COUNT:
            self._decide()
        return stored

    def _decide(self) -> None:
        """Ask the catalog about all that waits, and put what is new into the pack."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        known = self._known({item.stored.name for item in waiting}) if waiting else set()
        placed: list[Location] = []
        for item in waiting:
            item.stored._new = item.stored.name not in known
            if item.stored._new:
                known.add(item.stored.name)
                placed.append(self._place(item.stored, item.kind, item.data))
        self._journal.add(placed)

    def _known(self, names: set[str]) -> set[str]:
        return self._journal.holding(names) | self._catalog.rescue(names).keys()

    def _place(self, stored: Stored, kind: Kind, data: bytes) -> Location:
        body = data if kind == "blob" else compress(data)
        if len(body) > LONE:
            location = self._lone(stored, kind, len(body))
            self._submit([(location.key, iter([body]))])
            return location
        if self._pack.full:
            self._close_pack()
        member = self._pack.add(stored.name, kind, body, stored.size, stored.crc32)
        key = keys.pack(self.writer, self._numbers)
        return Location(stored.name, kind, stored.size, len(body), stored.crc32, key, member.offset)

    def _lone(self, stored: Stored, kind: Kind, stored_size: int) -> Location:
        key = keys.lone(stored.name, kind, stored.size, stored.crc32, self.writer)
        return Location(stored.name, kind, stored.size, stored_size, stored.crc32, key)

    def _close_pack(self) -> None:
        """Hand the pack to the writing threads: the zip first, then its index."""
        pack, self._pack = self._pack, PackWriter()
        if len(pack.members) > 1:
            key = keys.pack(self.writer, self._numbers)
            self._numbers += 1
            pieces, index = pack.close()
            self._submit([(key, pieces), (keys.index_of(key), iter([index]))])
        elif pack.members:
            self._unpack(*pack.only())

    def _unpack(self, member: Member, body: bytes) -> None:
        """What arrives alone is not packed."""
        key = keys.lone(member.name, member.kind, member.size, member.crc32, self.writer)
        self._journal.add([Location(member.name, member.kind, member.size, len(body), member.crc32, key)])
        self._submit([(key, iter([body]))])

    def _submit(self, objects: list[tuple[str, Iterator[bytes]]]) -> None:
        """Write objects one after the other, while the caller goes on."""
        self._mark()
        self._written += [key for key, _ in objects]

        def write() -> None:
            for key, pieces in objects:
                self._backend.put(key, pieces)

        self._writers.run(write)

    def _mark(self) -> None:
        """See that a marker stands in the store, and is not so old that sweep takes us for dead."""
        now = clock.monotonic()
        if self._marked_at is None or now - self._marked_at > MARKER_AGE:
            self._backend.put(keys.ingest(self.writer), [b"an ingest that has not finished\n"])
            self._marked_at = now

    def _see_marker(self) -> None:
        """Whoever slept through the grace of sweep has lost what it wrote."""
        if self._marked_at is not None and not self._backend.sizes([keys.ingest(self.writer)]):
            raise StoreError("the ingest took so long that it was taken for dead; begin again")

    def _finish(self) -> None:
        try:
            self.seal()
            self._see_marker()
        except BaseException:
            self._undo()
            raise
        # From here on others may refer to what we record, so a failure leaves the rest to sweep.
        lost: set[str] = set()
        kept: set[str] = set()
        for batch in self._journal.batches():
            elsewhere = self._catalog.record(batch)
            kept |= {location.key for location in batch if location.name not in elsewhere}
            lost |= {location.key for location in batch if location.name in elsewhere}
        if self._marked_at is not None:
            with suppress(StoreError):  # all is kept and known; sweep can tidy up as well
                self._remove(sorted(lost - kept))
                self._backend.delete([keys.ingest(self.writer)])

    def _remove(self, objects: list[str]) -> None:
        """Remove objects of ours of which every member was recorded elsewhere first, by somebody else."""
        if objects:
            indexes = [keys.index_of(key) for key in objects if key.startswith(keys.PACKS)]
            self._backend.delete([*indexes, *objects])

    def _undo(self) -> None:
        """Remove all that was written. What cannot be removed now is left to sweep: the marker stays until the end."""
        self._writers.close()
        with suppress(StoreError):
            self._backend.delete(list(reversed(self._written)))
            self._backend.delete([keys.ingest(self.writer)])


class _Writers:
    """Threads that write, so many things ahead of the caller; started when first used.

    Two, so that one pack is written while the one before it is being made durable.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._running: deque[Future[None]] = deque()

    def run(self, work: Callable[[], None]) -> None:
        while len(self._running) >= WRITERS:
            self._running.popleft().result()
        if self._pool is None:
            self._pool = ThreadPoolExecutor(WRITERS, "ingest")
        self._running.append(self._pool.submit(work))

    def wait(self) -> None:
        """Until all is written; raises what the first one that failed raised."""
        running, self._running = list(self._running), deque()
        wait(running)
        for future in running:
            future.result()

    def close(self) -> None:
        """Until all is written or has failed."""
        if self._pool is not None:
            self._pool.shutdown()


def _survey(open: Callable[[], BinaryIO], size: int) -> tuple[str, int]:
    namer, crc32, seen = Namer(), 0, 0
    with open() as file:
        while piece := file.read(_PIECE):
            namer.update(piece)
            crc32 = crc32_of(piece, crc32)
            seen += len(piece)
    if seen != size:
        raise Damaged(f"a file is {seen} bytes long and not {size}")
    return namer.name, crc32


def _verified(file: BinaryIO, location: Location) -> Iterator[bytes]:
    """The file's pieces; raises at the end where they are not what was surveyed, so that nothing is kept."""
    crc32, seen = 0, 0
    while piece := file.read(_PIECE):
        crc32 = crc32_of(piece, crc32)
        seen += len(piece)
        yield piece
    if (seen, crc32) != (location.size, location.crc32):
        raise Damaged("a file changed while it was read, or is not what it was said to be")
