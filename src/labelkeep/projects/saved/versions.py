"""The versions of single objects of a job: what each was after every save that changed it, and who made that save.

Read from what saves leave behind (history.py): small edits that wait, logs of those that went into a document, and the
documents of all others. Of small edits that an older Labelkeep put into documents the content is not known; a change
among them is told with the next document, and `since` says from which revision on it may have come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from labelkeep.annotations import deltas, tracks
from labelkeep.annotations.document import Edit, read_index, read_numbered
from labelkeep.annotations.model import KINDS, Kind, Object, Track
from labelkeep.annotations.parts import Part
from labelkeep.annotations.trie import NUMBERS
from labelkeep.media import vault
from labelkeep.projects.models import AnnotationDelta, Revision
from labelkeep.projects.queries.rows import Row, person
from labelkeep.projects.saved.loading import load

_COLUMNS = ("number", "created_date", "size", "document", "log", *person("actor"))
Standing = dict[int, tuple[Kind, Object]]  # objects by number


@dataclass(frozen=True)
class Version:
    """An object as one save left it; `item` None: that save removed it. `save` is the save's row, with its actor."""

    kind: Kind
    item: Object | None
    save: Row
    since: int

    @property
    def revision(self) -> int:
        """The number of the save."""
        revision: int = self.save["number"]
        return revision

    @property
    def date(self) -> datetime:
        """When it was made."""
        date: datetime = self.save["created_date"]
        return date

    @property
    def is_exact(self) -> bool:
        """Whether this save made the change, and no earlier one whose content is not known any more."""
        return self.since == self.revision


def versions(job: int, numbers: Collection[int]) -> dict[int, list[Version]]:
    """All versions of these objects of a job, the first one first; empty for what never was. One pass for all."""
    found: dict[int, list[Version]] = {number: [] for number in numbers}
    documents = Documents(numbers)
    standing: Standing = {}
    since = 0
    for save, edit in _saves(job):
        since = since or save["number"]
        if edit is not None:
            now = _edited(standing, edit, found)
        elif save["document"] or save["size"] is None:
            now = documents.at(save["document"])
        else:
            continue
        for number in _changed(standing, now):
            kind = (now.get(number) or standing[number])[0]
            item = now[number][1] if number in now else None
            found[number].append(Version(kind, item, save, since))
        standing, since = now, 0
    return found


def blame(job: int, frame: int) -> list[Version]:
    """The last version of each object that stands on a frame, by kind and number; tracks where they are seen there."""
    saved = load(job)
    present = [
        item.number
        for kind in KINDS
        for objects in saved.iterate(kind, 0 if kind == "tracks" else frame, frame + 1)
        for item in objects
        if not isinstance(item, Track) or tracks.is_seen(item, [frame])
    ]
    known = versions(job, present)
    return [known[number][-1] for number in present if known[number]]


def _changed(before: Standing, now: Standing) -> list[int]:
    return [number for number in sorted(before.keys() | now.keys()) if before.get(number) != now.get(number)]


def _edited(standing: Standing, edit: Edit, wanted: Collection[int]) -> Standing:
    now = dict(standing)
    for kind, places in edit.places.items():
        gone = [key & NUMBERS - 1 for key, item in places.items() if item is None]
        for number in gone:
            now.pop(number, None)
        for item in places.values():
            if item is not None and item.number in wanted:
                now[item.number] = (kind, item)
    return now


class Documents:
    """Some objects in many documents. What a part says of them is kept: documents share most of theirs."""

    def __init__(self, numbers: Collection[int]) -> None:
        self._numbers = frozenset(numbers)
        self._parts: dict[str, Standing] = {}

    def at(self, name: str) -> Standing:
        """Those of the objects that are in a document."""
        found: Standing = {}
        for part in read_index(name, vault.live().get_document).parts:
            if part.name not in self._parts:
                self._parts[part.name] = self._read(part)
            found |= self._parts[part.name]
        return found

    def _read(self, part: Part) -> Standing:
        objects = read_numbered(part, self._numbers, vault.live().get_document)
        return {item.number: (part.kind, item) for item in objects}


def _saves(job: int) -> Iterator[tuple[Row, Edit | None]]:
    """Every save, the first one first; small edits with what they changed, where that is known.

    What waits is read before the rest, so that nothing is missed that goes into a document meanwhile.
    """
    waiting = list(
        AnnotationDelta.objects.filter(job=job)
        .order_by("id")
        .values("revision", "payload", "created_date", *person("actor"))
    )
    last = 0
    for save, edit in _settled(job):
        last = save["number"]
        yield save, edit
    for row in waiting:
        if row["revision"] > last:
            yield {**row, "number": row["revision"]}, deltas.decode(row["payload"])


def _settled(job: int) -> Iterator[tuple[Row, Edit | None]]:
    """The saves that are rows. Small edits are held until the row that names their log."""
    held: list[Row] = []
    for row in Revision.objects.filter(job=job).order_by("number").values(*_COLUMNS).iterator():
        held.append(row)
        if row["log"] or row["document"] or row["size"] is None:
            known = _logged(row["log"])
            yield from ((save, known.get(save["number"])) for save in held)
            held = []
    yield from ((save, None) for save in held)


def _logged(name: str) -> Mapping[int, Edit]:
    return dict(deltas.read_log(vault.live().get_document(name))) if name else {}
