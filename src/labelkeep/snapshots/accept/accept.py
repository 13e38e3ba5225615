"""The verb: judge an archive, then bring it into the live store as a manifest.

The first pass ends with every finding known and nothing written but a temporary folder. The second writes blobs, then
documents, then the subject's manifest, all in one ingest: they appear together, or nothing of them stays (invariant 1).
Only what came in this very archive is named (invariant 13): blobs by the hash of bytes that were read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal
from uuid import uuid4

import msgspec

from labelkeep.archive.extra import NAME
from labelkeep.archive.extra import TaskFacts as ArchivedFacts
from labelkeep.archive.guide import NAME as GUIDE
from labelkeep.archive.index import Member
from labelkeep.archive.reader import Archive, TaskMembers, open_archive
from labelkeep.archive.safety import Limits
from labelkeep.findings import Finding, Level
from labelkeep.media import documents
from labelkeep.media.compose import Composed
from labelkeep.snapshots import codec
from labelkeep.snapshots.accept import guides, labels, overlay, tasks
from labelkeep.snapshots.accept.guides import Found
from labelkeep.snapshots.accept.media import MediaReader, without
from labelkeep.snapshots.accept.overlay import Unfit
from labelkeep.snapshots.accept.spool import DocumentSpool
from labelkeep.snapshots.manifest import FORMAT, GuideRecord, LabelKeys, LabelRecord, ProjectManifest, TaskManifest
from labelkeep.snapshots.records import moment
from labelkeep.snapshots.render.listing import NAME as LISTING
from labelkeep.store import Ingest, Store

Kind = Literal["project", "task"]
Report = Callable[[float, str], None]  # how much is done, and what is being done; raises to stop
_JUDGED = 0.6  # the first pass is this much of the work


@dataclass(frozen=True)
class Accepted:
    """An accepted archive: the name of its subject's manifest, where it says it comes from, and what was found."""

    manifest: str
    server: str
    findings: list[Finding]


def accept(
    file: BinaryIO,
    *,
    kind: Kind,
    store: Store,
    spool_dir: Path,
    now: datetime,
    report: Report = lambda fraction, message: None,
    limits: Limits | None = None,
    permit: Callable[[int], None] = lambda size: None,
) -> Accepted:
    """Take an archive of a project or task, of CVAT or of our own, into the store.

    Raises:
        Refused: it cannot be restored; all findings are in it, and nothing was written.
        Whatever `permit` raises when it is told the bytes of media, before anything is written.
        Whatever `report` raises, for example Cancelled; nothing stays then either.
    """
    with open_archive(file, spool_dir=spool_dir, limits=limits, expect=kind) as archive, ExitStack() as stack:
        spool = stack.enter_context(DocumentSpool(spool_dir))
        judge = _Judge(archive, spool, spool_dir, now, _Meter(archive.total, report))
        manifest = judge.run()
        archive.refuse()
        assert manifest, "what cannot become a manifest was refused"
        permit(sum(size for _, size, _ in judge.blobs()))
        report(_JUDGED, "The archive is being kept...")
        with store.ingest() as ingest:
            for position, (member, size, known) in enumerate(judge.blobs()):
                ingest.add_file(partial(archive.open, member), size, known=known)
                report(_JUDGED + (1 - _JUDGED) * position / max(1, archive.count), "")
            _keep_documents(spool, ingest)
        return Accepted(manifest, judge.server, archive.findings)


def _keep_documents(spool: DocumentSpool, ingest: Ingest) -> None:
    for name in spool.names():
        ingest.put_document(spool.get(name))


class _Meter:
    """Turns bytes read into progress; every media file is read through it once."""

    def __init__(self, total: int, report: Report) -> None:
        self._total = max(1, total)
        self._report = report
        self._read = 0

    def __call__(self, count: int) -> None:
        self._read += count
        self._report(_JUDGED * min(1.0, self._read / self._total), "The archive is being checked...")


