"""Pictures as annotators see them, and the cache that keeps them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image
from tests.support import media

from labelkeep.errors import BadInput
from labelkeep.media import pictures, pointclouds, probe
from labelkeep.media.cache import DiskCache, key_of


def test_sixteen_bits_are_scaled_so_that_the_brightest_is_white() -> None:
    image = pictures.upright(io.BytesIO(media.deep_bytes("png")))
    assert image.mode == "RGB"
    assert image.getpixel((31, 10)) == (255, 255, 255)
    assert image.getpixel((0, 10)) == (0, 0, 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_image_is_shown_upright(orientation: int) -> None:
    data = media.image_bytes(3, "jpg", (64, 48), orientation)
    wanted = (48, 64) if orientation >= 5 else (64, 48)
    assert pictures.upright(io.BytesIO(data)).size == wanted
    assert probe.image_size(io.BytesIO(data)) == wanted


@pytest.mark.parametrize("extension", ["png", "webp", "tif", "avif"])
def test_the_size_of_a_header_is_the_size_that_is_shown(extension: str) -> None:
    data = media.image_bytes(3, extension, (64, 48), 6)
    assert probe.image_size(io.BytesIO(data)) == pictures.upright(io.BytesIO(data)).size


def test_a_header_is_enough_to_know_the_size() -> None:
    data = media.image_bytes(0, "jpg", (640, 480))
    assert probe.image_size(io.BytesIO(data[:800])) == (640, 480)


def test_half_an_image_cannot_be_shown() -> None:
    data = media.image_bytes(0, "png", (640, 480))
    with pytest.raises(BadInput, match="cannot be decoded"):
        pictures.upright(io.BytesIO(data[: len(data) // 2]))


def test_an_image_of_too_many_pixels_is_refused_by_its_header() -> None:
    header = bytearray(media.image_bytes(0, "bmp"))
    header[18:26] = (60_000).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
    with pytest.raises(BadInput, match="pixels"):
        probe.image_size(io.BytesIO(bytes(header)))


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_not_an_image_is_said_so(data: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be read as an image"):
        probe.image_size(io.BytesIO(data))


@pytest.mark.parametrize("data", ["ascii", "binary"])
def test_a_cloud_is_seen_from_above(data: str) -> None:
    image = pictures.from_above(io.BytesIO(media.pcd_bytes(60, data)))
    assert image.size == (256, 256)
    colours = image.getcolors(70_000)
    assert colours is not None
    assert len(colours) > 10


def test_the_points_of_a_cloud_are_read() -> None:
    for data in ("ascii", "binary"):
        found = pointclouds.positions(io.BytesIO(media.pcd_bytes(60, data)))
        assert found == [pytest.approx(point, rel=1e-5) for point in media.points(60)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"FIELDS x y z\n",
        b"FIELDS x\nSIZE 4\nTYPE F\nWIDTH 2\nHEIGHT 2\nPOINTS 3\nDATA ascii\n",
        b"FIELDS x y\nSIZE 4\nTYPE F F\nWIDTH 1\nHEIGHT 1\nDATA ascii\n",
        b"FIELDS x\nSIZE 4\nTYPE F\nWIDTH many\nHEIGHT 1\nDATA ascii\n",
        b"#" * 50_000,
    ],
)
def test_a_header_that_is_none_is_said_so(data: bytes) -> None:
    with pytest.raises(BadInput, match="cannot be read as a point cloud"):
        pointclouds.read_header(io.BytesIO(data))


def test_half_a_point_is_not_a_cloud() -> None:
    with pytest.raises(BadInput, match="whole number of points"):
        list(pointclouds.convert_bin(io.BytesIO(b"x" * 17), 17))


def test_what_was_made_once_is_not_made_again(tmp_path: Path) -> None:
    cache, made = DiskCache(tmp_path), []

    def make(target: BinaryIO) -> None:
        made.append(1)
        target.write(b"bytes")

    for _ in range(3):
        with cache.open(key_of("a", 1), make) as file:
            assert file.read() == b"bytes"
    assert made == [1]


def test_a_failed_making_leaves_nothing(tmp_path: Path) -> None:
    def fail(target: BinaryIO) -> None:
        target.write(b"half")
        raise BadInput("no")

    with pytest.raises(BadInput):
        DiskCache(tmp_path).open(key_of("b"), fail)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_the_oldest_go_when_there_is_no_room(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, limit=250)
    for number in range(5):
        cache.open(key_of(number), lambda target: target.write(b"x" * 100) and None).close()
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) <= 250
    with cache.open(key_of(4), lambda target: pytest.fail("the newest was evicted")) as file:
        assert len(file.read()) == 100


def test_a_preview_keeps_proportions() -> None:
    assert Image.open(io.BytesIO(pictures.thumbnail(media.image(0, (1000, 500))))).size == (256, 128)
    assert Image.open(io.BytesIO(pictures.thumbnail(media.image(0, (10, 20))))).size == (10, 20)
