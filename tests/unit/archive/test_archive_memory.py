"""Memory does not grow with the number of members, nor with the number of shapes."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from isal.isal_zlib import crc32
from tests.support.zips import a_shape, a_task

from labelkeep.archive.annotations import Renderer
from labelkeep.archive.facts import Facts
from labelkeep.archive.labels import label_table
from labelkeep.archive.layout import PAGE, Entry, Pages, plan, stream
from labelkeep.archive.reader import open_archive


def archive_of(members: int, path: Path) -> Path:
    """An archive with very many small media, written by our own layout."""
    documents = {"task.json": json.dumps(a_task()).encode(), "annotations.json": b'[{"shapes":[]}]'}

    def page(at: int) -> Callable[[], Iterator[Entry]]:
        return lambda: (Entry(f"data/{i:07}.jpg", 1, 0xE8B7BE43, b"a") for i in range(at, min(at + PAGE, members)))

    def first() -> Iterator[Entry]:
        return (Entry(name, len(data), crc32(data), data) for name, data in documents.items())

    def read(entry: Entry, start: int, length: int) -> Iterator[bytes]:
        yield entry.source[start : start + length]

    pages: Pages = [first, *[page(at) for at in range(0, members, PAGE)]]
    with path.open("wb") as file:
        file.writelines(stream(plan(pages), pages, read))
    return path


def peak_of_opening(members: int, folder: Path) -> int:
    path = archive_of(members, folder / f"{members}.zip")
    tracemalloc.start()
    try:
        with path.open("rb") as file, open_archive(file, spool_dir=folder) as archive:
            assert archive.findings == []
            assert archive.count == members + 2
            assert sum(1 for _ in archive.members("data/")) == members
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        path.unlink()


def test_ten_times_the_members_need_no_more_memory(tmp_path: Path) -> None:
    assert peak_of_opening(20_000, tmp_path) < peak_of_opening(2_000, tmp_path) + 12 * 2**20
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_million_members_need_no_more_memory(tmp_path: Path) -> None:
    assert peak_of_opening(1_000_000, tmp_path) < 64 * 2**20


def peak_of_annotations(shapes: int, folder: Path) -> int:
    path = folder / "a.zip"
    one = json.dumps(a_shape()).encode()
    with zipfile.ZipFile(path, "w") as zip_file:
        zip_file.writestr("task.json", json.dumps(a_task()))
        zip_file.writestr("data/1.jpg", b"x")
        with zip_file.open("annotations.json", "w") as text:
            text.write(b'[{"tags":[],"tracks":[],"shapes":[' + one)
            for _ in range(shapes - 1):
                text.write(b"," + one)
            text.write(b"]}]")
    tracemalloc.start()
    try:
        return _read_annotations(path, folder, shapes)
    finally:
        tracemalloc.stop()


def _read_annotations(path: Path, folder: Path, shapes: int) -> int:
    with path.open("rb") as file, open_archive(file, spool_dir=folder) as archive:
        table = label_table(archive.labels(archive.tasks[0]))
        renderer, facts, found = Renderer(table), Facts(), 0
        for batch in archive.annotations(archive.tasks[0], table):
            found += len(batch.objects)
            renderer.render(batch.kind, batch.objects, facts)
        assert found == shapes
        assert facts.numbers == f"1-{shapes}"
    return tracemalloc.get_traced_memory()[1]


def test_five_times_the_shapes_need_no_more_memory(tmp_path: Path) -> None:
    assert peak_of_annotations(40_000, tmp_path) < peak_of_annotations(8_000, tmp_path) + 12 * 2**20


def test_an_index_in_use_by_two_readers_gives_both_their_members(tmp_path: Path) -> None:
    path = archive_of(50, tmp_path / "a.zip")
    with open_archive(io.BytesIO(path.read_bytes()), spool_dir=tmp_path) as archive:
        pairs = zip(archive.members("data/"), archive.members("data/"), strict=True)
        assert all(archive.open(one).read() == b"a" and one == other for one, other in pairs)
