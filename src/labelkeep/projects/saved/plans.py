"""What a request makes of a job's annotations: plans for saving.save. Values in, values out, but for the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from labelkeep.annotations import deltas
from labelkeep.annotations.document import Edit, Index, Written, edit, iterate, read_index
from labelkeep.annotations.model import KINDS, Kind, Object
from labelkeep.annotations.replacement import Replacement, give_numbers
from labelkeep.annotations.spool import Bodies, Incoming, Numbered, Spool
from labelkeep.annotations.trie import NUMBERS
from labelkeep.annotations.wire import job_and_number
from labelkeep.errors import BadInput
from labelkeep.media import vault
from labelkeep.projects.saved.loading import Saved, find
from labelkeep.projects.saved.saving import Change, Plan

SLICE = 50_000  # objects that are edited at a time
ONE_FRAME: tuple[Kind, ...] = ("tags", "shapes")  # kinds whose objects stand on one frame


def replaced(incoming: Bodies, spool_dir: Path) -> Plan:
    """The objects of `incoming` stand in for all others; equal ones keep their numbers."""

    def plan(saved: Saved) -> Change | None:
        if not incoming.count:
            return cleared(saved)
        replacement = Replacement(spool_dir=spool_dir)
        try:
            for kind, bodies in incoming:
                replacement.take(kind, bodies)
            written = replacement.finish(saved.records, saved.next_number, vault.live().put_document)
        finally:
            replacement.close()
        return None if written.name == saved.document and not saved.edits else _document(saved, written)

    return plan


def cleared(saved: Saved) -> Change | None:
    """No objects any more; their numbers stay used."""
    if not saved.document and not saved.edits:
        return None
    return Change(saved.version, "", saved.next_number, {})


def edited(removed: Incoming, arrived: Incoming, spool: Spool) -> Plan:
    """The objects with the ids of `removed` go, unknown ones are passed over. Then those of `arrived` stand in for the
    objects with their ids; those without an id, or with an unknown one, are added."""

    def plan(saved: Saved) -> Change | None:
        work, affected = _Work(saved), Incoming(spool)
        for kind, objects in removed:
            known = work.known(kind, objects)
            work.remove(kind, known)
            affected.add(kind, [(0, old) for old in known.values()] if not arrived.count else [])
        for kind, objects in arrived:
            known = work.known(kind, objects)
            work.remove(kind, known)
            affected.add(kind, [(0, work.add(kind, item, known.get(job_and_number(id)[1]))) for id, item in objects])
        return work.change(affected)

    return plan


def without(frames: Collection[int]) -> Plan:
    """Nothing stands on these frames any more; tracks stay, as they stand on more than one."""

    def plan(saved: Saved) -> Change | None:
        work = _Work(saved)
        for kind in ONE_FRAME:
            for frame in sorted(frames):
                for objects in saved.iterate(kind, frame, frame + 1):
                    work.make_room(len(objects))
                    work.remove(kind, {item.number: item for item in objects})
        return work.change(None)

    return plan


def put_back(kind: Kind, number: int, item: Object | None) -> Plan:
    """The object with this number is `item` now, or nothing; all others stay."""

    def plan(saved: Saved) -> Change | None:
        current = find(saved.index, saved.edits, kind, {number: item.frame if item else 0}).get(number)
        if current == item:
            return None
        work = _Work(saved)
        if current is not None:
            work.remove(kind, {number: current})
        if item is not None:
            work.put_back(kind, item)
        return work.change(None)

    return plan


def returned(document: str, label: int) -> Plan:
    """Objects of the label with this key that `document` has, and that are not there any more, stand there again."""

    def plan(saved: Saved) -> Change | None:
        work, get = _Work(saved), vault.live().get_document
        index = read_index(document, get)
        for kind in KINDS:
            for objects in iterate(index, kind, get):
                lost = [item for item in objects if item.label == label]
                known = work.there(kind, lost)
                for item in lost:
                    if item.number not in known:
                        work.put_back(kind, item)
        return work.change(None)

    return plan


class _Work:
    """A job's annotations while a request is applied to them, batch after batch."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved
        self.index = saved.index
        self._standing = saved.edits  # on top of the index: what was there before
        self.edit = Edit()  # and what this request changes
        self.next_number = saved.next_number
        self.counts = {label: dict(kinds) for label, kinds in saved.counts.items()}
        self._waiting = 0
        self.rewritten = False

    def add(self, kind: Kind, item: Object, old: Object | None = None) -> Object:
        if old is None:
            self.next_number = give_numbers(item, self.next_number)
        else:
            self._renumber(item, old)
        if self.next_number >= NUMBERS:
            raise BadInput(f"a job holds at most {NUMBERS} objects in its life")
        self.edit.put(kind, item)
        self._count(kind, item, 1)
        return item

    def put_back(self, kind: Kind, item: Object) -> None:
        """An object with the numbers that it has had before."""
        self.edit.put(kind, item)
        self._count(kind, item, 1)

    def _renumber(self, item: Object, old: Object) -> None:
        """An update keeps the number; elements keep theirs in order, further ones get new numbers."""
        item.number = old.number
        numbers = [element.number for element in getattr(old, "elements", ())]
        for position, element in enumerate(getattr(item, "elements", ())):
            if position < len(numbers):
                element.number = numbers[position]
            else:
                element.number, self.next_number = self.next_number, self.next_number + 1

    def remove(self, kind: Kind, objects: Mapping[int, Object]) -> None:
        for item in objects.values():
            self.edit.remove(kind, item.frame, item.number)
            self._count(kind, item, -1)

    def known(self, kind: Kind, objects: list[Numbered]) -> dict[int, Object]:
        """The objects that are there, by number. Room is made first where many changes wait."""
        self.make_room(len(objects))
        numbers = ((*job_and_number(id), item.frame) for id, item in objects if id)
        wanted = {number: frame for job, number, frame in numbers if job == self._saved.job}
        if not wanted:
            return {}
        return find(self.index, self._standing.then(self.edit), kind, wanted)

    def there(self, kind: Kind, objects: Collection[Object]) -> dict[int, Object]:
        """Those of the objects that are there, by number. Room is made first, as in `known`."""
        self.make_room(len(objects))
        places = {item.number: item.frame for item in objects}
        return find(self.index, self._standing.then(self.edit), kind, places) if places else {}

    def make_room(self, count: int) -> None:
        """Put what waits into parts where many changes wait, for `count` more."""
        if self._waiting >= SLICE:
            self.rewrite()
        self._waiting += count

    def _count(self, kind: Kind, item: Object, change: int) -> None:
        kinds = self.counts.setdefault(str(item.label), {})
        kinds[kind] = kinds.get(kind, 0) + change
        if not kinds[kind]:
            del kinds[kind]
        if not kinds:
            del self.counts[str(item.label)]

    def rewrite(self) -> Written:
        """Put everything into parts."""
        store = vault.live()
        index = msgspec.structs.replace(self.index, next=max(self.index.next, self.next_number))
        changes = self._standing.then(self.edit)
        written = edit(index, changes, store.get_document, store.put_document, shown=self._saved.ids.table.shown)
        self.index, self._standing, self.edit, self.rewritten = written.index, Edit(), Edit(), True
        self._waiting = 0
        return written

    def change(self, affected: Incoming | None) -> Change | None:
        """A delta if it fits, else a document."""
        if not self.rewritten:
            if not self.edit:
                return None
            payload = deltas.encode(self.edit)
            if self._saved.delta_bytes + len(payload) <= deltas.BOUND:
                at = self._saved.version
                return Change(at, at.document, self.next_number, self.counts, payload, affected=affected)
        return _document(self._saved, self.rewrite(), affected)


def _document(saved: Saved, written: Written, affected: Incoming | None = None) -> Change:
    index: Index = written.index
    return Change(saved.version, written.name, max(index.next, saved.next_number), index.counts(), affected=affected)
