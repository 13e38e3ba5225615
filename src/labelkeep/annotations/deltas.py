"""Small edits as canonical JSON: rows beside a document, so that saving one shape does not rewrite a megabyte.

A delta names the places that are empty now (`removed`: frame and number) and the objects that stand now. Deltas of a
job are applied in the order of their revisions; above BOUND bytes a job they are folded into the document. What they
were is kept in a log: `{"kind": "annotation-log", "version": 1, "edits": [[revision, delta], …]}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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


class _Log(msgspec.Struct, kw_only=True):
    kind: Literal["annotation-log"]
    version: Literal[1]
    edits: list[tuple[int, _Delta]]


_DECODER = msgspec.json.Decoder(list[_Delta])
_LOG = msgspec.json.Decoder(_Log)


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
        _add(delta, combined)
    return combined


def write_log(edits: Iterable[tuple[int, bytes | memoryview]]) -> bytes:
    """Deltas with their revisions, as one document."""
    entries = (b"[%d,%b]" % (revision, bytes(payload)) for revision, payload in edits)
    return b'{"kind":"annotation-log","version":1,"edits":[%b]}' % b",".join(entries)


def read_log(data: bytes) -> Iterator[tuple[int, Edit]]:
    """The edits that `write_log` wrote, in order."""
    for revision, delta in _LOG.decode(data).edits:
        edit = Edit()
        _add(delta, edit)
        yield revision, edit


def _add(delta: _Delta, combined: Edit) -> None:
    for kind, gone in delta.removed.items():
        for frame, number in gone:
            combined.remove(kind, frame, number)
    for kind, objects in _lists(delta):
        for item in objects:
            combined.put(kind, item)


def _lists(delta: _Delta) -> tuple[tuple[Kind, Sequence[Object]], ...]:
    return ("tags", delta.tags), ("shapes", delta.shapes), ("tracks", delta.tracks)


def _gone(places: dict[int, Object | None]) -> list[tuple[int, int]]:
    return sorted((key >> NUMBER_BITS, key & NUMBERS - 1) for key, item in places.items() if item is None)
