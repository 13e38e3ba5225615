"""Access to the members of one zip: found by name, listed by prefix, read in bounded pieces."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from labelkeep.archive.contents import CHUNK, Contents, Window
from labelkeep.archive.index import Index, Member
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import STORED, Limits
from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level


class Members:
    """The files of a zip, by its index."""

    def __init__(self, file: BinaryIO, spool_dir: Path, limits: Limits, report: Report) -> None:
        """Index the zip in `file`.

        Raises:
            Refused: its end or its directory is damaged. Everything else wrong with it is in `report`.
        """
        self.limits = limits
        self._file = file
        self._spool_dir = spool_dir
        self._index = Index(spool_dir)
        try:
            self._index.fill(file, limits, report)
        except BaseException:
            self._index.close()
            raise

    def close(self) -> None:
        """Remove the index. The file stays the caller's."""
        self._index.close()

    @property
    def count(self) -> int:
        """How many entries the zip has."""
        return self._index.count

    @property
    def total(self) -> int:
        """Bytes of all members, unpacked."""
        return self._index.total

    def members(self, prefix: str = "") -> Iterator[Member]:
        """The files whose names begin with `prefix`, in the order of their bytes in the zip."""
        return self._index.members(prefix)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Their names, sorted."""
        return self._index.names(prefix)

    def folders(self) -> list[str]:
        """The top-level folders, with their final `/`."""
        return self._index.folders()

    def find(self, name: str) -> Member | None:
        """The file of this name."""
        return self._index.find(name)

    def open(self, member: Member) -> BinaryIO:
        """The contents, to be read once from the beginning; proved by size and CRC-32 when the end is reached.

        Reading raises Refused, naming member and place, where they are damaged.
        """
        return cast(BinaryIO, Contents(self._file, member))

    def open_seekable(self, member: Member) -> BinaryIO:
        """The contents as a seekable file; not proved, read `open` to its end for that. Close it."""
        if member.method == STORED:
            return cast(BinaryIO, io.BufferedReader(Window(self._file, member), 2**16))
        spooled = tempfile.TemporaryFile(dir=self._spool_dir)  # noqa: SIM115
        source = self.open(member)
        while piece := source.read(CHUNK):
            spooled.write(piece)
        spooled.seek(0)
        return cast(BinaryIO, spooled)

    def read(self, member: Member, most: int) -> bytes:
        """The whole contents of a small member.

        Raises:
            Refused: it has more than `most` bytes, or is damaged.
        """
        if member.size > most:
            message = f"has {member.size} bytes, at most {most} are possible"
            raise Refused([Finding(Level.ERROR, "too-large", message, member.name)])
        return Contents(self._file, member).readall()
