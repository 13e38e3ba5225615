"""A task inside an archive: what has to be found out once (`survey`), and then its entries, page by page.

The survey makes every rendered member once, which for annotations means reading every part. It hangs on the task's
manifest and its labels only, so it is kept and used again for every later backup in which the task is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from itertools import islice

import msgspec
from isal.isal_zlib import crc32

from labelkeep.archive import guide
from labelkeep.archive.cvat import write_task
from labelkeep.archive.extra import JobFacts
from labelkeep.archive.layout import Entry
from labelkeep.media import documents
from labelkeep.media.documents import Source
from labelkeep.snapshots.facts import Choice
from labelkeep.snapshots.manifest import GuideRecord, LabelRecord, TaskManifest
from labelkeep.snapshots.render import cvat, listing
from labelkeep.snapshots.render.annotations import AnnotationPieces, Collected
from labelkeep.snapshots.render.listing import ListingPieces
from labelkeep.snapshots.render.rendered import Piece, Rendered, cut, measure
from labelkeep.store import Store

Range = Callable[[int, int], Iterator[bytes]]  # what an entry's source is: (start, length) → bytes


class Survey(msgspec.Struct):
    """What is known of a task's rendered members."""

    annotations: Rendered
    listing: Rendered | None  # None: no manifest.jsonl of ours
    choice: Choice
    jobs: list[JobFacts]  # what annotations.json leaves out


@dataclass(frozen=True)
class TaskRendering:
    """A task of an archive: its manifest, the labels it is drawn with, and where it stands."""

    record: TaskManifest
    labels: Sequence[LabelRecord]
    prefix: str
    store: Store

    def survey(self) -> Survey:
        """Make every rendered member once."""
        assert self.record.data is not None
        collected = [Collected() for _ in self.record.jobs]
        annotations = measure(self._annotations(collected))
        choice = listing.choose(self.record.data, self.store)
        written = measure(ListingPieces(self.record.data, self.store)) if choice in ("added", "replaced") else None
        return Survey(annotations, written, choice, [job.facts() for job in collected])

    def _annotations(self, collected: list[Collected] | None = None) -> Iterable[Piece]:
        table = cvat.label_table(self.record, self.labels)
        return AnnotationPieces(self.record.jobs, table, self.store.get_document, collected)

    @cached_property
    def mtime(self) -> int:
        """The time that rendered members carry: when the task was last changed."""
        return int(datetime.fromisoformat(self.record.updated_date).timestamp())

    def task_json(self, survey: Survey) -> bytes:
        """task.json, made anew each time; its paths are read from the frames document."""
        task = cvat.task(self.record, list(self.labels), self._paths)
        if not listing.keeps_range(self.record.data, survey.choice):  # type: ignore[arg-type]
            task.data.start_frame, task.data.stop_frame, task.data.frame_filter = 0, self.record.data.size - 1, ""  # type: ignore[union-attr]
        return write_task(task)

    def _paths(self, first: int, last: int) -> list[str]:
        assert self.record.data is not None
        index = documents.read_index(self.record.data.frames, self.store.get_document)
        return [frame.path for frame in documents.read_frames(index, self.store.get_document, first, last + 1)]

    def pages(self, survey: Survey) -> Iterator[Callable[[], Iterable[Entry]]]:
        """Pages of entries: the JSON and the guide first, then the files as they are listed."""
        assert self.record.data is not None
        yield partial(self._head, survey)
        index = documents.read_index(self.record.data.sources, self.store.get_document)
        for position in range(len(index.pages)):
            yield partial(self._files, index, position, survey.choice)

    def _head(self, survey: Survey) -> Iterator[Entry]:
        yield from_bytes(f"{self.prefix}task.json", self.task_json(survey), self.mtime)
        pieces = self._annotations()
        yield from_pieces(f"{self.prefix}annotations.json", pieces, survey.annotations, self.mtime)
        yield from guide_entries(self.record.guide, self.prefix, self.store, self.mtime)
        if survey.listing is not None:
            pieces = ListingPieces(self.record.data, self.store)  # type: ignore[arg-type]
            yield from_pieces(f"{self.prefix}data/{listing.NAME}", pieces, survey.listing, self.mtime)

    def _files(self, index: documents.Index, position: int, choice: Choice) -> Iterator[Entry]:
        first = position * documents.PAGE
        page = documents.Index(kind="sources", count=index.count - first, pages=index.pages[position : position + 1])
        for source in islice(documents.read_sources(page, self.store.get_document), documents.PAGE):
            if source.blob and not (choice == "replaced" and source.role == "manifest"):
                yield self._file(source)

    def _file(self, source: Source) -> Entry:
        read = partial(self.store.stream_blob, source.blob)
        return Entry(f"{self.prefix}data/{source.path}", source.size, source.crc32, read, source.mtime)


def from_bytes(name: str, data: bytes, mtime: int) -> Entry:
    """An entry whose bytes are at hand."""

    def read(start: int, length: int) -> Iterator[bytes]:
        yield data[start : start + length]

    return Entry(name, len(data), crc32(data), read, mtime)


def from_pieces(name: str, pieces: Iterable[Piece], known: Rendered, mtime: int) -> Entry:
    """An entry that is made in pieces when it is read."""
    return Entry(name, known.size, known.digest.crc32, partial(_cut, pieces, known.lengths), mtime)


def _cut(pieces: Iterable[Piece], lengths: list[int], start: int, length: int) -> Iterator[bytes]:
    return cut(pieces, lengths, start, length)


def guide_entries(record: GuideRecord | None, prefix: str, store: Store, mtime: int) -> Iterator[Entry]:
    """A guide and its assets. The text names assets by their place in the archive."""
    if record is None:
        return
    names = asset_names(record)
    yield from_bytes(f"{prefix}{guide.NAME}", guide_text(record, prefix).encode(), mtime)
    for asset in record.assets:
        read = partial(store.stream_blob, asset.blob)
        yield Entry(f"{prefix}{guide.FOLDER}{names[asset.uuid]}", asset.size, asset.crc32, read, mtime)


def guide_text(record: GuideRecord, prefix: str) -> str:
    """The Markdown as it stands in an archive."""
    return guide.render(record.markdown, asset_names(record), prefix)


def asset_names(record: GuideRecord) -> dict[str, str]:
    """The file name of each asset in an archive, by uuid."""
    return guide.file_names((asset.uuid, asset.filename) for asset in record.assets)
