"""The layout of any members: every range is a slice of the whole, and other people's readers read it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from isal.isal_zlib import crc32

from labelkeep.archive.layout import Entry, Layout, Pages, plan, stream
from labelkeep.archive.members import Members
from labelkeep.archive.reports import Report
from labelkeep.archive.safety import Limits

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='/\\:."'), min_size=1, max_size=12
).map(lambda text: f"data/{text}")
TIMES = st.one_of(st.just(0), st.integers(315532802, 2**32 - 1))
MEMBERS = st.dictionaries(NAMES, st.tuples(st.binary(max_size=300), TIMES), max_size=12)


def paged(entries: list[Entry], size: int) -> Pages:
    def page(at: int) -> Callable[[], list[Entry]]:
        return lambda: entries[at : at + size]

    return [page(at) for at in range(0, len(entries), size)]


def entries_of(members: dict[str, tuple[bytes, int]]) -> list[Entry]:
    return [Entry(name, len(data), crc32(data), data, mtime) for name, (data, mtime) in members.items()]


def read(entry: Entry, start: int, length: int) -> Iterator[bytes]:
    data: bytes = entry.source
    for at in range(start, start + length, 7):
        yield data[at : min(at + 7, start + length)]


@settings(deadline=None)
@given(MEMBERS, st.integers(1, 5), st.data())
def test_any_range_is_a_slice_of_the_whole(
    members: dict[str, tuple[bytes, int]], size: int, data: st.DataObject
) -> None:
    pages = paged(entries_of(members), size)
    layout = plan(pages)
    whole = b"".join(stream(layout, pages, read))
    assert len(whole) == layout.size
    start = data.draw(st.integers(0, layout.size))
    stop = data.draw(st.integers(start, layout.size))
    assert b"".join(stream(layout, pages, read, start, stop)) == whole[start:stop]


@settings(deadline=None)
@given(MEMBERS, st.integers(1, 5))
def test_the_standard_library_reads_it(members: dict[str, tuple[bytes, int]], size: int) -> None:
    pages = paged(entries_of(members), size)
    whole = b"".join(stream(plan(pages), pages, read))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {n: d for n, (d, _) in members.items()}
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


@settings(max_examples=50, deadline=None)
@given(MEMBERS.filter(bool))
def test_our_own_reader_reads_it_times_included(members: dict[str, tuple[bytes, int]]) -> None:
    pages = paged(entries_of(members), 4)
    file = io.BytesIO(b"".join(stream(plan(pages), pages, read)))
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        found = Members(file, Path(folder), Limits(), report)
        try:
            assert {m.name: (found.open(m).read(), m.mtime) for m in found.members()} == members
            assert not report.has_errors
        finally:
            found.close()


@settings(deadline=None)
@given(MEMBERS, st.integers(1, 5))
def test_the_same_entries_give_the_same_bytes_and_pages_do_not_show(
    members: dict[str, tuple[bytes, int]], size: int
) -> None:
    one, other = paged(entries_of(members), size), paged(entries_of(members), 12)
    assert b"".join(stream(plan(one), one, read)) == b"".join(stream(plan(other), other, read))


@settings(deadline=None)
@given(MEMBERS, st.integers(1, 5))
def test_a_layout_survives_being_kept_as_json(members: dict[str, tuple[bytes, int]], size: int) -> None:
    layout = plan(paged(entries_of(members), size))
    assert msgspec.json.decode(msgspec.json.encode(layout), type=Layout) == layout
