"""Small edits as canonical JSON: rows beside a document, so that saving one shape does not rewrite a megabyte.

A delta names the places that are empty now (`removed`: frame and number) and the objects that stand now. Deltas of a
job are applied in the order of their revisions; above BOUND bytes a job they are folded into the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from labelkeep.annotations.edits import Edit
from labelkeep.annotations.model import KINDS, Kind, Object, Shape, Tag, Track
from labelkeep.annotations.parts import canonical
from labelkeep.annotations.trie import NUMBER_BITS, NUMBERS

BOUND = 256 * 2**10  # bytes of all deltas of a job


class _Delta(msgspec.Struct, omit_defaults=True, kw_only=True):
    kind: Literal["annotation-delta"]
    version: Literal[1]
    removed: dict[Kind, list[tuple[int, int]]] = {}
    tags: list[Tag] = []
    shapes: list[Shape] = []
    tracks: list[Track] = []


_DECODER = msgspec.json.Decoder(list[_Delta])


def encode(edit: Edit) -> bytes:
    """The canonical bytes of an edit."""
    removed = {kind: _gone(places) for kind, places in edit.places.items() if None in places.values()}
    fields = [b'"kind":"annotation-delta","version":1']
    if removed:
        fields.append(b'"removed":%b' % msgspec.json.encode(removed))
    for kind in KINDS:
        objects = [canonical(item) for _, item in sorted(edit.places[kind].items()) if item is not None]
        if objects:
            fields.append(b'"%b":[%b]' % (kind.encode(), b",".join(objects)))
    return b"{%b}" % b",".join(fields)


def decode(payload: bytes | memoryview) -> Edit:
    """The edit that `encode` wrote."""
    return combine([payload])


def combine(payloads: Iterable[bytes | memoryview]) -> Edit:
    """Deltas in order, as one edit. There may be thousands of few bytes each, so they are decoded in one go."""
    combined = Edit()
    for delta in _DECODER.decode(b"[%b]" % b",".join(payloads)):
        for kind, gone in delta.removed.items():
            for frame, number in gone:
                combined.remove(kind, frame, number)
        for kind, objects in _lists(delta):
            for item in objects:
                combined.put(kind, item)
    return combined


def _lists(delta: _Delta) -> tuple[tuple[Kind, Sequence[Object]], ...]:
    return ("tags", delta.tags), ("shapes", delta.shapes), ("tracks", delta.tracks)


def _gone(places: dict[int, Object | None]) -> list[tuple[int, int]]:
    return sorted((key >> NUMBER_BITS, key & NUMBERS - 1) for key, item in places.items() if item is None)
