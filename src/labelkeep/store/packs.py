"""Packs: many small members in one object, a plain zip that any unzip opens.

A pack is written once, from memory, and never changes. Its bytes follow from its members alone: STORED, no extra
fields, the date of 1980, members in the order in which they came. It is bounded (`ROOM` bytes and `MEMBERS`
members, none above `LONE`), so it never needs zip64. A blob's member is called `b3-<hash>`, a document's
`b3-<hash>.zst`.

Beside each pack lies an index object that says the same as the zip's directory, and the size and CRC-32 of the content.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator
from typing import Literal

import msgspec
from isal.isal_zlib import crc32 as crc32_of

from labelkeep.errors import Damaged
from labelkeep.store.backends.base import Reader
from labelkeep.store.catalog import Kind, Location
from labelkeep.store.codec import compress, decompress
from labelkeep.store.keys import index_of
from labelkeep.store.names import hex_of

LONE = 4 * 2**20  # larger ones stand alone
ROOM = 32 * 2**20  # a pack is closed when its members reach this
MEMBERS = 8192  # or this many; keeps an index small, and zip's 16-bit count far away

_LOCAL = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL = struct.Struct("<4sBBHHHHHLLLHHHHHLL")
_END = struct.Struct("<4sHHHHLLH")
_DATE = 0x21  # 1980-01-01, the first day that a zip can say
_VERSION = 20
_UNIX = 3
_MODE = 0o100644 << 16


class Member(msgspec.Struct, array_like=True, frozen=True):
    """One member, as an index tells of it."""

    name: str
    kind: Kind
    size: int
    stored_size: int
    crc32: int  # of the content; a document's zip member carries the CRC of its compressed bytes
    offset: int


class Index(msgspec.Struct, kw_only=True):
    """What an index object holds."""

    kind: Literal["index"] = "index"
    version: Literal[1] = 1
    size: int  # of the pack, in bytes
    members: list[Member]


class PackWriter:
    """Gathers the members of one pack in memory; `pieces` are then the bytes of the zip."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self._pieces: list[bytes] = []
        self._central: list[bytes] = []
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether it should be closed before more is added."""
        return self._size >= ROOM or len(self.members) >= MEMBERS

    def add(self, name: str, kind: Kind, stored: bytes, size: int, crc32: int) -> Member:
        """Append a member whose bytes in the pack are `stored`."""
        title = member_title(name, kind).encode("ascii")
        stored_crc = crc32 if kind == "blob" else crc32_of(stored)
        facts = (0, 0, 0, _DATE, stored_crc, len(stored), len(stored), len(title), 0)
        local = _LOCAL.pack(b"PK\3\4", _VERSION, *facts)
        self._central.append(
            _CENTRAL.pack(b"PK\1\2", _VERSION, _UNIX, _VERSION, *facts, 0, 0, 0, _MODE, self._size) + title
        )
        member = Member(name, kind, size, len(stored), crc32, self._size + len(local) + len(title))
        self._pieces += (local + title, stored)
        self.members.append(member)
        self._size = member.offset + len(stored)
        return member

    def only(self) -> tuple[Member, bytes]:
        """The one member that there is, and its bytes."""
        (member,) = self.members
        return member, self._pieces[1]

    def close(self) -> tuple[Iterator[bytes], bytes]:
        """The pieces of the finished zip, to be taken once, and the bytes of its index object."""
        directory = b"".join(self._central)
        count = len(self.members)
        end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), self._size, 0)
        size = self._size + len(directory) + len(end)
        index = compress(msgspec.json.encode(Index(size=size, members=self.members)))
        return _taken(deque([*self._pieces, directory, end])), index


def _taken(pieces: deque[bytes]) -> Iterator[bytes]:
    """Each piece, let go of as soon as it is given: a pack that is written should not stay in memory."""
    while pieces:
        yield pieces.popleft()


def member_title(name: str, kind: Kind) -> str:
    """What a member is called inside the zip."""
    return f"b3-{hex_of(name)}" + ("" if kind == "blob" else ".zst")


def read_index(backend: Reader, index_key: str) -> Index:
    """Read an index object.

    Raises:
        Missing: there is none.
        Damaged: it cannot be unpacked or understood.
    """
    data = decompress(backend.get(index_key), index_key)
    try:
        return msgspec.json.decode(data, type=Index)
    except msgspec.DecodeError as error:
        raise Damaged(f"{index_key} cannot be understood: {error}") from error


def locations(index: Index, pack_key: str) -> Iterator[Location]:
    """Where the members of a pack lie."""
    for member in index.members:
        yield Location(member.name, member.kind, member.size, member.stored_size, member.crc32, pack_key, member.offset)


def siblings(backend: Reader, pack_key: str) -> dict[str, Location]:
    """Where everything in a pack lies, from its index."""
    return {location.name: location for location in locations(read_index(backend, index_of(pack_key)), pack_key)}
