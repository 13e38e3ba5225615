"""Documents that are made while an archive is judged, and kept in one temporary file until it is accepted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from labelkeep.errors import Missing
from labelkeep.store import name_of


class DocumentSpool:
    """Stands in for the store in the first pass. Memory holds a name and a place for each document of about 1 MiB."""

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, prefix="documents-")  # noqa: SIM115
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0

    def __enter__(self) -> DocumentSpool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def put(self, data: bytes) -> str:
        """Keep a document; returns its name."""
        name = name_of(data)
        if name not in self._places:
            self._file.seek(self._end)
            self._file.write(data)
            self._places[name] = (self._end, len(data))
            self._end += len(data)
        return name

    def get(self, name: str) -> bytes:
        """A document that was put here."""
        if name not in self._places:
            raise Missing(f"{name} is not in the spool")
        start, size = self._places[name]
        self._file.seek(start)
        return self._file.read(size)

    def names(self) -> Iterator[str]:
        """All names, in the order in which they came."""
        return iter(list(self._places))
