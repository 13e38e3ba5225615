"""Opens a CVAT backup zip and judges it: structure and documents at once, annotations and contents when they are read.

Nothing outside `spool_dir` is written, and nothing is extracted by name. Every problem is a finding with member and
place. Only what makes an archive unreadable as a whole is raised at once; everything else is collected, so that a
person sees all of it together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self, cast

from labelkeep.annotations import stream
from labelkeep.annotations.labels import LabelTable
from labelkeep.annotations.model import Kind, Object
from labelkeep.archive import documents, extra, guide, jobs
from labelkeep.archive.cvat import ArchiveLabel
from labelkeep.archive.documents import ArchiveKind, TaskMembers
from labelkeep.archive.facts import Numbering
from labelkeep.archive.guide import Guide
from labelkeep.archive.index import Member
from labelkeep.archive.members import Members
from labelkeep.archive.parsing import Parser
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import Limits
from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level

__all__ = ["Archive", "ArchiveKind", "Limits", "Member", "ObjectBatch", "TaskMembers", "open_archive"]


class ObjectBatch(NamedTuple):
    """Some objects of one list of one job, and where in the list the first of them stands."""

    job: int
    kind: Kind
    first: int
    objects: list[Object]


def open_archive(
    file: BinaryIO, *, spool_dir: Path, limits: Limits | None = None, expect: ArchiveKind | None = None
) -> Archive:
    """Open the archive in a seekable file. Use the result as a context manager, or close it.

    Raises:
        Refused: it is no zip, its directory is damaged, or it is no archive of the kind expected. All that was found
            is in it. Other problems, errors too, are in `findings` of the result.
    """
    report = Report()
    try:
        members = Members(file, spool_dir, limits or Limits(), report)
    except Refused as refused:
        report.take(refused)
        raise Refused(report.findings) from refused
    try:
        return Archive(members, documents.kind_of(members, expect, report), report)
    except BaseException:
        members.close()
        raise


class Archive:
    """An opened archive. `findings` grows while members are read."""

    def __init__(self, members: Members, kind: ArchiveKind, report: Report) -> None:
        found = documents.read(members, kind, report)
        self.kind = kind
        self.report = report
        self.project = found.project
        self.tasks = found.tasks
        self.extra = found.extra
        self.edited = found.edited
        self._members = members

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the temporary index. The file stays the caller's."""
        self._members.close()

    @property
    def findings(self) -> list[Finding]:
        """Everything found so far."""
        return self.report.findings

    @property
    def count(self) -> int:
        """How many members there are."""
        return self._members.count

    @property
    def total(self) -> int:
        """Bytes of all members, unpacked."""
        return self._members.total

    def refuse(self) -> None:
        """Raise Refused if any finding is an error."""
        self.report.refuse()

    def members(self, prefix: str = "") -> Iterator[Member]:
        """The files whose names begin with `prefix`, in the order of their bytes in the zip."""
        return self._members.members(prefix)

    def names(self, prefix: str = "") -> Iterator[str]:
        """Their names, sorted."""
        return self._members.names(prefix)

    def find(self, name: str) -> Member | None:
        """The file of this name."""
        return self._members.find(name)

    def open(self, member: Member) -> BinaryIO:
        """The contents, to be read once; proved at the end. See `Members.open`."""
        return self._members.open(member)

    def open_seekable(self, member: Member) -> BinaryIO:
        """The contents as a seekable file, not proved. See `Members.open_seekable`."""
        return self._members.open_seekable(member)

    def read(self, member: Member, most: int) -> bytes:
        """The whole contents of a small member. See `Members.read`."""
        return self._members.read(member, most)

    def labels(self, task: TaskMembers) -> list[ArchiveLabel]:
        """The labels that the annotations of a task refer to: those of its project, where it has one."""
        return self.project.labels if self.project else task.task.labels

    def settle(self, task: TaskMembers, size: int) -> None:
        """Fit the jobs of a task to the number of frames that its media give (jobs.py)."""
        jobs.settle(task.task, size, task.document, self.report)

    def guide(self, prefix: str = "") -> Guide | None:
        """The guide of the project or task with this prefix. It was judged when the archive was opened."""
        return guide.read(self._members, prefix)

    def annotations(
        self, task: TaskMembers, labels: LabelTable, numbering: Callable[[int, Kind], Numbering] | None = None
    ) -> Iterator[ObjectBatch]:
        """The annotations of a task, at most about 1 MiB of JSON at a time; problems become findings on the way.

        A list that is empty gives a batch without objects, so every job in the file is seen. Numbers come from
        `numbering(job, kind)`, else from the extra member if the annotations are as it knew them, else by arrival.
        """
        member = self.find(task.annotations)
        if member is None:
            return
        seen = -1
        parser = Parser(labels, member.name, self.report)
        numbering = numbering or self._numbering(task)
        try:
            for batch in stream.batches(self.open(member).read, jobs=True):
                seen = max(seen, batch.job)
                if batch.job < len(task.task.jobs) and batch.key:
                    job = task.task.jobs[batch.job]
                    kind = cast(Kind, batch.key)
                    found = parser.parse(batch, (job.start_frame, job.stop_frame), numbering(batch.job, kind))
                    yield ObjectBatch(batch.job, kind, batch.first, found)
        except stream.JsonError as error:
            self.report.error("bad-json", f"{error.message} (byte {error.offset})", member.name, error.place)
        except Refused as refused:
            self.report.take(refused)
        except ValueError as error:
            self.report.error("bad-extra", f"numbers of {member.name}: {error}", extra.NAME, "/tasks")
        else:
            self._judge_count(member.name, seen + 1, len(task.task.jobs))

    def _judge_count(self, member: str, found: int, wanted: int) -> None:
        if found < wanted:
            message = f"has annotations of {found} jobs, there are {wanted}; the others stay empty"
            self.report.add(Level.WARNING, "jobs-without-annotations", message, member, f"/{found}")
        elif found > wanted:
            message = f"has annotations of {found} jobs, but there are {wanted}; the surplus was left out"
            self.report.add(Level.WARNING, "annotations-without-jobs", message, member, f"/{wanted}")

    def _numbering(self, task: TaskMembers) -> Callable[[int, Kind], Numbering]:
        trusted = self.extra is not None and task.annotations not in self.edited
        return extra.numbering(self.extra.task(task.prefix) if self.extra and trusted else None)
