"""The archive of a backup: planned once by an operation, then any range of its bytes at any time (design §1).

What planning finds out is kept: each task's survey under its manifest and labels, the whole under the subject's
manifest (`Rendering`). So the second archive of an unchanged project costs nothing, and a download reads only what it
sends. The same manifest and renderer give the same bytes always; that is what the ETag says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from labelkeep.archive import layout
from labelkeep.archive.layout import Entry, Layout
from labelkeep.snapshots.models import Rendering
from labelkeep.snapshots.render import extra
from labelkeep.snapshots.render.contents import Contents
from labelkeep.snapshots.render.tasks import Survey, TaskRendering
from labelkeep.store import Store, name_of

RENDERER = 1  # add one whenever the bytes of an archive change: old layouts are then made anew

Page = Callable[[], Iterable[Entry]]
Report = Callable[[float], None]  # how much is done, 0 to 1; raises to stop


class Planned(msgspec.Struct):
    """The layout document of an archive."""

    layout: Layout
    surveys: list[str]  # a document a task that is in the archive
    extra: str  # document: the bytes of the extra member


@dataclass(frozen=True)
class Archive:
    """An archive that is ready to be sent."""

    manifest: str
    planned: Planned
    store: Store

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return self.planned.layout.size

    @property
    def etag(self) -> str:
        """A strong validator: what it names never changes."""
        return etag_of(self.manifest)

    def stream(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Bytes from `start` up to but not including `stop`; nothing before them is made or read."""
        surveys = (_survey_from(self.store.get_document(name)) for name in self.planned.surveys)
        extra_bytes = partial(self.store.get_document, self.planned.extra)
        pages = list(Contents(self.manifest, self.store).pages(surveys, extra_bytes))
        return layout.stream(self.planned.layout, pages, _read, start, stop)


def etag_of(manifest: str) -> str:
    """The ETag of a manifest's archive, quotes included."""
    return f'"{manifest.removeprefix("b3:")[:40]}-{RENDERER}"'


def find(manifest: str, store: Store) -> Archive | None:
    """The archive of a subject's manifest, if it was planned by this renderer."""
    row = Rendering.objects.filter(manifest=manifest, renderer=RENDERER).first()
    if row is None:
        return None
    return Archive(manifest, msgspec.json.decode(store.get_document(row.layout), type=Planned), store)


def plan(manifest: str, store: Store, now: datetime, report: Report = lambda _: None) -> Archive:
    """The archive of a subject's manifest; planned now, unless it was before."""
    found = find(manifest, store)
    if found is not None:
        return found
    contents = Contents(manifest, store)
    surveys, names = [], []
    for position, task in enumerate(contents.tasks):
        report(position / len(contents.tasks))
        name, survey = _surveyed(task, store, now)
        surveys.append(survey)
        names.append(name)
    extra_name = store.put_document(extra.member(contents, surveys, store.server))
    pages = list(contents.pages(surveys, partial(store.get_document, extra_name)))
    planned = Planned(layout.plan(pages), names, extra_name)
    _keep(manifest, store.put_document(msgspec.json.encode(planned)), planned.layout.size, now)
    report(1.0)
    return Archive(manifest, planned, store)


def _surveyed(task: TaskRendering, store: Store, now: datetime) -> tuple[str, Survey]:
    """A task's survey and the name it is kept under; made anew only where task or labels are new."""
    key = name_of(msgspec.json.encode([task.record, task.labels]))
    row = Rendering.objects.filter(manifest=key, renderer=RENDERER).first()
    if row is not None:
        return row.layout, _survey_from(store.get_document(row.layout))
    survey = task.survey()
    name = store.put_document(msgspec.json.encode(survey))
    _keep(key, name, survey.annotations.size, now)
    return name, survey


def _survey_from(data: bytes) -> Survey:
    return msgspec.json.decode(data, type=Survey)


def _keep(manifest: str, document: str, size: int, now: datetime) -> None:
    Rendering.objects.update_or_create(
        manifest=manifest, renderer=RENDERER, defaults={"layout": document, "size": size, "created_date": now}
    )


def _read(entry: Entry, start: int, length: int) -> Iterator[bytes]:
    pieces: Iterator[bytes] = entry.source(start, length)
    return pieces
