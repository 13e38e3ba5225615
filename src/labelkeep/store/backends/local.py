"""Objects as files of a directory: written beside, made durable, then renamed into place.

Durable means: the file is fsynced, renamed, and the folder that names it fsynced; new folders too. Our own, and not
obstore's, because that one neither fsyncs nor keeps descriptors open (reading 20 KB out of a pack is one pread here).
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from labelkeep.errors import Conflict, Missing, StoreError, StoreFull
from labelkeep.store.backends.base import Entry, Piece, Source, check_key
from labelkeep.store.keys import new_writer

TEMPORARY = "tmp"  # the folder of files that are being written
_BUFFER = 2**20  # bytes gathered for one writev
_VECTOR = 512  # pieces of one writev; every kernel takes 1024
_OPEN_FILES = 128
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalBackend:
    """A store in a directory, which is made if need be."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).absolute()
        self._descriptors = _Descriptors(_OPEN_FILES)
        self._folders: set[Path] = set()

    def get(self, key: str) -> bytes:
        """See Reader."""
        try:
            return self._path(key).read_bytes()
        except OSError as error:
            raise _translated(error, key) from error

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """See Reader."""
        try:
            return self._descriptors.read(self._path(key), start, length)
        except OSError as error:
            raise _translated(error, key) from error

    def list(self, prefix: str = "") -> Iterator[Entry]:
        """See Reader. In order of key within each folder."""
        folder = self.root / check_key(prefix.rstrip("/")) if prefix else self.root
        for path, facts in _walk(folder, skip=self.root / TEMPORARY):
            modified = datetime.fromtimestamp(facts.st_mtime, UTC)
            yield Entry(str(path.relative_to(self.root)), facts.st_size, modified)

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """See Reader."""
        found = {}
        for key in keys:
            with suppress(FileNotFoundError, NotADirectoryError):
                found[key] = self._path(key).stat().st_size
        return found

    def put(self, key: str, pieces: Iterable[Piece], *, create: bool = False) -> int:
        """See Writer."""
        target = self._path(key)
        temporary = self.root / TEMPORARY / new_writer()
        source = Source(pieces)
        try:
            self._make_folder(temporary.parent)
            self._make_folder(target.parent)
            _write(temporary, source)
            _place(temporary, target, create=create)
        except OSError as error:
            if error is source.error:
                raise
            if isinstance(error, FileExistsError):
                raise Conflict(f"{key} is there already") from error
            if isinstance(error, FileNotFoundError):
                self._folders.clear()  # somebody has removed a folder under us
                raise StoreError(f"{key}: its folder has vanished") from error
            raise _translated(error, key) from error
        return source.size

    def delete(self, keys: Collection[str]) -> None:
        """See Pruner."""
        folders = set()
        for key in keys:
            path = self._path(key)
            self._descriptors.drop(path)
            try:
                os.unlink(path)
                folders.add(path.parent)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                raise _translated(error, key) from error
        for folder in folders:
            try:
                _sync_folder(folder)
            except OSError as error:
                raise _translated(error, folder.name) from error

    def sweep(self, before: datetime) -> int:
        """See Pruner."""
        count = 0
        for path, facts in _walk(self.root / TEMPORARY):
            if facts.st_mtime < before.timestamp():
                with suppress(FileNotFoundError):
                    os.unlink(path)
                    count += 1
        return count

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)

    def _make_folder(self, folder: Path) -> None:
        if folder in self._folders:
            return
        if not folder.is_dir():
            if folder != folder.parent:
                self._make_folder(folder.parent)
            with suppress(FileExistsError):
                os.mkdir(folder)
            _sync_folder(folder.parent)
        self._folders.add(folder)


class _Descriptors:
    """Files kept open for reading, the least recently used closed first.

    A thread that reads holds the descriptor object, so it is closed only when the last reader has let go of it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: OrderedDict[Path, _Descriptor] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, path: Path, start: int, length: int) -> bytes:
        with self._lock:
            descriptor = self._open.get(path)
            if descriptor:
                self._open.move_to_end(path)
        if descriptor is None:
            descriptor = _Descriptor(path)
            with self._lock:
                self._open[path] = descriptor
                while len(self._open) > self._limit:
                    self._open.popitem(last=False)
        return descriptor.read(start, length)

    def drop(self, path: Path) -> None:
        with self._lock:
            self._open.pop(path, None)


class _Descriptor:
    __slots__ = ("_number",)

    def __init__(self, path: Path) -> None:
        self._number = -1
        self._number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, start: int, length: int) -> bytes:
        data = os.pread(self._number, length, start)
        if len(data) == length or not data:
            return data
        rest = self.read(start + len(data), length - len(data))
        return data + rest

    def __del__(self) -> None:
        if self._number >= 0:
            os.close(self._number)


def _write(path: Path, pieces: Iterable[Piece]) -> None:
    """Write a new file and make its content durable; on any exception remove it again."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        try:
            _write_pieces(descriptor, pieces)
            _sync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise


def _write_pieces(descriptor: int, pieces: Iterable[Piece]) -> None:
    waiting: list[Piece] = []
    gathered = 0
    for piece in pieces:
        waiting.append(piece)
        gathered += len(piece)
        if gathered >= _BUFFER or len(waiting) == _VECTOR:
            _write_vector(descriptor, waiting)
            waiting, gathered = [], 0
    _write_vector(descriptor, waiting)


def _write_vector(descriptor: int, pieces: list[Piece]) -> None:
    """Write all pieces; the kernel may take fewer bytes than it is given."""
    while pieces:
        written = os.writev(descriptor, pieces)
        while pieces and written >= len(pieces[0]):
            written -= len(pieces.pop(0))
        if pieces and written:
            pieces[0] = memoryview(pieces[0])[written:]


def _place(temporary: Path, target: Path, *, create: bool) -> None:
    """Give a finished file its name, durably; where that fails nothing stays."""
    placed = False
    try:
        if create:
            os.link(temporary, target)
            placed = True
            os.unlink(temporary)
        else:
            os.rename(temporary, target)
            placed = True
        _sync_folder(target.parent)
    except BaseException:
        for path in (temporary, target) if placed else (temporary,):
            with suppress(OSError):
                os.unlink(path)
        raise


def _sync(descriptor: int) -> None:
    full = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync alone stops at the drive's cache
    if full is not None:
        fcntl.fcntl(descriptor, full)
    else:
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _walk(folder: Path, skip: Path | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            if path != skip:
                yield from _walk(path)
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield path, entry.stat(follow_symlinks=False)


def _translated(error: OSError, key: str) -> StoreError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Missing(f"{key} is not in the store")
    if error.errno in _FULL:
        return StoreFull(f"no room for {key}: {error.strerror}")
    return StoreError(f"{key}: {error.strerror or error}")
