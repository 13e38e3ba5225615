"""Bytes on their way out: frames, chunks, context images and previews, from documents and the store.

Everything is a stream. Originals come straight from the store; what has to be made (compressed chunks, previews) goes
through a bounded cache on disk. Frame numbers are task-relative.
"""

from __future__ import annotations

import functools
import mimetypes
import posixpath
import zipfile
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Protocol

import msgspec
from isal.isal_zlib import crc32

from labelkeep.archive import layout
from labelkeep.errors import BadInput, NotFound
from labelkeep.media import documents, pictures, video
from labelkeep.media.cache import DiskCache, key_of
from labelkeep.media.documents import PAGE, Frame, Source
from labelkeep.media.served import Served, of_bytes, of_file, of_stream
from labelkeep.store import Store

if TYPE_CHECKING:
    from PIL.Image import Image

_OCTETS = "application/octet-stream"
PLACEHOLDER = "placeholder.jpg"


class Facts(Protocol):
    """What is asked of a task: the model's fields of these names."""

    frames_document: str
    sources_document: str
    media_type: str
    image_quality: int
    chunk_size: int | None
    compressed_chunk_type: str
    original_chunk_type: str


class Frames:
    """The frames of one task. Make one for a request: it keeps pages of the documents that it has read."""

    def __init__(self, task: Facts, store: Store, cache: DiskCache) -> None:
        if not task.frames_document:
            raise NotFound("The task has no data")
        self.task = task
        self.store = store
        self.cache = cache

    @functools.cached_property
    def index(self) -> documents.Index:
        """The frames document."""
        return documents.read_index(self.task.frames_document, self.store.get_document)

    @property
    def video(self) -> documents.Video | None:
        """The stream, where the task is a video."""
        return self.index.video

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames of images or clouds from `start` up to but not including `stop`, page by page."""
        return documents.read_frames(self.index, self.store.get_document, start, stop)

    def _one(self, number: int) -> Frame:
        if not 0 <= number < self.index.count:
            raise NotFound(f"Frame {number} is not a frame of the task, which has {self.index.count}")
        page, at = divmod(number, PAGE)
        return _page(self.store, self.index.pages[page])[at]

    # ---- single frames --------------------------------------------------------------------------------------------

    def frame(self, number: int, *, original: bool) -> Served:
        """One frame: the bytes as they were given, or upright JPEG of the task's quality. Frames of a video are PNG.

        Raises:
            NotFound: there is no such frame.
            BadInput: it cannot be decoded.
        """
        if self.video is not None:
            image = next(self._pictures([self._in_range(number)]))
            return of_bytes(pictures.png(image), "image/png")
        frame = self._one(number)
        if original or self.task.media_type == "point_cloud":
            return self._original(frame)
        return of_bytes(self._compressed(frame), "image/jpeg")

    def picture(self, number: int) -> Image:
        """One frame of a video or image as it is seen, upright, to be drawn on.

        Raises:
            NotFound: there is no such frame.
            BadInput: it cannot be decoded.
        """
        if self.video is not None:
            return next(self._pictures([self._in_range(number)]))
        with self.store.open_blob(self._one(number).blob) as file:
            return pictures.upright(file)

    def _original(self, frame: Frame) -> Served:
        def read(start: int, stop: int) -> Iterator[bytes]:
            return self.store.stream_blob(frame.blob, start, stop - start)

        return Served(media_type_of(frame.path), frame.size, read)

    def _in_range(self, number: int) -> int:
        if not 0 <= number < self.index.count:
            raise NotFound(f"Frame {number} is not a frame of the task, which has {self.index.count}")
        return number

    def _compressed(self, frame: Frame) -> bytes:
        with self.store.open_blob(frame.blob) as file:
            return pictures.jpeg(pictures.upright(file), self.task.image_quality)

    def _pictures(self, numbers: Sequence[int]) -> Iterator[Image]:
        """Frames of the video, in ascending order."""
        assert self.video is not None
        stamps = documents.read_pts(self.index, self.store.get_document, numbers[0], numbers[-1] + 1)
        wanted = set(numbers)
        pts = [stamp for number, stamp in enumerate(stamps, numbers[0]) if number in wanted]
        with self.store.open_blob(self.video.blob) as file:
            yield from video.frames(file, pts)

    # ---- context images -------------------------------------------------------------------------------------------

    def context_images(self, number: int) -> Served:
        """A zip of the related images of a frame, as JPEG.

        Raises:
            NotFound: it has none.
        """
        if self.video is not None or not (related := self._one(number).related):
            raise NotFound("No context image related to the frame")
        sources = [self._source(path) for path in related]
        key = key_of("context", [(source.path, source.blob) for source in sources])

        def make(target: BinaryIO) -> None:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
                for name, source in zip(_names(sources), sources, strict=True):
                    with self.store.open_blob(source.blob) as file:
                        archive.writestr(_member(name), pictures.jpeg(pictures.upright(file), 100))

        return of_file(self.cache.open(key, make), "application/zip")

    def _source(self, path: str) -> Source:
        """A source by its path: the pages are in order of path, so the right one is found by halving."""
        index = documents.read_index(self.task.sources_document, self.store.get_document)
        low, high = 0, len(index.pages) - 1
        while low <= high:
            middle = (low + high) // 2
            page = msgspec.json.decode(self.store.get_document(index.pages[middle]), type=list[Source])
            if path < page[0].path:
                high = middle - 1
            elif path > page[-1].path:
                low = middle + 1
            else:
                found = next((source for source in page if source.path == path), None)
                if found is not None:
                    return found
                break
        raise NotFound(f"{path} is not a file of the task")

    # ---- chunks ---------------------------------------------------------------------------------------------------

    def chunk(self, numbers: Sequence[int], *, original: bool, shown: Collection[int] | None = None) -> Served:
        """A chunk of these frames (ascending); those not in `shown`, where it is given, are placeholders.

        Raises:
            NotFound: there is no frame in the chunk.
        """
        if not numbers:
            raise NotFound("Incorrect chunk number")
        kind = self.task.original_chunk_type if original else self.task.compressed_chunk_type
        if shown is not None and not original:
            kind = "imageset"  # what a job with some frames says that its chunks are
        if self.video is not None:
            make = self._video_chunk if kind == "video" else self._picture_chunk
            key = self._key(kind, original, numbers, shown)
            media_type = "video/mp4" if kind == "video" else "application/zip"
            file = self.cache.open(key, lambda target: make(target, numbers, original, shown))
            return of_file(file, media_type, key)
        if original or self.task.media_type == "point_cloud":
            return self._original_chunk(numbers, shown)
        key = self._key("images", original, numbers, shown)
        file = self.cache.open(key, lambda target: self._image_chunk(target, numbers, shown))
        return of_file(file, "application/zip", key)

    def _key(self, kind: str, original: bool, numbers: Sequence[int], shown: Collection[int] | None) -> str:
        task = self.task
        listed = None if shown is None else sorted(shown)
        return key_of(kind, original, task.frames_document, task.image_quality, list(numbers), listed)

    def _original_chunk(self, numbers: Sequence[int], shown: Collection[int] | None) -> Served:
        """A zip of the originals, streamed from the store: sizes and checksums are known already."""
        entries = [self._entry(at, number, frame, shown) for at, (number, frame) in enumerate(self._each(numbers))]
        pages: list[Callable[[], list[layout.Entry]]] = [
            functools.partial(list, entries[at : at + layout.PAGE]) for at in range(0, len(entries), layout.PAGE)
        ]
        plan = layout.plan(pages)
        read = functools.partial(layout.stream, plan, pages, self._read_entry)
        return of_stream(read, plan.size, "application/zip", self._key("originals", True, numbers, shown))

    def _each(self, numbers: Sequence[int]) -> Iterator[tuple[int, Frame]]:
        wanted = set(numbers)
        return ((number, self._one(number)) for number in range(numbers[0], numbers[-1] + 1) if number in wanted)

    def _entry(self, at: int, number: int, frame: Frame, shown: Collection[int] | None) -> layout.Entry:
        if shown is not None and number not in shown:
            data = _placeholder()
            return layout.Entry(f"{at:06d}.jpeg", len(data), crc32(data), None)
        extension = posixpath.splitext(frame.path)[1].lower()
        return layout.Entry(f"{at:06d}{extension}", frame.size, frame.crc32, frame.blob)

    def _read_entry(self, entry: layout.Entry, start: int, length: int) -> Iterator[bytes]:
        if entry.source is None:
            return iter([_placeholder()[start : start + length]])
        return self.store.stream_blob(entry.source, start, length)

    def _image_chunk(self, target: BinaryIO, numbers: Sequence[int], shown: Collection[int] | None) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for at, (number, frame) in enumerate(self._each(numbers)):
                visible = shown is None or number in shown
                archive.writestr(_member(f"{at:06d}.jpeg"), self._compressed(frame) if visible else _placeholder())

    def _picture_chunk(
        self, target: BinaryIO, numbers: Sequence[int], original: bool, shown: Collection[int] | None
    ) -> None:
        quality = 100 if original else self.task.image_quality
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for at, (number, image) in enumerate(zip(numbers, self._pictures(numbers), strict=True)):
                visible = shown is None or number in shown
                archive.writestr(
                    _member(f"{at:06d}.jpeg"), pictures.jpeg(image, quality) if visible else _placeholder()
                )

    def _video_chunk(
        self, target: BinaryIO, numbers: Sequence[int], original: bool, shown: Collection[int] | None
    ) -> None:
        images = self._pictures(numbers)
        if shown is not None:
            images = (
                image if number in shown else pictures.black(image.size)
                for number, image in zip(numbers, images, strict=True)
            )
        target.write(video.encode(images, quality=100 if original else self.task.image_quality))

    # ---- previews -------------------------------------------------------------------------------------------------

    def preview(self, number: int = 0) -> Served:
        """A small JPEG of a frame; of a point cloud, a look from above."""
        self._in_range(number)
        key = self.preview_key(number)
        return of_file(self.cache.open(key, lambda target: _write(target, self._preview(number))), "image/jpeg")

    def preview_key(self, number: int) -> str:
        """What the preview of a frame is called in the cache: another name where it would be other bytes."""
        return key_of("preview", self.task.frames_document, number)

    def _preview(self, number: int) -> bytes:
        if self.video is not None:
            return pictures.thumbnail(next(self._pictures([number])))
        frame = self._one(number)
        with self.store.open_blob(frame.blob) as file:
            cloud = self.task.media_type == "point_cloud"
            return pictures.thumbnail(pictures.from_above(file) if cloud else pictures.upright(file, small=True))


def chunk_numbers(chunk: int, chunk_size: int, first: int, last: int) -> range:
    """The frames of a task's chunk that lie between `first` and `last`, both inclusive.

    Raises:
        BadInput: the number is negative.
    """
    if chunk < 0:
        raise BadInput(["Incorrect chunk number"])
    start = chunk * chunk_size
    return range(max(start, first), min(start + chunk_size - 1, last) + 1)


def media_type_of(path: str) -> str:
    """The media type of an original, by its extension."""
    known = {".jp2": "image/jp2", ".avif": "image/avif", ".webp": "image/webp", ".pcd": _OCTETS}
    extension = posixpath.splitext(path)[1].lower()
    return known.get(extension) or mimetypes.guess_type(path)[0] or _OCTETS


@functools.lru_cache(maxsize=4)
def _page(store: Store, name: str) -> list[Frame]:
    """A decoded page. Annotators go from frame to frame, and decoding 4096 for each would be most of the time."""
    return msgspec.json.decode(store.get_document(name), type=list[Frame])


def _names(sources: Sequence[Source]) -> list[str]:
    """Member names: the base names as .jpg; the whole path with `_` where two would be the same."""
    stems = [posixpath.splitext(posixpath.basename(source.path))[0] for source in sources]
    if len(set(stems)) != len(stems):
        stems = [source.path.replace("/", "_") for source in sources]
    return [f"{stem}.jpg" for stem in stems]


def _member(name: str) -> zipfile.ZipInfo:
    """A member without a time of its own, so that the same frames give the same bytes."""
    return zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))


@functools.cache
def _placeholder() -> bytes:
    return pictures.jpeg(pictures.black((1, 1)), 70)


def _write(target: BinaryIO, data: bytes) -> None:
    target.write(data)
