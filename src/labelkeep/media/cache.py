"""A small, bounded cache on disk for what is made from media: compressed chunks and previews.

Keys are hashes of everything that the result depends on, so an entry is never wrong, only old; the least recently used
go first. Losing the whole folder costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

LIMIT = 2**30
_WRITTEN: dict[Path, int] = {}  # bytes since a folder was last measured; a new process measures at once
VERSION = 1  # of the pictures that are made; a better renderer gets a new number


def key_of(*parts: object) -> str:
    """The key of a result that depends on these."""
    return hashlib.sha256(repr((VERSION, *parts)).encode()).hexdigest()


class DiskCache:
    """Files of at most `limit` bytes together, under `folder`."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def open(self, key: str, make: Callable[[BinaryIO], None]) -> BinaryIO:
        """The entry of `key`, opened for reading; `make` writes it where there is none.

        An entry appears whole or not at all. It may be evicted while it is open: the bytes stay readable.
        """
        path = self.folder / key[:2] / key
        with suppress(FileNotFoundError):
            file = path.open("rb")
            with suppress(OSError):
                os.utime(path)
            return file
        return self._made(path, make)

    def _made(self, path: Path, make: Callable[[BinaryIO], None]) -> BinaryIO:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
        try:
            with os.fdopen(descriptor, "wb") as target:
                make(target)
            file = Path(name).open("rb")  # noqa: SIM115 - the caller closes it
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        if self._due(path):
            self._evict(path)
        return file

    def _due(self, path: Path) -> bool:
        """Whether enough was written, by this process, since the folder was last measured."""
        written = _WRITTEN.get(self.folder, self.limit) + path.stat().st_size
        due = written > self.limit // 20
        _WRITTEN[self.folder] = 0 if due else written
        return due

    def _evict(self, newest: Path) -> None:
        entries = []
        for path in self.folder.glob("*/*"):
            with suppress(FileNotFoundError):
                facts = path.stat()
                entries.append((facts.st_mtime, facts.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self.limit:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                total -= size