@dataclass
class _Judge:
    """The first pass."""

    archive: Archive
    spool: DocumentSpool
    spool_dir: Path
    now: datetime
    meter: _Meter
    guides: list[Found] = field(default_factory=list)
    media: list[tuple[TaskMembers, str]] = field(default_factory=list)  # and its sources document
    server: str = ""
    ids: tasks.Ids = field(default_factory=tasks.Ids)

    def run(self) -> str:
        """Judge everything; returns the name of the subject's manifest in the spool, "" where there can be none."""
        extra = self.archive.extra
        if extra is not None and isinstance(extra.root.get("server"), str):
            self.server = extra.root["server"][:64]
        if self.archive.kind == "task":
            return self._lone_task()
        return self._project()

    def blobs(self) -> Iterator[tuple[Member, int, tuple[str, int]]]:
        """Every blob with its member, task by task in the order of paths, assets last; (name, CRC-32) as verified."""
        for task, sources in self.media:
            index = documents.read_index(sources, self.spool.get)
            for source in documents.read_sources(index, self.spool.get):
                member = self.archive.find(task.data + source.path)
                assert member is not None, "a source was read from this member"
                yield member, source.size, (source.blob, source.crc32)
        for guide in self.guides:
            for asset, member in zip(guide.record.assets, guide.members, strict=True):
                yield member, asset.size, (asset.blob, asset.crc32)

    # ---- projects ---------------------------------------------------------------------------------------------------

    def _project(self) -> str:
        archived = self.archive.project
        if archived is None:
            return ""
        record = ProjectManifest(
            format=FORMAT,
            id=0,
            uuid=str(uuid4()),
            name=archived.name,
            bug_tracker=archived.bug_tracker,
            status=archived.status,
            created_date=moment(self.now),
            updated_date=moment(self.now),
            labels=labels.records(archived.labels),
        )
        facts = self._project_facts()
        fits = False
        if facts is not None:
            try:
                record = overlay.head(record, facts)
                record.labels = overlay.labels(record.labels, facts.labels)
                fits = True
            except Unfit as error:
                self._unfit("/project", error)
        record.guide = self._guide("", facts.guide if facts else None)
        made = [self._task(task, record.labels, keep_keys=fits) for task in self.archive.tasks]
        found = dict(zip((task.prefix for task in self.archive.tasks), made, strict=True))
        found |= {prefix: task for prefix, task in self._tasks_without_data(record.labels) if prefix not in found}
        ordered = sorted(found.items(), key=lambda item: _number(item[0]))
        record.tasks = [self.spool.put(codec.encode(task)) for _, task in ordered if task is not None]
        return self.spool.put(codec.encode(record))

    def _project_facts(self) -> ProjectManifest | None:
        extra = self.archive.extra
        if extra is None or not extra.project or "project.json" in self.archive.edited:
            return None
        try:
            return overlay.decode(extra.project, ProjectManifest)
        except Unfit as error:
            self._unfit("/project", error)
            return None

    def _tasks_without_data(self, known: list[LabelRecord]) -> Iterator[tuple[str, TaskManifest]]:
        """Tasks that CVAT's layout has no place for, from the extra member alone."""
        for item in self.archive.extra.tasks if self.archive.extra else ():
            if self.archive.find(f"{item.prefix}task.json") or not item.manifest or item.manifest.get("data"):
                continue
            try:
                facts = overlay.decode(item.manifest, TaskManifest)
                made = overlay.without_data(facts)
                made.label_keys = overlay.keys(facts.label_keys, known)
            except Unfit as error:
                self._unfit(self._place(item.prefix), error)
            else:
                yield item.prefix, made

    # ---- tasks ------------------------------------------------------------------------------------------------------

    def _lone_task(self) -> str:
        if not self.archive.tasks:
            return ""
        made = self._task(self.archive.tasks[0], None, keep_keys=True)
        return self.spool.put(codec.encode(made)) if made else ""

    def _task(self, task: TaskMembers, known: list[LabelRecord] | None, *, keep_keys: bool) -> TaskManifest | None:
        """A task with all that it needs; None where its media tell no frames. `known`: its project's labels."""
        facts, archived = self._task_facts(task)
        listing = archived.manifest.get("listing", "none") if archived else "none"
        composed = self._compose(task, ours=listing == "added" and f"{task.data}{LISTING}" not in self.archive.edited)
        if composed is None:
            return None
        self.archive.settle(task, composed.size)
        self.media.append((task, composed.sources_document))
        made = tasks.record(task, _number(task.prefix), str(uuid4()), composed, self.now, self.ids)
        made, own = self._with_facts(task, made, facts, known, listing, keep_keys)
        tasks.annotate(
            self.archive, task, made, known if known is not None else own, put=self.spool.put,
            spool_dir=self.spool_dir, check=lambda _: self.meter(0),
        )  # fmt: skip
        if known is None:
            made.labels = own
        made.guide = self._guide(task.prefix, facts.guide if facts else None)
        return made

    def _compose(self, task: TaskMembers, *, ours: bool) -> Composed | None:
        """The data of a task; `ours`: its manifest.jsonl was added by our renderer, and tells the order alone."""
        if not ours:
            return MediaReader(self.archive, self.spool.put, self.meter).compose(task)
        with DocumentSpool(self.spool_dir) as scratch:
            composed = MediaReader(self.archive, scratch.put, self.meter).compose(task)
            return composed and without(composed, LISTING, scratch.get, self.spool.put)

    def _with_facts(
        self,
        task: TaskMembers,
        made: TaskManifest,
        facts: TaskManifest | None,
        known: list[LabelRecord] | None,
        listing: str,
        keep_keys: bool,
    ) -> tuple[TaskManifest, list[LabelRecord]]:
        """The record with its facts and, where it has labels of its own, these."""
        own = labels.records(task.task.labels) if known is None else []
        if facts is None:
            return made, own
        try:
            full = overlay.task(made, facts, own_range=listing in ("added", "replaced"))
            if known is None:
                own = overlay.labels(own, facts.labels)
            keys = overlay.keys(facts.label_keys, own if known is None else known) if keep_keys else LabelKeys()
            return msgspec.structs.replace(full, label_keys=keys), own
        except Unfit as error:
            self._unfit(self._place(task.prefix), error)
            return made, labels.records(task.task.labels) if known is None else []

    def _task_facts(self, task: TaskMembers) -> tuple[TaskManifest | None, ArchivedFacts | None]:
        extra = self.archive.extra
        found = extra.task(task.prefix) if extra else None
        if found is None or not found.manifest or task.document in self.archive.edited:
            return None, None
        try:
            return overlay.decode(found.manifest, TaskManifest), found
        except Unfit as error:
            self._unfit(self._place(task.prefix), error)
            return None, None

    # ---- both -------------------------------------------------------------------------------------------------------

    def _guide(self, prefix: str, facts: GuideRecord | None) -> GuideRecord | None:
        edited = f"{prefix}{GUIDE}" in self.archive.edited
        found = guides.read(self.archive, prefix, None if edited else facts, self.now)
        if found is None:
            return None
        self.guides.append(found)
        return found.record

    def _place(self, prefix: str) -> str:
        """Where in the extra member the facts of the task in this folder stand."""
        tasks = self.archive.extra.tasks if self.archive.extra else []
        return next((f"/tasks/{n}/manifest" for n, item in enumerate(tasks) if item.prefix == prefix), "/tasks")

    def _unfit(self, place: str, error: Unfit) -> None:
        message = f"{error}; it was restored from CVAT's members alone"
        self.archive.report.add(Level.WARNING, "unfit-facts", message, NAME, f"{place}{error.place}")


def _number(prefix: str) -> int:
    digits = prefix.removeprefix("task_").removesuffix("/")
    return int(digits) if digits.isdecimal() and len(digits) < 19 else 0
