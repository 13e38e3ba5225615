"""Ingest: files as they were given become blobs in the store and the two documents of a task.

One file is handled at a time: opened, judged by its header, kept, noted. Everything of one ingest appears in the store
together or not at all (`Store.ingest`).
"""

from __future__ import annotations

import io
import secrets
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from labelkeep.errors import BadInput
from labelkeep.findings import Finding
from labelkeep.media import honeypots, pointclouds, probe, tree, validation_params
from labelkeep.media.assemble import Settings
from labelkeep.media.compose import Composed, compose
from labelkeep.media.documents import Source
from labelkeep.media.kinds import kind_of
from labelkeep.media.pages import of_pdf
from labelkeep.media.parameters import DataParams
from labelkeep.media.staged import SMALL, Staged, of_archive, of_share, of_uploads

if TYPE_CHECKING:
    from labelkeep.operations.work import Work
    from labelkeep.store import Ingest, Store

__all__ = ["DataParams", "Ingested", "Staged", "ingest", "of_share", "of_uploads"]

_UNIQUE = ("video", "archive", "pdf")


@dataclass(frozen=True)
class Ingested:
    """The data of a new task: what its row keeps, and what its jobs are made from.

    `job_files`: the files of each job, where the client named them. `pool`: for honeypots, the jobs' ranges and the
    pool (honeypots.Layout).
    """

    sources_document: str
    frames_document: str
    size: int
    mode: str
    dimension: str
    media_type: str
    chunk_size: int
    image_quality: int
    compressed_chunk_type: str
    original_chunk_type: str
    start_frame: int
    stop_frame: int
    frame_filter: str
    storage_method: str
    storage: str
    sorting_method: str
    job_files: list[list[str]] | None
    validation_params: dict[str, object] | None
    pool: honeypots.Layout | None
    findings: tuple[Finding, ...]


def ingest(
    staged: Iterable[Staged],
    params: DataParams,
    *,
    store: Store,
    work: Work | None = None,
    segment_size: int = 0,
    seed: int | None = None,
) -> Ingested:
    """Keep the files and put them in order. `segment_size` matters to honeypots alone; `seed` to random sorting.

    Raises:
        BadInput: there are no media, media that cannot be read or do not go together, parameters that do not fit them.
        Refused: an archive is not what it should be.
        Cancelled: the work was cancelled; nothing is left in the store.
    """
    seed = secrets.randbits(63) if seed is None else seed
    settings = _settings(params, seed)
    with _spool_dir(work) as spool:
        pool: honeypots.Layout | None = None
        with store.ingest() as incoming:
            intake = _Intake(incoming, work, spool)
            sources: Iterable[Source] = intake.sources(staged)
            if (params.validation_params or {}).get("mode") == "gt_pool":
                kept = list(sources)
                wanted = validation_params.read(params.validation_params or {})
                pool = honeypots.lay_out(_frame_names(kept, settings), wanted, segment_size, seed)
                settings = Settings(sorting="random", order=pool.order, seed=seed)
                sources = kept
            composed = compose(sources, settings, put=incoming.put_document, open_blob=intake.open)
            if work is not None:
                work.progress(0.95, "Media files are being kept...")
    return _ingested(composed, params, pool)


def _settings(params: DataParams, seed: int) -> Settings:
    mapping = params.job_file_mapping
    return Settings(
        sorting=params.sorting_method,
        start=params.start_frame,
        stop=params.stop_frame,
        step=params.step,
        order=[name for files in mapping for name in files] if mapping is not None else None,
        file_order=params.upload_file_order or None,
        seed=seed,
    )


def _frame_names(sources: list[Source], settings: Settings) -> list[str]:
    from labelkeep.media.assemble import assemble

    with assemble(sources, settings) as assembly:
        if assembly.media_type != "image":
            raise BadInput("validation mode 'gt_pool' can only be used with 'annotation' mode tasks of images")
        return [frame.path for frame in assembly.frames()]


@contextmanager
def _spool_dir(work: Work | None) -> Iterator[Path]:
    if work is not None:
        yield work.tmp
        return
    with tempfile.TemporaryDirectory(prefix="labelkeep-ingest-") as path:
        yield Path(path)


