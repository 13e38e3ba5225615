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
from labelkeep.archive.extra import JobFacts
from labelkeep.archive.facts import Facts
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.manifest import JobRecord
from labelkeep.snapshots.render.rendered import Piece


class Collected:
    """What annotations.json has no place for, of one job. Text a part: a list of all numbers would be far larger."""

    def __init__(self) -> None:
        self._numbers: dict[Kind, list[str]] = {}
        self._ungrouped: dict[Kind, list[str]] = {}

    def add(self, kind: Kind, facts: Facts) -> None:
        """The facts of the next part."""
        self._numbers.setdefault(kind, []).append(facts.numbers)
        self._ungrouped.setdefault(kind, []).append(facts.ungrouped)

    def facts(self) -> JobFacts:
        """All of it, for the extra member."""
        return JobFacts(numbers=_joined(self._numbers), ungrouped=_joined(self._ungrouped))


def _joined(texts: dict[Kind, list[str]]) -> dict[str, str]:
    joined = {kind: ",".join(filter(None, found)) for kind, found in texts.items()}
    return {kind: text for kind, text in joined.items() if text}


class AnnotationPieces:
    """The pieces of one task's annotations.json. With `collected` (one a job) it also notes what the JSON has no place
    for, when every piece is made once and in order."""

    def __init__(
        self, jobs: list[JobRecord], labels: LabelTable, get: Get, collected: list[Collected] | None = None
    ) -> None:
        self._jobs = jobs
        self._renderer = Renderer(labels)
        self._known = labels.shown
        self._get = get
        self._collected = collected

    def __iter__(self) -> Iterator[Piece]:
        opening = b"["
        for position, job in enumerate(self._jobs):
            yield partial(bytes, opening + b'{"version":0')
            index = document.read_index(job.document, self._get)
            collected = self._collected[position] if self._collected is not None else None
            for kind in KINDS:
                yield partial(bytes, b',"%s":[' % kind.encode())
                yield from self._list(index, kind, collected)
                yield partial(bytes, b"]")
            opening = b"},"
        yield partial(bytes, b"}]" if self._jobs else b"[]")

    def _list(self, index: document.Index, kind: Kind, collected: Collected | None) -> Iterator[Piece]:
        follows = False
        for part in index.of(kind):
            yield partial(self._part, part, follows, collected)
            follows = follows or not self._known.isdisjoint(part.labels)

    def _part(self, part: document.Part, follows: bool, collected: Collected | None) -> bytes:
        if self._known.isdisjoint(part.labels):
            return b""
        objects = document.read_part(part, self._get)
        if not self._known.issuperset(part.labels):
            objects = [item for item in objects if item.label in self._known]
        facts = Facts() if collected is not None else None
        text = self._renderer.render(part.kind, objects, facts)
        if collected is not None and facts is not None:
            collected.add(part.kind, facts)
        return b"," + text if follows else text
