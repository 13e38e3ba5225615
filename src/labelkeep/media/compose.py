"""From stored files to the two documents of a task: shared by new tasks (ingest.py) and by restoring an archive.

The blobs are in the store (or in the pack being written) already; here they get their order and the documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from labelkeep.findings import Finding
from labelkeep.media import documents, manifest_file, video
from labelkeep.media.assemble import Assembly, Settings, assemble, select
from labelkeep.media.documents import Put, Source

OpenBlob = Callable[[str], BinaryIO]


@dataclass(frozen=True)
class Composed:
    """The data of a task: the names of its documents, and the facts that its row keeps (design §1)."""

    sources_document: str
    frames_document: str
    size: int
    mode: str
    dimension: str
    media_type: str
    start_frame: int
    stop_frame: int
    frame_filter: str
    chunk_size: int
    findings: tuple[Finding, ...]

    @property
    def original_chunk_type(self) -> str:
        """`video` for a video, else `imageset`."""
        return "video" if self.media_type == "video" else "imageset"

    @property
    def frames_are_whole(self) -> bool:
        """False where a frame's file is not among the sources (see `findings`)."""
        return not any(finding.is_error for finding in self.findings)


def compose(sources: Iterable[Source], settings: Settings, *, put: Put, open_blob: OpenBlob) -> Composed:
    """Order the files by `settings`, index a video, and keep both documents.

    `sources` name blobs that `open_blob` can open; their roles are decided here, their sizes are believed.

    Raises:
        BadInput: there are no media, media that do not go together, an order that names what is not there, an
            unreadable video or manifest.
    """

    def read_manifest(source: Source) -> Iterable[manifest_file.Entry]:
        with open_blob(source.blob) as file:
            yield from manifest_file.read(file, source.path)

    with assemble(sources, settings, read_manifest=read_manifest) as assembly:
        if assembly.video is not None:
            return _compose_video(assembly, assembly.video, put, open_blob)
        return _compose_frames(assembly, put)


def chunk_size_of(width: int, height: int) -> int:
    """Frames a chunk where nobody said: less of bigger images (spec/cvat-protocol.md §8.4)."""
    return max(2, min(72, 36 * 1920 * 1080 // max(1, width * height)))


VIDEO_CHUNK = 36


def _compose_frames(assembly: Assembly, put: Put) -> Composed:
    frames = documents.write("frames", assembly.frames(), put)
    first = next(iter(assembly.frames()), None)
    return _composed(
        assembly,
        documents.write("sources", assembly.sources(), put),
        frames,
        (assembly.size, assembly.stop),
        chunk_size_of(first.width, first.height) if first else 2,
    )


def _compose_video(assembly: Assembly, source: Source, put: Put, open_blob: OpenBlob) -> Composed:
    with open_blob(source.blob) as file:
        found = video.index(file)
    settings = assembly.settings
    size, stop = select(found.length, settings.start, settings.stop, settings.step)
    described = documents.Video(
        path=source.path,
        blob=source.blob,
        size=source.size,
        crc32=source.crc32,
        width=found.width,
        height=found.height,
        time_base=found.time_base,
        length=found.length,
        keyframes=found.keyframes,
        chapters=found.chapters,
    )
    stamps = (found.pts[number] for number in range(settings.start, stop + 1, settings.step))
    frames = documents.write("video-frames", stamps, put, video=described)
    sources = (_sized(each, source.path, found) for each in assembly.sources())
    return _composed(assembly, documents.write("sources", sources, put), frames, (size, stop), VIDEO_CHUNK)


def _sized(source: Source, path: str, found: video.Index) -> Source:
    if source.path == path:
        source.width, source.height = found.width, found.height
    return source


def _composed(assembly: Assembly, sources: str, frames: str, extent: tuple[int, int], chunk: int) -> Composed:
    ordered = assembly.settings.order is not None
    start, step = (0, 1) if ordered else (assembly.settings.start, assembly.settings.step)
    return Composed(
        sources_document=sources,
        frames_document=frames,
        size=extent[0],
        mode=assembly.mode,
        dimension=assembly.dimension,
        media_type=assembly.media_type,
        start_frame=start,
        stop_frame=extent[1],
        frame_filter=f"step={step}" if step > 1 else "",
        chunk_size=chunk,
        findings=tuple(assembly.findings),
    )
