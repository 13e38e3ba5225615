"""Which content is needed: every name that a row of the database or a manifest in the store leads to.

A column of 67 characters holds a name: all such columns of all rooms are looked at (`ROOTS`), so a new one is kept from
its first migration on. They are read in one transaction of the `capture` connection, so that nothing which moves from
one row to another meanwhile is overlooked; the documents that they name are immutable and followed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.apps import apps
from django.db import models, transaction

from labelkeep.annotations import document
from labelkeep.errors import Damaged, LabelkeepError, Missing
from labelkeep.findings import Finding, Level
from labelkeep.media import documents
from labelkeep.media.models import StoredObject
from labelkeep.snapshots import codec
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.manifest import GuideRecord, ProjectManifest, Root, TaskManifest
from labelkeep.snapshots.models import Backup, Rendering
from labelkeep.snapshots.rows import ALIAS
from labelkeep.store import Store, keys
from labelkeep.store.needed import Needed

_NAME = 67  # characters of a name
_QUOTED = re.compile(rb'"(b3:[0-9a-f]{64})"')
_CACHES = {Rendering}  # what they name can be made again, so what cannot be read there harms nobody

Check = Callable[[], None]


class Names(NamedTuple):
    """What a document names: documents that name others in turn, and what names nothing."""

    documents: list[str]
    leaves: list[str]


def columns() -> Iterator[tuple[type[models.Model], str]]:
    """Every column that holds a name of stored content, but for the catalog's own."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            is_name = isinstance(field, models.CharField) and field.max_length == _NAME
            if is_name and model is not StoredObject and (model, field.name) != (Rendering, "manifest"):
                yield model, field.name


def work_out(
    store: Store, needed: Needed, check: Check = lambda: None, *, without: Backup | None = None
) -> list[Finding]:
    """Fill `needed`, as if there were no backup `without`. Findings: documents that could not be read, so that what
    they name is not known."""
    _read_rows(needed, without)
    left_out = str(without.pk) if without else None
    for key in store.list_manifests():
        check()
        if left_out is None or keys.backup_in(key) != left_out:
            needed.follow(_named_by_root(store, key))
    caches = Rendering.objects.values_list("layout", flat=True)
    for name in caches.iterator():
        check()
        needed.add([name, *_named_by_cache(store.get_document, name)])
    return follow_all(store, needed, check)


def follow_all(store: Store, needed: Needed, check: Check = lambda: None) -> list[Finding]:
    """Add what the needed documents name, and so on. Findings as in `work_out`."""
    return [finding for name in needed.waiting() if (finding := _follow(store, needed, name, check))]


def _read_rows(needed: Needed, without: Backup | None) -> None:
    with transaction.atomic(using=ALIAS):
        for model, field in columns():
            if model not in _CACHES:
                rows = model._default_manager.using(ALIAS).exclude(**{field: ""})
                if model is Backup and without is not None:
                    rows = rows.exclude(pk=without.pk)
                keep = needed.add if field == "blob" else needed.follow
                keep(rows.order_by().values_list(field, flat=True).iterator(chunk_size=5000))


def _named_by_root(store: Store, key: str) -> list[str]:
    """What a manifest in the store names. One that cannot be read is a row's, or a stray's; check tells of it."""
    try:
        data = store.get_manifest(key)
        return [codec.decode(data, Root).subject] if data.startswith(b'{"kind":"backup"') else _quoted(data)
    except (Missing, Damaged):
        return []


def _named_by_cache(get: Get, name: str) -> list[str]:
    try:
        return _quoted(get(name))
    except (Missing, Damaged):
        return []


def _follow(store: Store, needed: Needed, name: str, check: Check) -> Finding | None:
    check()
    place = store.catalog.locate([name]).get(name)
    if place is not None and place.kind == "blob":
        return None
    try:
        found = names_in(store.get_document(name))
    except LabelkeepError as error:
        return Finding(Level.ERROR, error.code, f"what it names cannot be known: {error}", name)
    needed.add(found.leaves)
    needed.follow(found.documents)
    return None


def names_in(data: bytes) -> Names:
    """What a document names. One of a kind that is not known here may name anything: all of it is followed.

    Raises:
        Damaged, BadInput: it cannot be understood.
    """
    if data.startswith(b"["):  # a page of sources or frames
        return Names([], _quoted(data))
    try:
        return _of_kind(data)
    except ValueError as error:  # msgspec's own errors are ValueErrors
        raise Damaged(f"a document cannot be understood: {error}") from error


def _of_kind(data: bytes) -> Names:
    head = data[:32]
    if head.startswith(b'{"kind":"project"'):
        project = codec.decode(data, ProjectManifest)
        return Names(project.tasks, _assets(project.guide))
    if head.startswith(b'{"kind":"task"'):
        return _of_task(codec.decode(data, TaskManifest))
    if head.startswith(b'{"kind":"annotations"'):
        return Names([], [part.name for part in document.read_index("data", lambda _: data).parts])
    if head.startswith((b'{"kind":"sources"', b'{"kind":"frames"', b'{"kind":"video-frames"')):
        index = documents.read_index("data", lambda _: data)
        return Names(index.pages, [index.video.blob] if index.video else [])
    return Names(_quoted(data), [])


def _of_task(task: TaskManifest) -> Names:
    data = [task.data.sources, task.data.frames] if task.data else []
    return Names([*data, *(job.document for job in task.jobs if job.document)], _assets(task.guide))


def _assets(guide: GuideRecord | None) -> list[str]:
    return [asset.blob for asset in guide.assets] if guide else []


def _quoted(data: bytes) -> list[str]:
    return [name.decode() for name in _QUOTED.findall(data)]
