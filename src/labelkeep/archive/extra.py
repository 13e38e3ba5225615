"""`labelkeep.json`: the one member of our archives that CVAT ignores, and that carries what CVAT's layout cannot.

Stages, states, people by name, issues, dates, keys and numbers come back from here. Its manifests are opaque to this
room; snapshots writes and reads them. It holds no secret, and nothing that it says grants access to anything: media
and annotations always come from the other members. Where a CVAT member was edited by hand, that member wins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from blake3 import blake3

from labelkeep.annotations.model import Kind
from labelkeep.archive.facts import Arrival, Facts, Numbering, Recall
from labelkeep.archive.reports import Report
from labelkeep.findings import Level

NAME = "labelkeep.json"
FORMAT = 1


class Digest(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What a CVAT member was when it was written. Empty hashes are not compared."""

    size: int
    crc32: int
    blake3: str = ""
    sha256: str = ""

    @classmethod
    def of(cls, data: bytes, crc32: int) -> Digest:
        """The digest of a whole member."""
        return cls(size=len(data), crc32=crc32, blake3=blake3(data).hexdigest())


class JobFacts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """By kind: numbers of objects in the order of annotations.json, and of those whose group is null (runs.py)."""

    numbers: dict[str, str] = {}
    ungrouped: dict[str, str] = {}

    def note(self, kind: str, facts: Facts) -> None:
        """Keep what rendering one list collected."""
        if text := facts.numbers:
            self.numbers[kind] = text
        if text := facts.ungrouped:
            self.ungrouped[kind] = text

    def recall(self, kind: str, used: bytearray) -> Recall:
        """Numbers for reading that list again; `used` is shared by the lists of the job."""
        return Recall(self.numbers.get(kind, ""), self.ungrouped.get(kind, ""), used)


class TaskFacts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A task: the folder it has in the archive, its manifest, and its jobs in the order of task.json."""

    prefix: str
    manifest: dict[str, Any] = {}
    jobs: list[JobFacts] = []


class Extra(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The whole member. `root` describes the backup, `project` is the project's manifest."""

    format: int
    root: dict[str, Any] = {}
    project: dict[str, Any] = {}
    tasks: list[TaskFacts] = []
    members: dict[str, Digest] = {}

    def task(self, prefix: str) -> TaskFacts | None:
        """The facts of the task in this folder."""
        return next((task for task in self.tasks if task.prefix == prefix), None)


class _Stamp(msgspec.Struct):
    format: int


def write(
    *,
    root: dict[str, Any] | None = None,
    project: dict[str, Any] | None = None,
    tasks: Iterable[TaskFacts] = (),
    members: dict[str, Digest] | None = None,
) -> bytes:
    """The member's bytes; the same for the same facts."""
    extra = Extra(
        format=FORMAT,
        root=root or {},
        project=project or {},
        tasks=list(tasks),
        members=dict(sorted((members or {}).items())),
    )
    return msgspec.json.encode(extra)


def read(data: bytes, report: Report) -> Extra | None:
    """The facts; None, with a finding, where they cannot be used.

    One that is damaged is passed over with a warning: everything that CVAT knows can still be restored. One of a newer
    format is an error, because what it adds would silently be lost.
    """
    try:
        stamp = msgspec.json.decode(data, type=_Stamp)
        if stamp.format > FORMAT:
            message = f"was written in format {stamp.format} by a newer Labelkeep; this one reads up to {FORMAT}"
            report.error("newer-format", message, NAME, "/format")
            return None
        return msgspec.json.decode(data, type=Extra)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/")
        text = f"cannot be read ({message}); the archive is restored without it"
        report.add(Level.WARNING, "bad-extra", text, NAME, pointer)
        return None


def numbering(known: TaskFacts | None) -> Callable[[int, Kind], Numbering]:
    """Where the objects of each list get their numbers from: what is `known`, else the order in which they arrive."""
    arrivals: dict[int, Arrival] = {}
    recalls: dict[tuple[int, Kind], Numbering] = {}
    used: dict[int, bytearray] = {}

    def choose(job: int, kind: Kind) -> Numbering:
        if known is None or job >= len(known.jobs):
            return arrivals.setdefault(job, Arrival())
        if (job, kind) not in recalls:
            recalls[job, kind] = known.jobs[job].recall(kind, used.setdefault(job, bytearray()))
        return recalls[job, kind]

    return choose
