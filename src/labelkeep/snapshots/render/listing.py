"""The manifest.jsonl of an archive: the one that came with the files, or one that we write.

A stock CVAT checks that line n names frame n, and wants sizes in it. So a manifest that came with the files goes into
the archive only where it says the same as the task; else one is written in its place. Where there is none, one is
written only if the order of frames would be lost without it (spec/cvat-backup-format.md §13).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import zip_longest

from labelkeep.errors import BadInput
from labelkeep.media import documents, manifest_file
from labelkeep.media.documents import PAGE, Frame, Source
from labelkeep.snapshots.facts import Choice
from labelkeep.snapshots.manifest import DataRecord
from labelkeep.snapshots.render import cvat
from labelkeep.snapshots.render.rendered import Piece
from labelkeep.store import Store

NAME = "manifest.jsonl"


def choose(data: DataRecord, store: Store) -> Choice:
    """Which manifest the archive will have."""
    given = _given(data, store)
    if data.media_type == "video":
        return "given" if given else "none"
    if given is None:
        return "added" if cvat.needs_manifest(data) else "none"
    return "given" if given.path == NAME and _agrees(given, data, store) else "replaced"


def keeps_range(data: DataRecord, choice: Choice) -> bool:
    """Whether start, stop and step can stand in task.json. A manifest of ours lists the task's frames first, and what
    start, stop and step left out after them, so the task's frames are then the first ones of all."""
    return choice in ("none", "given")


class ListingPieces:
    """The pieces of a manifest that we write: a head, then one piece a page of frames or of other files."""

    def __init__(self, data: DataRecord, store: Store) -> None:
        self._store = store
        self._frames = documents.read_index(data.frames, store.get_document)
        self._sources = documents.read_index(data.sources, store.get_document)

    def __iter__(self) -> Iterator[Piece]:
        yield partial(b"".join, list(manifest_file.write(())))
        for first in range(0, self._frames.count, PAGE):
            yield partial(self._page, first)
        yield from self._others()

    def _page(self, first: int) -> bytes:
        frames = documents.read_frames(self._frames, self._store.get_document, first, first + PAGE)
        return _lines((frame.path, frame.width, frame.height, frame.related) for frame in frames)

    def _others(self) -> Iterator[Piece]:
        """Files that are no frame of the task, because start, stop or step leave them out."""
        with _Seen(self._all_frames()) as seen:
            page: list[Source] = []
            for source in documents.read_sources(self._sources, self._store.get_document):
                if source.role == "frame" and source.path not in seen:
                    page.append(source)
                if len(page) == PAGE:
                    yield partial(_lines_of_files, page)
                    page = []
            if page:
                yield partial(_lines_of_files, page)

    def _all_frames(self) -> Iterator[Frame]:
        return documents.read_frames(self._frames, self._store.get_document)


class _Seen:
    """A set of paths on disk."""

    def __init__(self, frames: Iterable[Frame]) -> None:
        self._database = sqlite3.connect("")  # private, on disk, removed on close
        self._database.execute("CREATE TABLE seen (path TEXT PRIMARY KEY) WITHOUT ROWID")
        self._database.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((frame.path,) for frame in frames))

    def __enter__(self) -> _Seen:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def __contains__(self, path: str) -> bool:
        return self._database.execute("SELECT 1 FROM seen WHERE path = ?", (path,)).fetchone() is not None


def _given(data: DataRecord, store: Store) -> Source | None:
    index = documents.read_index(data.sources, store.get_document)
    found = (source for source in documents.read_sources(index, store.get_document) if source.role == "manifest")
    return next(found, None)


def _agrees(given: Source, data: DataRecord, store: Store) -> bool:
    """Whether the manifest lists exactly the task's frames at their places, with sizes."""
    index = documents.read_index(data.frames, store.get_document)
    step = int(data.frame_filter.removeprefix("step=") or 1)
    try:
        with store.open_blob(given.blob) as file:
            entries = enumerate(manifest_file.read(file, given.path))
            listed = (
                entry
                for number, entry in entries
                if data.start_frame <= number <= data.stop_frame and (number - data.start_frame) % step == 0
            )
            frames = documents.read_frames(index, store.get_document)
            return all(
                entry is not None and frame is not None and entry.path == frame.path and entry.width > 0
                for entry, frame in zip_longest(listed, frames)
            )
    except BadInput:
        return False


def _lines(items: Iterable[tuple[str, int, int, list[str]]]) -> bytes:
    entries = (manifest_file.Entry(path, width, height, tuple(related)) for path, width, height, related in items)
    return b"".join(list(manifest_file.write(entries))[1:])


def _lines_of_files(sources: list[Source]) -> bytes:
    return _lines((source.path, source.width, source.height, []) for source in sources)
