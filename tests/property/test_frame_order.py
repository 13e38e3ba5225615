"""Whatever the names and numbers: orders are total, selections exact, pages seamless."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from labelkeep.errors import BadInput
from labelkeep.media import documents, manifest_file
from labelkeep.media.assemble import Settings, assemble, order_of_jobs, select
from labelkeep.media.documents import Source
from labelkeep.media.frames import chunk_numbers
from labelkeep.media.sorting import natural_key, sort_key
from labelkeep.media.tree import checked, relative, root_of

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=12)
PATHS = st.lists(NAMES.filter(lambda name: name.strip(".") != ""), min_size=1, max_size=4).map("/".join)


def files(paths: list[str]) -> list[Source]:
    return [Source(path=f"{path}.png", role="other") for path in paths]


@given(st.lists(PATHS, min_size=1, max_size=30, unique=True), st.randoms())
def test_an_order_does_not_depend_on_arrival(paths: list[str], chance: object) -> None:
    for sorting in ("lexicographical", "natural", "random"):
        shuffled = list(paths)
        chance.shuffle(shuffled)  # type: ignore[attr-defined]
        wanted = [path for path in paths if "related_images" not in path.split("/")]
        if not wanted:
            return
        settings = Settings(sorting=sorting, seed=5)
        with assemble(files(paths), settings) as one, assemble(files(shuffled), settings) as other:
            first = [frame.path for frame in one.frames()]
            assert first == [frame.path for frame in other.frames()]
            assert sorted(first) == sorted(f"{path}.png" for path in wanted)


@given(st.lists(PATHS, max_size=20))
def test_lexicographical_is_the_order_of_python(paths: list[str]) -> None:
    assert sorted(paths, key=lambda path: sort_key(path, "lexicographical")) == sorted(paths)


@given(NAMES, st.lists(st.integers(0, 10**12), min_size=2, max_size=10))
def test_natural_order_counts(prefix: str, numbers: list[int]) -> None:
    prefix = prefix.rstrip("0123456789") + "_"
    ordered = sorted((f"{prefix}{number}.png" for number in numbers), key=natural_key)
    assert [int(name.removeprefix(prefix).removesuffix(".png")) for name in ordered] == sorted(numbers)


@given(st.text(max_size=10), st.text(min_size=1, max_size=5))
def test_in_natural_order_a_beginning_comes_first(text: str, more: str) -> None:
    text, more = text.replace("\0", "").rstrip("0123456789"), more.replace("\0", "") or "x"
    if not any(char.isdigit() for char in text + more):
        try:
            assert natural_key(text) <= natural_key(text + more)
        except UnicodeEncodeError:
            return


@given(st.integers(1, 500), st.integers(0, 500), st.none() | st.integers(0, 600), st.integers(1, 50))
def test_selection_is_that_of_a_range(count: int, start: int, stop: int | None, step: int) -> None:
    last = count - 1 if stop is None else min(stop, count - 1)
    wanted = range(start, last + 1, step)
    try:
        size, normal = select(count, start, stop, step)
    except BadInput:
        assert not wanted
        return
    assert (size, normal) == (len(wanted), wanted[-1])


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 299), st.integers(0, 299))
def test_chunks_cover_a_job_once(size: int, chunk: int, one: int, other: int) -> None:
    first, last = min(one, other), min(max(one, other), size - 1)
    seen = [number for at in range(size // chunk + 1) for number in chunk_numbers(at, chunk, first, last)]
    assert seen == list(range(first, last + 1))


@given(st.integers(0, 9000), st.integers(0, 9000), st.integers(0, 9000))
def test_pages_are_read_without_a_seam(count: int, start: int, stop: int) -> None:
    kept: dict[str, bytes] = {}

    def put(data: bytes) -> str:
        kept[str(len(kept))] = data
        return str(len(kept) - 1)

    index = documents.read_index(documents.write("video-frames", range(count), put), kept.__getitem__)
    assert list(documents.read_pts(index, kept.__getitem__, start, stop)) == list(range(count))[start:stop]


@given(st.lists(st.lists(NAMES, min_size=1, max_size=5), min_size=1, max_size=5))
def test_jobs_with_files_state_the_order(lists: list[list[str]]) -> None:
    jobs, start = [], 0
    for names in lists:
        jobs += [(start, names), (start, names)]  # a replica says the same again
        start += len(names)
    assert order_of_jobs(jobs) == [name for names in lists for name in names]


@given(st.lists(PATHS, min_size=1, max_size=20, unique=True), PATHS)
def test_a_tree_keeps_its_shape_wherever_it_lay(paths: list[str], place: str) -> None:
    names = [f"/{place}/top/{path}" for path in paths]
    shapes = [relative(name, root_of(names)) for name in names]
    assert len(set(shapes)) == len(paths)
    for path, shape in zip(paths, shapes, strict=True):
        assert path.endswith(shape)
        assert checked(shape) == shape


@given(st.lists(st.tuples(PATHS, st.integers(1, 9999), st.integers(1, 9999), st.lists(PATHS, max_size=3)), max_size=20))
def test_a_manifest_is_read_as_it_was_written(rows: list[tuple[str, int, int, list[str]]]) -> None:
    entries = [manifest_file.Entry(f"{path}.png", width, height, tuple(more)) for path, width, height, more in rows]
    written = b"".join(manifest_file.write(entries))
    assert list(manifest_file.read(io.BytesIO(written))) == entries
