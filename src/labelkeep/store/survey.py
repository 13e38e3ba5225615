"""Survey: read a pack's own directory where its index object is lost or damaged.

A document's size and CRC-32 stand in the index only, so its member is read.
"""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO, cast

from isal.isal_zlib import crc32 as crc32_of

from labelkeep.errors import BadInput, Damaged
from labelkeep.store.backends.base import Reader
from labelkeep.store.catalog import Kind
from labelkeep.store.codec import decompress
from labelkeep.store.names import from_hex
from labelkeep.store.packs import Index, Member
from labelkeep.store.reading import RangeFile

_HEADER = 30  # bytes of a local header before the member's name; our packs have no extra fields


def survey(backend: Reader, pack_key: str, size: int) -> Index:
    """The index of a pack of `size` bytes, made from its directory.

    Raises:
        Missing: there is no such pack.
        Damaged: its directory cannot be understood.
    """
    file = cast(BinaryIO, io.BufferedReader(RangeFile([(pack_key, 0, size)], backend), 2**16))
    try:
        with zipfile.ZipFile(file) as directory:
            return Index(size=size, members=[_member(backend, pack_key, item) for item in directory.infolist()])
    except (zipfile.BadZipFile, BadInput, ValueError, NotImplementedError) as error:
        raise Damaged(f"{pack_key} has no index, and its directory cannot be understood: {error}") from error


def _member(backend: Reader, pack_key: str, item: zipfile.ZipInfo) -> Member:
    kind: Kind = "document" if item.filename.endswith(".zst") else "blob"
    name = from_hex(item.filename.removeprefix("b3-").removesuffix(".zst"))
    offset = item.header_offset + _HEADER + len(item.filename)
    if kind == "blob":
        return Member(name, kind, item.file_size, item.file_size, item.CRC, offset)
    data = decompress(backend.get_range(pack_key, offset, item.file_size), name)
    return Member(name, kind, len(data), item.file_size, crc32_of(data), offset)
