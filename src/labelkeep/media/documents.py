"""Sources and frames documents: what a task is made of, and which frame shows what (design §1).

Both are an *index document* that names *page documents* of at most PAGE entries, so that a million frames are read page
by page and frame n is found by division. Documents are canonical JSON (msgspec field order, defaults left out).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

import msgspec

PAGE = 4096  # entries a page

Put = Callable[[bytes], str]  # keeps a document, returns its name
Get = Callable[[str], bytes]

Role = Literal["frame", "related", "manifest", "video", "other"]


class Source(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One raw file as it was given, those outside start/stop/step included. `path` is relative, with `/`."""

    path: str
    role: Role
    blob: str = ""  # "b3:…"; empty where the bytes are only referenced
    size: int = 0
    crc32: int = 0
    width: int = 0
    height: int = 0
    mtime: int = 0  # seconds since 1970, 0 unknown


class Frame(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One frame of an image or point cloud task. A path may come twice (honeypots show a pool image again)."""

    path: str
    blob: str = ""
    size: int = 0
    crc32: int = 0
    width: int = 0
    height: int = 0
    related: list[str] = []  # paths of related (context) images, sorted


class Chapter(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A stretch of the whole stream that its maker gave a title: frames `first` to `last`, both inclusive."""

    first: int
    last: int
    title: str = ""


class Video(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The stream that a video task shows; page entries are then the pts of each frame, in stream time base."""

    path: str
    blob: str
    size: int
    crc32: int
    width: int
    height: int
    time_base: tuple[int, int]
    length: int  # frames of the whole stream
    keyframes: list[tuple[int, int]] = []  # (frame number, pts), for seeking
    chapters: list[Chapter] = []


class Index(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The document a task names. `pages` are in order; all but the last hold exactly PAGE entries."""

    kind: Literal["sources", "frames", "video-frames"]
    version: Literal[1] = 1
    count: int
    pages: list[str]
    video: Video | None = None
    size: int = 0  # sum of the entries' sizes, in bytes (sources)


def write(
    kind: Literal["sources", "frames", "video-frames"],
    entries: Iterable[Source] | Iterable[Frame] | Iterable[int],
    put: Put,
    *,
    video: Video | None = None,
) -> str:
    """Keep `entries` page by page; return the name of the index document."""
    pages: list[str] = []
    page: list[Source | Frame | int] = []
    count = size = 0
    for entry in entries:
        page.append(entry)
        count += 1
        size += getattr(entry, "size", 0)
        if len(page) == PAGE:
            pages.append(put(msgspec.json.encode(page)))
            page = []
    if page:
        pages.append(put(msgspec.json.encode(page)))
    return put(msgspec.json.encode(Index(kind=kind, count=count, pages=pages, video=video, size=size)))


def read_index(name: str, get: Get) -> Index:
    """Read an index document."""
    return msgspec.json.decode(get(name), type=Index)


def read_sources(index: Index, get: Get) -> Iterator[Source]:
    """All sources in order, one page in memory at a time."""
    for name in index.pages:
        yield from msgspec.json.decode(get(name), type=list[Source])


def read_frames(index: Index, get: Get, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
    """Frames `start` up to but not including `stop`; only the pages that hold them are read."""
    stop = index.count if stop is None else min(stop, index.count)
    for page in range(start // PAGE, (stop + PAGE - 1) // PAGE):
        frames = msgspec.json.decode(get(index.pages[page]), type=list[Frame])
        yield from frames[max(0, start - page * PAGE) : stop - page * PAGE]


def read_pts(index: Index, get: Get, start: int = 0, stop: int | None = None) -> Iterator[int]:
    """Presentation time stamps of video frames `start` up to but not including `stop`."""
    stop = index.count if stop is None else min(stop, index.count)
    for page in range(start // PAGE, (stop + PAGE - 1) // PAGE):
        stamps = msgspec.json.decode(get(index.pages[page]), type=list[int])
        yield from stamps[max(0, start - page * PAGE) : stop - page * PAGE]


def replaced(name: str, frames: Mapping[int, Frame], get: Get, put: Put) -> str:
    """Keep a frames document that shows these frames at these numbers; pages without a change are shared."""
    index = read_index(name, get)
    pages, size = list(index.pages), index.size
    by_page: dict[int, list[int]] = {}
    for number in sorted(frames):
        by_page.setdefault(number // PAGE, []).append(number)
    for page, numbers in by_page.items():
        shown = msgspec.json.decode(get(pages[page]), type=list[Frame])
        for number in numbers:
            size += frames[number].size - shown[number % PAGE].size
            shown[number % PAGE] = frames[number]
        pages[page] = put(msgspec.json.encode(shown))
    return put(msgspec.json.encode(msgspec.structs.replace(index, pages=pages, size=size)))
