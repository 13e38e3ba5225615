"""Names of stored content: the algorithm and the hash, `b3:` and 64 hex digits of BLAKE3-256.

The algorithm is part of the name so that another one can be added without a change of format. Names that come from
outside (manifests, archives, requests) pass `check_name` before anything is done with them.
"""

from __future__ import annotations

import re

from blake3 import blake3

from labelkeep.errors import BadInput

PREFIX = "b3:"
_PATTERN = re.compile(r"b3:[0-9a-f]{64}")


def name_of(data: bytes | memoryview) -> str:
    """The name of these bytes."""
    return PREFIX + blake3(data).hexdigest()


def check_name(name: str) -> str:
    """Return `name` as it is.

    Raises:
        BadInput: it is not a name of stored content.
    """
    if not _PATTERN.fullmatch(name):
        raise BadInput(f"not a name of stored content: {name[:80]!r}")
    return name


def hex_of(name: str) -> str:
    """The 64 hex digits of a checked name, as they stand in keys and pack members."""
    return name[len(PREFIX) :]


def from_hex(digits: str) -> str:
    """The name with these 64 hex digits.

    Raises:
        BadInput: they are not 64 hex digits.
    """
    return check_name(PREFIX + digits)


class Namer:
    """Names bytes that arrive in pieces."""

    def __init__(self) -> None:
        self._hash = blake3()

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next piece."""
        self._hash.update(piece)

    @property
    def name(self) -> str:
        """The name of all pieces so far."""
        return PREFIX + self._hash.hexdigest()
