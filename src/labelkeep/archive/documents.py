"""Finds and reads the documents of an archive: its kind, project.json, every task.json, and the extra member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from blake3 import blake3

from labelkeep.archive import cvat, cvat_reading, extra, fields, guide, jobs
from labelkeep.archive.contents import CHUNK
from labelkeep.archive.cvat import ArchiveProject, ArchiveTask
from labelkeep.archive.extra import Extra
from labelkeep.archive.index import Member
from labelkeep.archive.members import Members
from labelkeep.archive.reports import Report
from labelkeep.errors import Refused
from labelkeep.findings import Level

ArchiveKind = Literal["project", "task"]
PROJECT, TASK, ANNOTATIONS = "project.json", "task.json", "annotations.json"
MANIFEST, INDEX = "manifest.jsonl", "index.json"
_FOLDER = re.compile(r"task_([0-9]{1,18})/")
_OLD_FOLDER = "task/"  # logs, written by CVAT 1.5 to 2.49


@dataclass(frozen=True, slots=True)
class TaskMembers:
    """A task of the archive. `prefix` is its folder, empty where the archive is that of one task."""

    prefix: str
    task: ArchiveTask

    @property
    def data(self) -> str:
        """The folder of its media."""
        return f"{self.prefix}data/"

    @property
    def document(self) -> str:
        """The name of its task.json."""
        return self.prefix + TASK

    @property
    def annotations(self) -> str:
        """The name of its annotations.json."""
        return self.prefix + ANNOTATIONS


@dataclass
class Documents:
    """What the documents of an archive say. `edited`: CVAT members that differ from what `extra` says of them."""

    kind: ArchiveKind
    project: ArchiveProject | None = None
    tasks: list[TaskMembers] = field(default_factory=list)
    extra: Extra | None = None
    edited: frozenset[str] = frozenset()


def kind_of(members: Members, expect: ArchiveKind | None, report: Report) -> ArchiveKind:
    """What the archive is the archive of.

    Raises:
        Refused: of nothing, of both, or not of what was expected.
    """
    project, task = members.find(PROJECT) is not None, members.find(TASK) is not None
    found: ArchiveKind = "project" if project else "task"
    if project and task:
        report.error("two-roots", "holds both project.json and task.json; only one may be there", TASK)
    elif not project and not task:
        report.error("no-root", _where_else(members), f"{expect or 'task'}.json")
    elif expect and found != expect:
        message = f"this is the archive of a {found}, not of a {expect}; send it to the {found}s"
        report.error("wrong-kind", message, f"{found}.json")
    else:
        return found
    raise Refused(report.findings)


def _where_else(members: Members) -> str:
    for folder in members.folders():
        if not _FOLDER.fullmatch(folder) and any(members.find(folder + name) for name in (TASK, PROJECT)):
            return f"neither task.json nor project.json is at the top; one is in {folder!r}, zip what that folder holds"
    return "neither task.json nor project.json is in the archive"


def read(members: Members, kind: ArchiveKind, report: Report) -> Documents:
    """Read and judge every document; problems go into `report`, and what cannot be read is left out."""
    found = Documents(kind)
    _read_extra(members, found, report)
    if kind == "project" and (value := _document(members, PROJECT, report)) is not None:
        found.project = cvat_reading.read_project(value, PROJECT, report)
    prefixes = _prefixes(members) if kind == "project" else [""]
    for prefix in prefixes:
        value = _document(members, prefix + TASK, report)
        if value is not None:
            task = TaskMembers(prefix, cvat_reading.read_task(value, prefix + TASK, report))
            found.tasks.append(task)
            _judge_task(members, task, report)
    for prefix in dict.fromkeys(["", *prefixes]):
        guide.judge(members, prefix, report)
    known = {guide.FOLDER, *(prefixes if kind == "project" else ("data/", _OLD_FOLDER))}
    for folder in members.folders():
        if folder and folder not in known:
            report.add(Level.NOTE, "unknown-member", "this folder is not known and was left out", folder)
    return found


def _prefixes(members: Members) -> list[str]:
    folders = members.folders()
    found = [(int(match[1]), folder) for folder in folders if (match := _FOLDER.fullmatch(folder))]
    return [folder for _, folder in sorted(found)]


def _document(members: Members, name: str, report: Report) -> object | None:
    member = members.find(name)
    if member is None:
        report.error("missing-member", f"{name} is missing", name)
        return None
    try:
        value = fields.decode(members.read(member, members.limits.document), name, report)
    except Refused as refused:
        report.take(refused)
        return None
    if value is None and not any(finding.is_error and finding.member == name for finding in report.findings):
        report.error("wrong-type", "must be an object, not null", name)
    return value


def _judge_task(members: Members, task: TaskMembers, report: Report) -> None:
    data = task.task.data
    if members.find(task.annotations) is None:
        report.error("missing-member", f"{task.annotations} is missing", task.annotations)
    if data.storage == "cloud_storage" and members.find(task.data + MANIFEST) is None:
        message = f"{task.data}{MANIFEST} is missing; without it nothing says which media the task has"
        report.error("no-media", message, task.data + MANIFEST)
    elif data.storage != "cloud_storage" and not _has_media(members, task):
        report.error("no-media", f"there are no media in {task.data}", task.data)
    jobs.judge(task.task, task.document, report)
    _judge_files(members, task, report)
    size = cvat.declared_size(data)
    if size is not None:
        jobs.settle(task.task, size, task.document, report)


def _has_media(members: Members, task: TaskMembers) -> bool:
    known = {task.data + MANIFEST, task.data + INDEX}
    return any(name not in known for name in members.names(task.data))


def _judge_files(members: Members, task: TaskMembers, report: Report) -> None:
    """Files that jobs show must be there."""
    if task.task.data.storage == "cloud_storage":
        return
    for i, job in enumerate(task.task.jobs):
        for j, name in enumerate(job.files or ()):
            if members.find(task.data + name) is None:
                message = f"the file {name!r} is not in {task.data}"
                report.error("missing-file", message, task.document, f"/jobs/{i}/files/{j}")


def _read_extra(members: Members, found: Documents, report: Report) -> None:
    member = members.find(extra.NAME)
    if member is None:
        return
    try:
        found.extra = extra.read(members.read(member, members.limits.document), report)
        found.edited = frozenset(_edited(members, found.extra, report)) if found.extra else frozenset()
    except Refused as refused:
        report.take(refused)


def _edited(members: Members, facts: Extra, report: Report) -> Iterator[str]:
    for name, digest in facts.members.items():
        member = members.find(name)
        if member is None or not _is(members, member, digest):
            message = "was changed after the archive was written; what it says now counts"
            report.add(Level.WARNING, "edited-member", message, name)
            yield name


def _is(members: Members, member: Member, digest: extra.Digest) -> bool:
    if (member.size, member.crc32) != (digest.size, digest.crc32):
        return False
    if not digest.blake3:
        return True
    hasher, source = blake3(), members.open(member)
    while piece := source.read(CHUNK):
        hasher.update(piece)
    return hasher.hexdigest() == digest.blake3
