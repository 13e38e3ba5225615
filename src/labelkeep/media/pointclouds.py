"""Point clouds: the header of a PCD file, KITTI's .bin made into PCD, and a look from above for previews."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from labelkeep.errors import BadInput

_HEADER_LIMIT = 16 * 2**10
_POINT = 16  # bytes of a KITTI point: x, y, z, intensity as 32-bit floats
_BLOCK = 65536 * _POINT


class Header(NamedTuple):
    """What a PCD file says of itself; `offset` is where its data begin."""

    fields: tuple[str, ...]
    sizes: tuple[int, ...]
    types: tuple[str, ...]
    counts: tuple[int, ...]
    width: int
    height: int
    points: int
    data: str
    offset: int

    @property
    def stride(self) -> int:
        """Bytes of a point in binary data."""
        return sum(size * count for size, count in zip(self.sizes, self.counts, strict=True))


def read_header(file: BinaryIO) -> Header:
    """Read the header of a PCD file.

    Raises:
        BadInput: it has none, or one that contradicts itself.
    """
    values: dict[str, list[str]] = {}
    used = 0
    while "DATA" not in values:
        line = file.readline(_HEADER_LIMIT)
        used += len(line)
        if not line or used > _HEADER_LIMIT:
            raise BadInput("cannot be read as a point cloud: the header does not end")
        words = line.split(b"#")[0].decode("ascii", "replace").split()
        if words:
            values[words[0].upper()] = words[1:]
    try:
        return _header(values, used)
    except (KeyError, ValueError, IndexError) as error:
        raise BadInput(f"cannot be read as a point cloud: {error}") from error


def _header(values: dict[str, list[str]], offset: int) -> Header:
    fields = tuple(values.get("FIELDS") or values["COLUMNS"])
    width, height = int(values["WIDTH"][0]), int(values["HEIGHT"][0])
    points = int(values["POINTS"][0]) if "POINTS" in values else width * height
    counts = tuple(int(text) for text in values.get("COUNT", ["1"] * len(fields)))
    sizes = tuple(int(text) for text in values["SIZE"])
    types = tuple(text.upper() for text in values["TYPE"])
    if not len(fields) == len(sizes) == len(types) == len(counts):
        raise ValueError("FIELDS, SIZE, TYPE and COUNT differ in length")
    if width < 0 or height < 0 or points != width * height:
        raise ValueError("POINTS is not WIDTH times HEIGHT")
    return Header(fields, sizes, types, counts, width, height, points, values["DATA"][0].lower(), offset)


def cloud_size(file: BinaryIO) -> tuple[int, int]:
    """WIDTH and HEIGHT of a PCD file, which is what CVAT reports as the frame's size."""
    header = read_header(file)
    return header.width, header.height


def convert_bin(file: BinaryIO, size: int) -> Iterator[bytes]:
    """A KITTI .bin file as PCD, block by block.

    Raises:
        BadInput: its size is not a whole number of points.
    """
    if size == 0 or size % _POINT:
        raise BadInput("cannot be read as a KITTI point cloud: its size is not a whole number of points")
    count = size // _POINT
    yield (
        "# .PCD v0.7 - Point Cloud Data file format\nVERSION 0.7\nFIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\n"
        f"COUNT 1 1 1 1\nWIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA binary\n"
    ).encode()
    while block := file.read(_BLOCK):
        yield block


def positions(file: BinaryIO, *, most: int = 20_000) -> list[tuple[float, float, float]]:
    """Up to `most` points, taken evenly; none where the data are compressed or have no x, y, z."""
    header = read_header(file)
    if not {"x", "y", "z"} <= set(header.fields) or header.data not in ("ascii", "binary"):
        return []
    step = max(1, header.points // most)
    rows = _binary_rows(file, header) if header.data == "binary" else _ascii_rows(file, header)
    return [point for number, point in enumerate(rows) if number % step == 0][:most]


def _ascii_rows(file: BinaryIO, header: Header) -> Iterator[tuple[float, float, float]]:
    columns = [sum(header.counts[: header.fields.index(name)]) for name in "xyz"]
    for line in file:
        words = line.split()
        try:
            x, y, z = (float(words[column]) for column in columns)
        except (IndexError, ValueError):
            continue
        yield x, y, z


def _binary_rows(file: BinaryIO, header: Header) -> Iterator[tuple[float, float, float]]:
    letters = {("F", 4): "f", ("F", 8): "d", ("U", 1): "B", ("U", 2): "H", ("U", 4): "I", ("U", 8): "Q"}
    letters |= {("I", 1): "b", ("I", 2): "h", ("I", 4): "i", ("I", 8): "q"}
    try:
        form = "<" + "".join(
            letters[kind, size] * count
            for kind, size, count in zip(header.types, header.sizes, header.counts, strict=True)
        )
    except KeyError:
        return
    columns = [sum(header.counts[: header.fields.index(name)]) for name in "xyz"]
    unpack = struct.Struct(form)
    while block := file.read(unpack.size * 4096):
        for values in unpack.iter_unpack(block[: len(block) // unpack.size * unpack.size]):
            yield values[columns[0]], values[columns[1]], values[columns[2]]