class _Intake:
    """Takes files one by one into an `Ingest`. Remembers how to open the few that are read again (video, manifest)."""

    def __init__(self, incoming: Ingest, work: Work | None, spool: Path) -> None:
        self.incoming = incoming
        self.work = work
        self.spool = spool
        self.openers: dict[str, Callable[[], BinaryIO]] = {}
        self.kinds: Counter[str] = Counter()
        self.count = 0

    def open(self, name: str) -> BinaryIO:
        """Open a blob that is read again while the store does not show it yet."""
        return self.openers[name]()

    def sources(self, staged: Iterable[Staged]) -> Iterator[Source]:
        """Every file of the task, kept."""
        for file in staged:
            kind = kind_of(file.path)
            self._count(kind)
            if kind == "archive":
                for member in of_archive(file, self.spool):
                    if kind_of(member.path) not in ("archive", "pdf"):
                        yield self._take(member)
            elif kind == "pdf":
                for page in of_pdf(file):
                    yield self._take(page)
            else:
                yield self._take(file)

    def _count(self, kind: str) -> None:
        self.kinds[kind] += 1
        unique = sum(self.kinds[each] for each in _UNIQUE)
        if unique > 1 or (unique and self.kinds["image"]):
            found = ", ".join(f"{number} {each}(s)" for each, number in sorted(self.kinds.items()))
            together = "Only one video, archive, pdf, zip or many image, directory can be used simultaneously"
            raise BadInput(f"{together}, but {found} found.")

    def _take(self, file: Staged) -> Source:
        self.count += 1
        if self.work is not None:
            self.work.progress(min(0.9, self.count / (self.count + 500)), f"Media files are being read: {self.count}")
        try:
            return self._kept(file)
        except BadInput as error:
            raise BadInput(f"{file.path}: {error}") from error

    def _kept(self, file: Staged) -> Source:
        kind = kind_of(file.path)
        if kind == "bin":
            file = self._converted(file)
            kind = "pcd"
        file = _in_memory(file)
        width, height = _size(kind, file)
        stored = self.incoming.add_file(file.open, file.size)
        if kind in ("video", "manifest"):
            self.openers[stored.name] = self._lasting(file)
        return Source(
            path=tree.checked(file.path),
            role="other",
            blob=stored.name,
            size=stored.size,
            crc32=stored.crc32,
            width=width,
            height=height,
            mtime=max(0, file.mtime),
        )

    def _converted(self, file: Staged) -> Staged:
        target = self.spool / f"cloud-{self.count}.pcd"
        with file.open() as source, target.open("wb") as copy:
            for piece in pointclouds.convert_bin(source, file.size):
                copy.write(piece)
        data = target.read_bytes() if target.stat().st_size <= SMALL else None
        size = target.stat().st_size
        opener = (lambda: io.BytesIO(data)) if data is not None else (lambda: target.open("rb"))
        if data is not None:
            target.unlink()
        return Staged(file.path[:-4] + ".pcd", size, opener, file.mtime)

    def _lasting(self, file: Staged) -> Callable[[], BinaryIO]:
        """An opener that outlives the file's turn: members of an archive are gone with the next one."""
        target = self.spool / f"kept-{self.count}"
        with file.open() as source, target.open("wb") as copy:
            while data := source.read(2**20):
                copy.write(data)
        return lambda: target.open("rb")


def _in_memory(file: Staged) -> Staged:
    """A small file read once, instead of once for the header and once for the hash."""
    if file.size > SMALL:
        return file
    with file.open() as source:
        data = source.read(file.size + 1)
    return Staged(file.path, len(data), lambda: io.BytesIO(data), file.mtime)


def _size(kind: str, file: Staged) -> tuple[int, int]:
    with file.open() as source:
        if kind == "image":
            return probe.image_size(source)
        if kind == "pcd":
            return pointclouds.cloud_size(source)
    return 0, 0


def _ingested(composed: Composed, params: DataParams, pool: honeypots.Layout | None) -> Ingested:
    compressed = "imageset" if params.use_zip_chunks else composed.original_chunk_type
    return Ingested(
        sources_document=composed.sources_document,
        frames_document=composed.frames_document,
        size=composed.size,
        mode=composed.mode,
        dimension=composed.dimension,
        media_type=composed.media_type,
        chunk_size=params.chunk_size or composed.chunk_size,
        image_quality=params.image_quality,
        compressed_chunk_type=compressed,
        original_chunk_type=composed.original_chunk_type,
        start_frame=composed.start_frame,
        stop_frame=composed.stop_frame,
        frame_filter=composed.frame_filter,
        storage_method="cache",
        storage="local",
        sorting_method=params.sorting_method,
        job_files=params.job_file_mapping,
        validation_params=params.validation_params,
        pool=pool,
        findings=composed.findings,
    )
