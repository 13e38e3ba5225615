"""Large and odd layouts: Zip64 in all its places, bounded memory, members that break their promise."""

from __future__ import annotations

import io
import subprocess
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from isal.isal_zlib import crc32

from labelkeep.archive.layout import PAGE, PIECE, Entry, Pages, plan, stream
from labelkeep.archive.members import Members
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import Limits
from labelkeep.errors import Damaged

LARGE = 5 * 2**30
ZEROS = bytes(2**20)


def read(entry: Entry, start: int, length: int) -> Iterator[bytes]:
    """Bytes of the source, or zeros where there is none."""
    if entry.source is not None:
        yield entry.source[start : start + length]
        return
    while length > 0:
        yield ZEROS[: min(length, len(ZEROS))]
        length -= len(ZEROS)


def many(count: int) -> Pages:
    """Pages of empty members, made when they are asked for."""

    def page(at: int) -> Callable[[], Iterator[Entry]]:
        return lambda: (Entry(f"data/{i:06}.jpg", 0, 0) for i in range(at, min(at + PAGE, count)))

    return [page(at) for at in range(0, count, PAGE)]


def whole(pages: Pages) -> bytes:
    return b"".join(stream(plan(pages), pages, read))


@pytest.mark.parametrize("count", [65_534, 65_535, 65_536, 70_001])
def test_more_members_than_the_old_format_can_count(count: int, tmp_path: Path) -> None:
    data = whole(many(count))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert len(archive.namelist()) == count
    report = Report()
    found = Members(io.BytesIO(data), tmp_path, Limits(), report)
    assert (found.count, report.findings) == (count, [])
    found.close()


class Sparse(io.RawIOBase):
    """An archive as a file whose bytes are made when they are read."""

    def __init__(self, pages: Pages) -> None:
        self._pages, self._layout, self._at = pages, plan(pages), 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = {0: 0, 1: self._at, 2: self._layout.size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        stop = self._layout.size if size < 0 else self._at + size
        found = b"".join(stream(self._layout, self._pages, read, self._at, stop))
        self._at += len(found)
        return found


def test_a_member_of_5_gib_and_one_behind_it_are_read_by_others(tmp_path: Path) -> None:
    video = Entry("data/video.mp4", LARGE, 0x12345678)
    pages: Pages = [lambda: [video, Entry("data/after.txt", 5, crc32(b"hello"), b"hello")]]
    file = Sparse(pages)
    with zipfile.ZipFile(file) as archive:
        assert archive.getinfo("data/video.mp4").file_size == LARGE
        assert archive.read("data/after.txt") == b"hello"
    report = Report()
    found = Members(file, tmp_path, Limits(), report)  # type: ignore[arg-type]
    after = found.find("data/after.txt")
    assert after is not None
    assert found.open(after).read() == b"hello"
    assert [(member.name, member.size) for member in found.members()] == [
        ("data/video.mp4", LARGE),
        ("data/after.txt", 5),
    ]
    assert report.findings == []
    found.close()


def test_a_range_deep_in_a_large_member_reads_only_that() -> None:
    asked: list[tuple[int, int]] = []

    def counting(entry: Entry, start: int, length: int) -> Iterator[bytes]:
        asked.append((start, length))
        yield from read(entry, start, length)

    pages: Pages = [lambda: [Entry("v", LARGE, 0)]]
    found = b"".join(stream(plan(pages), pages, counting, 3 * 2**30, 3 * 2**30 + 10))
    assert found == bytes(10)
    assert asked == [(3 * 2**30 - (30 + 1 + 20), 10)]


def test_only_the_pages_in_the_range_are_read() -> None:
    seen: list[int] = []

    def page(number: int) -> Callable[[], list[Entry]]:
        def entries() -> list[Entry]:
            seen.append(number)
            return [Entry(f"{number}", 3, crc32(b"abc"), b"abc")]

        return entries

    pages = [page(number) for number in range(5)]
    layout = plan(pages)
    seen.clear()
    list(stream(layout, pages, read, layout.pages[0].local + 5, layout.pages[0].local + 8))
    assert seen == [1]


def test_memory_is_bounded_by_a_page() -> None:
    peaks = []
    for count in (PAGE, 10 * PAGE):
        pages = many(count)
        tracemalloc.start()
        for _ in stream(plan(pages), pages, read):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2**20  # ten pages at once would be ten times the first


@pytest.mark.parametrize("data", [b"ab", b"abcd"])
def test_a_member_that_breaks_its_promise_stops_the_stream(data: bytes) -> None:
    pages: Pages = [lambda: [Entry("x", 3, 0, data)]]

    def all_of_it(entry: Entry, start: int, length: int) -> Iterator[bytes]:
        yield entry.source

    with pytest.raises(Damaged, match="x has"):
        list(stream(plan(pages), pages, all_of_it))


def test_small_pieces_are_joined_and_large_ones_pass() -> None:
    def small(entry: Entry, start: int, length: int) -> Iterator[bytes]:
        yield from (b"x" * 1000 for _ in range(length // 1000))

    pages: Pages = [lambda: [Entry("x", 1_000_000, 0)]]
    sizes = [len(piece) for piece in stream(plan(pages), pages, small)]
    assert all(size >= PIECE for size in sizes[:-1])


def test_a_page_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 4096"):
        plan([lambda: [Entry(str(i), 0, 0) for i in range(PAGE + 1)]])


@pytest.mark.parametrize("name", ["", "x" * 70_000])
def test_a_name_that_no_zip_can_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no length"):
        plan([lambda: [Entry(name, 0, 0)]])


def test_an_archive_of_nothing_is_a_zip() -> None:
    assert zipfile.ZipFile(io.BytesIO(whole([]))).namelist() == []


def test_unzip_finds_nothing_wrong(tmp_path: Path) -> None:
    data = b"some bytes" * 1000
    names = ["data/картинка один.jpg", "data/emoji 🚀.jpg", "task.json"]
    pages: Pages = [lambda: [Entry(name, len(data), crc32(data), data, 1_700_000_001) for name in names]]
    path = tmp_path / "archive.zip"
    path.write_bytes(whole(pages))
    result = subprocess.run(["unzip", "-t", path], capture_output=True, text=True, check=False)
    assert result.returncode == 0
    assert "No errors detected" in result.stdout
    assert "warning" not in result.stdout + result.stderr
