"""annotations.json in pieces: one a part of a document, and the brackets between them.

A part renders to nothing where all its labels were deleted; commas stand only between what is really there. The list
of pieces follows from the manifest alone, so it is the same when the archive is planned and when it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from labelkeep.annotations import document
from labelkeep.annotations.labels import LabelTable
from labelkeep.annotations.model import KINDS, Kind
from labelkeep.archive.annotations import Renderer
from labelkeep.archive.facts import Facts
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.manifest import JobRecord
from labelkeep.snapshots.render.rendered import Piece

Collected = dict[Kind, Facts]  # what one job leaves out, by kind


class AnnotationPieces:
    """The pieces of one task's annotations.json. With `facts` (a dictionary a job) it also notes what the JSON has no
    place for, when every piece is made once and in order."""

    def __init__(
        self, jobs: list[JobRecord], labels: LabelTable, get: Get, facts: list[Collected] | None = None
    ) -> None:
        self._jobs = jobs
        self._renderer = Renderer(labels)
        self._known = labels.shown
        self._get = get
        self._facts = facts

    def __iter__(self) -> Iterator[Piece]:
        opening = b"["
        for position, job in enumerate(self._jobs):
            yield partial(bytes, opening + b'{"version":0')
            index = document.read_index(job.document, self._get)
            for kind in KINDS:
                yield partial(bytes, b',"%s":[' % kind.encode())
                yield from self._list(position, index, kind)
                yield partial(bytes, b"]")
            opening = b"},"
        yield partial(bytes, b"}]" if self._jobs else b"[]")

    def _list(self, position: int, index: document.Index, kind: Kind) -> Iterator[Piece]:
        facts = Facts() if self._facts is not None else None
        if facts is not None and self._facts is not None:
            self._facts[position][kind] = facts
        follows = False
        for part in index.of(kind):
            yield partial(self._part, part, follows, facts)
            follows = follows or not self._known.isdisjoint(part.labels)

    def _part(self, part: document.Part, follows: bool, facts: Facts | None) -> bytes:
        if self._known.isdisjoint(part.labels):
            return b""
        objects = document.read_part(part, self._get)
        if not self._known.issuperset(part.labels):
            objects = [item for item in objects if item.label in self._known]
        text = self._renderer.render(part.kind, objects, facts)
        return b"," + text if follows else text
