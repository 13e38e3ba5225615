"""Everything that a manifest names: documents and blobs, with their sizes, one page at a time.

Used to prove that a backup is whole (invariant 3), and to say in words what is missing where it is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from labelkeep.annotations import document
from labelkeep.errors import Damaged, Missing, Refused
from labelkeep.findings import Finding, Level
from labelkeep.media import documents
from labelkeep.media.models import StoredObject
from labelkeep.snapshots import codec
from labelkeep.snapshots.codec import Get, Subject, read_tasks
from labelkeep.snapshots.manifest import GuideRecord, ProjectManifest, TaskManifest
from labelkeep.store import Store

_BATCH = 5000


class Named(NamedTuple):
    """A document or blob that must be there. `size` is of the content; `what` and `where` say what it is to people."""

    name: str
    size: int
    what: str
    where: str


def named(name: str, subject: Subject, get: Get) -> Iterator[Named]:
    """All that the subject manifest `name` needs to be restored, itself included. Memory holds one page.

    Raises:
        Refused: a document that lists others cannot be read.
    """
    yield Named(name, len(get(name)), "the manifest", f"{subject.kind} {subject.name!r}")
    if isinstance(subject, ProjectManifest):
        yield from of_guide(subject.guide, f"project {subject.name!r}")
        for task_name in subject.tasks:
            yield Named(task_name, len(get(task_name)), "a task's manifest", f"project {subject.name!r}")
    for task in read_tasks(subject, get):
        yield from of_task(task, get)


def of_task(task: TaskManifest, get: Get) -> Iterator[Named]:
    """All that a task needs, but for its manifest."""
    where = f"task {task.name!r}"
    careful = _careful(get, where)
    yield from of_guide(task.guide, where)
    if task.data is not None:
        yield from of_sources(task.data.sources, where, careful)
        yield from of_frames(task.data.frames, where, careful)
    for position, job in enumerate(task.jobs):
        if job.document:
            yield from of_annotations(job.document, f"{where}, job {position}", careful)


def prove(name: str, subject: Subject, store: Store) -> None:
    """Prove from the store's own listing that everything named is present, with its size.

    Raises:
        Refused: something is not; the findings name file and task.
    """
    get = store.get_document
    missing = set(store.missing((item.name, item.size) for item in named(name, subject, get)))
    if missing:
        raise Refused([_lost(item) for item in named(name, subject, get) if item.name in missing])


def rescue(name: str, store: Store) -> None:
    """Lift prune's marks from all that a subject's manifest names, because new rows are about to name it too, and the
    backup may be forgotten meanwhile. Costs one look where nothing is marked."""
    if not StoredObject.objects.exclude(condemned_at=None).exists():
        return
    items = named(name, codec.read_subject(name, store.get_document), store.get_document)
    while batch := [item.name for item in islice(items, _BATCH)]:
        store.catalog.rescue(batch)


def _lost(item: Named) -> Finding:
    message = f"{item.what} is missing from the store, or has another size; this cannot be backed up"
    return Finding(Level.ERROR, "missing", message, item.where, item.what)


def _careful(get: Get, where: str) -> Get:
    def read(name: str) -> bytes:
        try:
            return get(name)
        except (Missing, Damaged) as error:
            finding = Finding(Level.ERROR, "unreadable", f"a list of its files or annotations is lost: {error}", where)
            raise Refused([finding]) from error

    return read


def of_guide(guide: GuideRecord | None, where: str) -> Iterator[Named]:
    """The assets of a guide."""
    for asset in guide.assets if guide else ():
        yield Named(asset.blob, asset.size, f"asset {asset.filename!r} of the guide", where)


def of_sources(name: str, where: str, get: Get) -> Iterator[Named]:
    """The files of a task."""
    data = get(name)
    yield Named(name, len(data), "the list of files", where)
    for page in documents.read_index(name, get).pages:
        yield Named(page, len(get(page)), "the list of files", where)
    for source in documents.read_sources(documents.read_index(name, get), get):
        if source.blob:
            yield Named(source.blob, source.size, f"file {source.path!r}", where)


def of_frames(name: str, where: str, get: Get) -> Iterator[Named]:
    """The frames of a task, as documents."""
    yield Named(name, len(get(name)), "the list of frames", where)
    for page in documents.read_index(name, get).pages:
        yield Named(page, len(get(page)), "the list of frames", where)


def of_annotations(name: str, where: str, get: Get) -> Iterator[Named]:
    """The annotations of a job."""
    yield Named(name, len(get(name)), "the annotations", where)
    for part in document.read_index(name, get).parts:
        yield Named(part.name, part_size(part), "the annotations", where)


def part_size(part: document.Part) -> int:
    """The size of a part's document: its objects in their envelope. `part.size` counts a comma an object."""
    return part.size - 1 + len(b'{"kind":"","version":1,"objects":[]}') + len(part.kind)
