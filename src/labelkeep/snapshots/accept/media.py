"""The files of a task in an archive: read to the end, hashed, their headers looked at, put in order.

Each file is read once here; small ones are probed from the same bytes. What is found goes on as a stream of sources
into media.compose, so memory does not grow with the number of files.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import BinaryIO

from isal.isal_zlib import crc32

from labelkeep.archive.cvat import ArchiveTask, declared_size
from labelkeep.archive.index import Member
from labelkeep.archive.jobs import frame_files
from labelkeep.archive.reader import Archive, TaskMembers
from labelkeep.errors import BadInput, Refused
from labelkeep.findings import Finding, Level
from labelkeep.media import documents, pointclouds, probe
from labelkeep.media.assemble import Settings
from labelkeep.media.compose import Composed, compose
from labelkeep.media.documents import Get, Put, Source
from labelkeep.media.kinds import kind_of
from labelkeep.media.related import is_related
from labelkeep.store.names import Namer

SMALL = 4 * 2**20  # bytes of a file that is held in memory while it is looked at
PIECE = 2**20
Check = Callable[[int], None]  # told how many bytes were read; raises to stop


class MediaReader:
    """Reads the media of an archive's tasks into documents."""

    def __init__(self, archive: Archive, put: Put, check: Check) -> None:
        self._archive = archive
        self._put = put
        self._check = check

    def compose(self, task: TaskMembers) -> Composed | None:
        """The data of a task. None where it cannot be told; errors are then in the archive's report."""
        if self._is_lightweight(task):
            message = "the media are in a cloud storage and not in this archive; a full backup is needed"
            self._archive.report.error("lightweight", message, task.document, "/data/storage")
            return None
        openers: dict[str, Member] = {}

        def open_blob(name: str) -> BinaryIO:
            return self._archive.open_seekable(openers[name])

        try:
            sources = self._sources(task, openers)
            composed = compose(sources, _settings(task.task), put=self._put, open_blob=open_blob)
        except Refused as refused:
            self._archive.report.take(refused)
            return None
        except BadInput as error:
            self._archive.report.error("bad-media", _sentence(error), task.data)
            return None
        for finding in composed.findings:
            self._note(finding, task)
        self._judge_size(task, composed)
        return composed

    def _is_lightweight(self, task: TaskMembers) -> bool:
        listings = (f"{task.data}manifest.jsonl", f"{task.data}index.json")
        return task.task.data.storage == "cloud_storage" and all(
            name in listings for name in self._archive.names(task.data)
        )

    def _note(self, finding: Finding, task: TaskMembers) -> None:
        """A frame without its file would shift all that follow, and annotations would stand on wrong images."""
        level = Level.ERROR if finding.code == "media-missing" else finding.level
        self._archive.report.add(level, finding.code, finding.message, f"{task.data}{finding.member}", finding.place)

    def _judge_size(self, task: TaskMembers, composed: Composed) -> None:
        """Fewer images than the settings tell of: nobody knows which are missing, and those after them would shift.
        A video has its frames in order; programs count the last ones differently."""
        wanted = declared_size(task.task.data)
        if wanted is None or composed.size >= wanted or self._archive.report.has_errors:
            return
        level = Level.WARNING if composed.media_type == "video" else Level.ERROR
        message = f"the media give {composed.size} frames, but the settings tell of {wanted}; files are missing"
        self._archive.report.add(level, "media-missing", message, task.document, "/data/stop_frame")

    def _sources(self, task: TaskMembers, openers: dict[str, Member]) -> Iterator[Source]:
        for member in self._archive.members(task.data):
            path = member.name.removeprefix(task.data)
            if path == "index.json":  # a cache of CVAT's own, of servers up to 2.20
                self._read_through(member)
                continue
            source = self._source(member, path)
            if source is not None:
                if kind_of(path) in ("manifest", "video"):
                    openers[source.blob] = member
                yield source

    def _read_through(self, member: Member) -> None:
        file = self._archive.open(member)
        while piece := file.read(PIECE):
            self._check(len(piece))

    def _source(self, member: Member, path: str) -> Source | None:
        """The facts of a file; None, with an error in the report, where it is damaged or not what it says it is."""
        namer, checksum, held = Namer(), 0, bytearray()
        try:
            file = self._archive.open(member)
            while piece := file.read(PIECE):
                namer.update(piece)
                checksum = crc32(piece, checksum)
                if member.size <= SMALL:
                    held += piece
                self._check(len(piece))
        except Refused as refused:
            self._archive.report.take(refused)
            return None
        width, height = self._size(member, path, held)
        return Source(
            path=path,
            role="other",
            blob=namer.name,
            size=member.size,
            crc32=checksum,
            width=width,
            height=height,
            mtime=member.mtime,
        )

    def _size(self, member: Member, path: str, held: bytearray) -> tuple[int, int]:
        look = {"image": probe.image_size, "pcd": pointclouds.cloud_size}.get(kind_of(path))
        if look is None:
            return 0, 0
        try:
            with io.BytesIO(held) if member.size <= SMALL else self._archive.open_seekable(member) as file:
                return look(file)
        except BadInput as error:
            # a context image that cannot be shown costs nobody a frame
            level = Level.WARNING if is_related(path) else Level.ERROR
            self._archive.report.add(level, "bad-media", _sentence(error), member.name)
            return 0, 0


def without(composed: Composed, path: str, get: Get, put: Put) -> Composed:
    """The data of a task without one of its files, which told the order of frames and is not the task's own.

    Documents are read with `get`, and all that are still needed are kept with `put`.
    """
    index = documents.read_index(composed.sources_document, get)
    others = (source for source in documents.read_sources(index, get) if source.path != path)
    frames = documents.read_index(composed.frames_document, get)
    for name in frames.pages:
        put(get(name))
    put(get(composed.frames_document))
    return replace(composed, sources_document=documents.write("sources", others, put))


def _settings(task: ArchiveTask) -> Settings:
    data = task.data
    order = frame_files(task)
    if order is not None:
        return Settings(sorting=data.sorting_method, order=order, from_archive=True)
    return Settings(
        sorting=data.sorting_method,
        start=data.start_frame,
        stop=data.stop_frame,
        step=data.step,
        from_archive=True,
    )


def _sentence(error: BadInput) -> str:
    return error.detail if isinstance(error.detail, str) else str(error.detail)
