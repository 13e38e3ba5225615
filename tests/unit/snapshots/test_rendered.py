"""Members made in pieces: any range of them is the same as that range of the whole."""

from __future__ import annotations

from functools import partial

import pytest
from blake3 import blake3

from labelkeep.archive.extra import Digest
from labelkeep.snapshots.render.rendered import cut, measure

TEXTS = [b"[", b"one,two", b"", b",three", b"]"]


def pieces() -> list[partial[bytes]]:
    return [partial(bytes, text) for text in TEXTS]


def test_measuring_says_size_checksum_and_digest() -> None:
    known = measure(pieces())
    whole = b"".join(TEXTS)
    assert known.lengths == [len(text) for text in TEXTS]
    assert known.size == len(whole)
    assert known.digest == Digest.of(whole, known.digest.crc32)
    assert known.digest.blake3 == blake3(whole).hexdigest()


@pytest.mark.parametrize("start", range(16))
def test_every_range_is_that_of_the_whole(start: int) -> None:
    whole = b"".join(TEXTS)
    lengths = measure(pieces()).lengths
    for stop in range(start, len(whole) + 1):
        assert b"".join(cut(pieces(), lengths, start, stop - start)) == whole[start:stop]


def test_pieces_outside_the_range_are_not_made() -> None:
    made: list[int] = []

    def make(position: int) -> bytes:
        made.append(position)
        return TEXTS[position]

    several = [partial(make, position) for position in range(len(TEXTS))]
    assert b"".join(cut(several, [len(text) for text in TEXTS], 9, 3)) == b"thr"
    assert made == [3]
