"""The orders that frames can be put in, as keys of bytes: SQLite and Python sort them alike, on disk or in memory."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from labelkeep.errors import BadInput

METHODS = ("lexicographical", "natural", "predefined", "random")
_DIGITS = re.compile(r"(\d+)")


def sort_key(path: str, method: str, *, seed: int = 0) -> bytes:
    """The key of a path. Equal keys are put in order of the path itself, so an order never depends on arrival.

    `predefined` has no key of its own: its order is a list. Unlisted paths then come lexicographically.
    """
    if method == "natural":
        return natural_key(path)
    if method == "random":
        return hashlib.blake2b(path.encode(), digest_size=16, key=seed.to_bytes(8, "big")).digest()
    if method in METHODS:
        return path.encode()
    raise BadInput({"sorting_method": [f'"{method}" is not a valid choice.']})


def natural_key(path: str) -> bytes:
    """Numbers in the path compare as numbers: text, a number, text …, each ended so that prefixes sort first."""
    key = bytearray()
    for position, piece in enumerate(_DIGITS.split(unicodedata.normalize("NFD", path))):
        if position % 2:
            number = int(piece)
            width = (number.bit_length() + 7) // 8
            key += width.to_bytes(2, "big") + number.to_bytes(width, "big")
        else:
            key += piece.encode() + b"\0"
    return bytes(key)
