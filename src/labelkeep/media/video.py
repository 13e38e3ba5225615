"""Video through PyAV: which frames a stream has, exact access to one of them, and small videos made of some.

The index is made by reading packets, not by decoding them; only a stream whose packets have no time stamps is decoded.
"""

from __future__ import annotations

import io
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO

from labelkeep.errors import BadInput
from labelkeep.media.documents import Chapter

if TYPE_CHECKING:
    from PIL.Image import Image

_KEYFRAMES = 20_000  # at most that many are kept for seeking; a stream with more is thinned
_CHAPTERS, _LONGEST_TITLE = 10_000, 1024
_ENCODERS = ("libx264", "libopenh264", "h264", "mpeg4")


@dataclass(frozen=True)
class Index:
    """The frames of a stream: `pts` of each in order of showing, and (number, pts) of the key frames."""

    width: int
    height: int
    time_base: tuple[int, int]
    pts: Sequence[int]
    keyframes: list[tuple[int, int]]
    chapters: list[Chapter]

    @property
    def length(self) -> int:
        """How many frames the stream has."""
        return len(self.pts)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[tuple[Any, Any]]:
    """The container and its first video stream, errors said in our words."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(file, mode="r") as container:
            if not container.streams.video:
                raise BadInput("cannot be read as a video: it has no video stream")
            stream = container.streams.video[0]
            stream.thread_type = "AUTO"
            yield container, stream
    except (FFmpegError, ValueError, EOFError) as error:
        raise BadInput(f"cannot be read as a video: {error}") from error


def index(file: BinaryIO) -> Index:
    """Read a stream's packets and list its frames.

    Raises:
        BadInput: it is not a video, or has no frame.
    """
    with _opened(file) as (container, stream):
        stamps, keys = _from_packets(container, stream)
        if stamps is None:
            stamps, keys = _from_frames(container, stream)
        if not stamps:
            raise BadInput("cannot be read as a video: it has no frames")
        ordered = array("q", sorted(stamps))
        width, height = _shown_size(container, stream)
        base = stream.time_base or Fraction(1, 1)
        chapters = list(_chapters(container, ordered, base))
    number_of = {pts: number for number, pts in enumerate(ordered) if pts in keys}
    keyframes = sorted((number, pts) for pts, number in number_of.items())
    thin = keyframes[:: len(keyframes) // _KEYFRAMES + 1]
    return Index(width, height, (base.numerator, base.denominator), ordered, thin, chapters)


def _chapters(container: Any, stamps: Sequence[int], base: Fraction) -> Iterator[Chapter]:
    """Chapters in order, told in frames. One in which no frame is shown is left out, as are those beyond a number that
    no maker means."""
    for chapter in container.chapters()[:_CHAPTERS]:
        unit = Fraction(chapter["time_base"] or 0) / base
        first = bisect_left(stamps, chapter["start"] * unit)
        last = bisect_left(stamps, chapter["end"] * unit) - 1
        if first <= last:
            title = str(chapter["metadata"].get("title", ""))[:_LONGEST_TITLE]
            yield Chapter(first=first, last=last, title=title)


def _from_packets(container: Any, stream: Any) -> tuple[array[int] | None, set[int]]:
    stamps, keys = array("q"), set()
    for packet in container.demux(stream):
        if packet.size == 0 or getattr(packet, "is_discard", False):
            continue
        if packet.pts is None:
            return None, set()
        stamps.append(packet.pts)
        if packet.is_keyframe:
            keys.add(packet.pts)
    return stamps, keys


def _from_frames(container: Any, stream: Any) -> tuple[array[int], set[int]]:
    stamps, keys = array("q"), set()
    container.seek(0)
    for frame in container.decode(stream):
        if frame.pts is None:
            raise BadInput("cannot be read as a video: its frames have no time stamps")
        stamps.append(frame.pts)
        if frame.key_frame:
            keys.add(frame.pts)
    return stamps, keys


def _shown_size(container: Any, stream: Any) -> tuple[int, int]:
    container.seek(0)
    for frame in container.decode(stream):
        return (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)
    raise BadInput("cannot be read as a video: its first frame cannot be decoded")


def frames(file: BinaryIO, wanted: Sequence[int]) -> Iterator[Image]:
    """The frames with these time stamps, in the order given, turned as they are shown. Seeks once; the stamps ascend.

    Raises:
        BadInput: a frame cannot be decoded.
    """
    with _opened(file) as (container, stream):
        for place in (wanted[0], min(0, stream.start_time or 0)):
            container.seek(place, stream=stream, backward=True)
            decoded = container.decode(stream)
            first = next(decoded, None)
            if first is not None and first.pts is not None and first.pts <= wanted[0]:
                break  # else the stream's own index led too far, and it is read from its beginning
        yield from _pick(first, decoded, wanted)


def _pick(frame: Any, decoded: Iterator[Any], wanted: Sequence[int]) -> Iterator[Image]:
    previous = frame
    for pts in wanted:
        while frame is not None and (frame.pts is None or frame.pts < pts):
            previous, frame = frame, next(decoded, None)
        shown = frame if frame is not None else previous
        if shown is None:
            raise BadInput(f"cannot be read as a video: no frame at {pts}")
        yield picture(shown)


def picture(frame: Any) -> Image:
    """A decoded frame as a Pillow image, turned as it is shown."""
    image: Image = frame.to_image()
    return image.rotate(frame.rotation, expand=True) if frame.rotation % 360 else image


def encode(images: Iterable[Image], *, quality: int = 70) -> bytes:
    """A small mp4 of these images, one after the other at 25 frames a second."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, mode="w", format="mp4") as container:
        stream: Any = None
        for image in images:
            if stream is None:
                stream = _stream(container, image, quality)
            even = image.convert("RGB").resize((stream.width, stream.height))
            frame = av.VideoFrame.from_image(even)  # type: ignore[no-untyped-call]
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return buffer.getvalue()


def _stream(container: Any, image: Image, quality: int) -> Any:
    import av

    name = next(name for name in _ENCODERS if name in av.codecs_available)
    stream = container.add_stream(name, rate=25)
    stream.width, stream.height = image.width // 2 * 2 or 2, image.height // 2 * 2 or 2  # yuv420p wants even sides
    stream.pix_fmt = "yuv420p"
    if name == "libx264":
        stream.options = {"preset": "ultrafast", "crf": str(round(51 - quality * 0.33))}
    return stream
