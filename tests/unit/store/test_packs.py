"""Packs: any unzip opens them, and the same members give the same bytes."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from backports import zstd
from isal.isal_zlib import crc32

from labelkeep.errors import Damaged
from labelkeep.store import open_backend
from labelkeep.store.codec import compress, decompress
from labelkeep.store.names import name_of
from labelkeep.store.packs import MEMBERS, PackWriter, locations, read_index

CONTENTS = [b"", b"x", b"hello" * 1000]
DOCUMENT = b'{"a": 1}'


def a_pack() -> tuple[bytes, bytes]:
    pack = PackWriter()
    for content in CONTENTS:
        pack.add(name_of(content), "blob", content, len(content), crc32(content))
    pack.add(name_of(DOCUMENT), "document", compress(DOCUMENT), len(DOCUMENT), crc32(DOCUMENT))
    pieces, index = pack.close()
    return b"".join(pieces), index


def test_an_ordinary_unzip_library_reads_a_pack() -> None:
    data, _ = a_pack()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert [file.read(item) for item in file.infolist()[:3]] == CONTENTS
        assert all(item.compress_type == zipfile.ZIP_STORED for item in file.infolist())
        names = ["b3-" + name_of(content)[3:] for content in CONTENTS]
        assert file.namelist() == [*names, f"b3-{name_of(DOCUMENT)[3:]}.zst"]
        assert zstd.decompress(file.read(file.infolist()[3])) == DOCUMENT


def test_the_unzip_program_tests_a_pack(tmp_path: Path) -> None:
    (tmp_path / "pack.zip").write_bytes(a_pack()[0])
    assert subprocess.run(["unzip", "-tq", tmp_path / "pack.zip"], capture_output=True).returncode == 0


def test_the_same_members_give_the_same_bytes() -> None:
    assert a_pack() == a_pack()


def test_the_bytes_of_a_pack_have_not_changed_since_format_1() -> None:
    pack = PackWriter()
    for content in CONTENTS:
        pack.add(name_of(content), "blob", content, len(content), crc32(content))
    assert name_of(b"".join(pack.close()[0])) == "b3:c56f79e8f760712a2bef28ad7edd6879ecc4ca8cf44e6503eb9b84cbd1af2bc9"


def test_the_index_says_where_each_member_lies() -> None:
    backend = open_backend("memory://")
    data, index = a_pack()
    backend.put("index/x", [index])
    read = read_index(backend, "index/x")
    assert read.size == len(data)
    for location, content in zip(locations(read, "packs/x"), CONTENTS, strict=False):
        assert data[location.offset :][: location.stored_size] == content
        assert (location.name, location.size, location.crc32) == (name_of(content), len(content), crc32(content))


def test_a_pack_stays_far_below_what_a_plain_zip_can_count() -> None:
    pack = PackWriter()
    for _ in range(MEMBERS):
        assert not pack.full
        pack.add(name_of(b""), "blob", b"", 0, 0)
    assert pack.full
    assert MEMBERS < 0xFFFF


@pytest.mark.parametrize("data", [b"", b"no frame", compress(b"abc")[:-3], zstd.compress(b"abc")[:2]])
def test_a_broken_frame_is_damage(data: bytes) -> None:
    with pytest.raises(Damaged, match="index/x"):
        decompress(data, "index/x")


def test_a_frame_that_would_fill_the_memory_is_damage() -> None:
    bomb = zstd.ZstdCompressor()
    data = b"".join(bomb.compress(bytes(2**20)) for _ in range(600)) + bomb.flush()
    with pytest.raises(Damaged, match="too large"):
        decompress(data, "bomb")


def test_an_index_of_another_shape_is_damage() -> None:
    backend = open_backend("memory://")
    backend.put("index/x", [compress(b'{"kind": "index", "version": 2}')])
    with pytest.raises(Damaged, match="cannot be understood"):
        read_index(backend, "index/x")
