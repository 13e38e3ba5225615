"""An index of a zip's members in a temporary SQLite file, so that a million of them cost no memory.

While it is filled, each entry is judged (safety.py) and compared with its local header: the two must say the same, and
no two members may share bytes, or different readers would see different archives.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from labelkeep.archive import directory, safety
from labelkeep.archive.directory import Record
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import Limits
from labelkeep.findings import Level

_BATCH = 4096
_SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE member (
        name TEXT NOT NULL, folded TEXT NOT NULL, size INTEGER, crc32 INTEGER, packed INTEGER,
        method INTEGER, flags INTEGER, mtime INTEGER, start INTEGER, data INTEGER, place INTEGER
    );
"""
_SELECT = "SELECT name, size, crc32, packed, method, mtime, data FROM member "
Row = tuple[str, str, int, int, int, int, int, int, int, int, int]


class Member(NamedTuple):
    """A file in the archive. `data` is where its bytes begin; `compressed` how many they are."""

    name: str
    size: int
    crc32: int
    compressed: int
    method: int
    mtime: int
    data: int


class Index:
    """The members of one archive. Close it to remove its file."""

    def __init__(self, spool_dir: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="archive-", dir=spool_dir)
        self._database = sqlite3.connect(Path(self._folder.name) / "members", check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self.count = 0
        self.total = 0

    def close(self) -> None:
        """Remove the index."""
        self._database.close()
        self._folder.cleanup()

    def fill(self, file: BinaryIO, limits: Limits, report: Report) -> None:
        """Read the central directory of `file`, judge every entry, keep the good ones.

        Raises:
            Refused: the end or the directory of the zip is damaged, so nothing can be read.
        """
        found = directory.find(file)
        self._add(self._judged(file, directory.records(file, found), limits, report))
        self._database.executescript(
            "CREATE INDEX by_name ON member (name); CREATE INDEX by_start ON member (start);"
            "CREATE INDEX by_folded ON member (folded);"
        )
        self._judge_names(report)
        self._judge_places(file, found.offset, limits, report)
        if not self.count:
            report.error("empty", "the archive has no members", directory.ZIP, str(found.offset))

    def _add(self, rows: Iterable[Row]) -> None:
        batch: list[Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == _BATCH:
                self._insert(batch)
        self._insert(batch)
        self._database.commit()

    def _insert(self, batch: list[Row]) -> None:
        self._database.executemany("INSERT INTO member VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", batch)
        batch.clear()

    def _judged(self, file: BinaryIO, records: Iterator[Record], limits: Limits, report: Report) -> Iterator[Row]:
        for record in records:
            self.count += 1
            self.total += record.size
            if self.count > limits.members:
                report.error(
                    "too-many-members", f"has more than {limits.members} members", directory.ZIP, str(record.place)
                )
                return
            name = _name(record, limits, report)
            if name is not None and (row := _row(name, record, report)) is not None:
                yield row
        if self.total > limits.total:
            report.error(
                "too-large", f"unpacks to {self.total} bytes, at most {limits.total} are possible", directory.ZIP
            )
        elif self.total > limits.small * 64 and self.total > limits.ratio * directory.size_of(file):
            report.error(
                "ratio", f"unpacks to {self.total} bytes, more than {limits.ratio} times its size", directory.ZIP
            )

    def _judge_names(self, report: Report) -> None:
        twice = "SELECT name, count(*) FROM member GROUP BY name HAVING count(*) > 1"
        for name, count in self._database.execute(twice):
            report.error("duplicate-name", f"is in the archive {count} times", name)
        clashes = "SELECT min(name), max(name) FROM member GROUP BY folded HAVING min(name) != max(name)"
        for one, other in self._database.execute(clashes):
            message = f"differs from {other!r} in upper and lower case only; some systems cannot keep both"
            report.add(Level.WARNING, "case-clash", message, one)

    def _judge_places(self, file: BinaryIO, end: int, limits: Limits, report: Report) -> None:
        """Compare each member with its local header, in the order of the file, and note where its data begin."""
        cursor = self._database.execute(
            "SELECT rowid, name, start, packed, size, crc32, method, flags, place FROM member ORDER BY start, place"
        )
        before, reached, places = "", 0, []
        for rowid, name, start, packed, size, crc32, method, flags, place in cursor:
            if start < reached:
                report.error("overlap", f"shares bytes with {before!r}", name, str(start))
            data = _judge_local(file, name, (start, packed, size, crc32, method, flags), place, report)
            if data is None:
                continue
            if data + packed > end:
                report.error("outside", "reaches into the central directory", name, str(start))
            before, reached = name, max(reached, data + packed)
            places.append((data, rowid))
            if len(places) == _BATCH * 16:
                self._database.executemany("UPDATE member SET data = ? WHERE rowid = ?", places)
                places.clear()
        self._database.executemany("UPDATE member SET data = ? WHERE rowid = ?", places)
        self._database.commit()

    def find(self, name: str) -> Member | None:
        """The member of this name."""
        row = self._database.execute(_SELECT + "WHERE name = ?", (name,)).fetchone()
        return Member(*row) if row else None

    def members(self, prefix: str = "") -> Iterator[Member]:
        """The members whose names begin with `prefix`, in the order in which their bytes lie in the file."""
        values = (prefix, _after(prefix))
        for row in self._database.execute(_SELECT + "WHERE name >= ? AND name < ? ORDER BY start", values):
            yield Member(*row)

    def names(self, prefix: str = "") -> Iterator[str]:
        """The names that begin with `prefix`, in order of their UTF-8 bytes."""
        query = "SELECT name FROM member WHERE name >= ? AND name < ? ORDER BY name"
        for (name,) in self._database.execute(query, (prefix, _after(prefix))):
            yield name

    def folders(self) -> list[str]:
        """The top-level folders, with their final `/`."""
        rows = self._database.execute(
            "SELECT DISTINCT substr(name, 1, instr(name, '/')) FROM member WHERE instr(name, '/') > 0 ORDER BY 1"
        )
        return [name for (name,) in rows]


def _after(prefix: str) -> str:
    """The first text after all that begin with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else "\U0010ffff"


def _name(record: Record, limits: Limits, report: Report) -> str | None:
    """The member's name, when it may be used at all; None for a bad one or a folder."""
    place = str(record.place)
    try:
        name = record.name()
    except UnicodeDecodeError:
        name = record.raw_name.decode("utf-8", "backslashreplace")
        report.error("name-encoding", "the name is said to be UTF-8 and is not", name, place)
        return None
    bad = False
    for code, message in (*safety.problems_of_name(name, limits), *safety.problems_of_record(record, limits)):
        report.error(code, message, name or "(no name)", place)
        bad = bad or code.startswith("name-")
    if name.endswith("/") and not bad and record.size:
        report.error("folder-with-contents", "is a folder and has contents", name, place)
    return None if bad or name.endswith("/") else name


def _row(name: str, record: Record, report: Report) -> Row | None:
    if max(record.size, record.packed, record.offset) >= 2**63:
        report.error("bad-size", "has a size or place that no file can have", name, str(record.place))
        return None
    return (
        *(name, name.casefold(), record.size, record.crc32, record.packed, record.method, record.flags, record.mtime),
        *(record.offset, -1, record.place),
    )


def _judge_local(file: BinaryIO, name: str, central: tuple[int, ...], place: int, report: Report) -> int | None:
    """Where the member's data begin; None, with an error, where its local header is missing or says otherwise."""
    start, packed, size, crc32, method, flags = central
    found = directory.local(file, start)
    if found is None:
        report.error("no-local-header", f"there is no member at byte {start}, where it should begin", name, str(place))
        return None
    sizes = (found.size, found.packed, found.crc32)
    if found.flags & directory.DESCRIPTOR and sizes != (size, packed, crc32):
        sizes = (size, packed, crc32)  # they follow the data; the directory alone counts
    try:
        local_name = Record(0, found.raw_name, 0, found.flags, 0, 0, 0, 0, 0, 0, 0).name()
    except UnicodeDecodeError:
        local_name = found.raw_name.decode("utf-8", "backslashreplace")
    encrypted = bool(found.flags & 1) != bool(flags & 1)
    if local_name != name or found.method != method or sizes != (size, packed, crc32) or encrypted:
        what = f"is called {local_name!r}" if local_name != name else "has other sizes, checksum or compression"
        report.error("headers-differ", f"{what} where its bytes begin than in the directory", name, str(start))
    return found.data
