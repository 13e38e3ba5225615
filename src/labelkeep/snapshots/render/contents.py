"""What is in an archive, and in which order: the subject of a manifest, with the folders that its tasks have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cached_property, partial

from labelkeep.archive.cvat import write_project
from labelkeep.archive.extra import NAME
from labelkeep.archive.layout import Entry
from labelkeep.snapshots import codec
from labelkeep.snapshots.manifest import LabelRecord, ProjectManifest, TaskManifest
from labelkeep.snapshots.render import cvat
from labelkeep.snapshots.render.tasks import Survey, TaskRendering, from_bytes, guide_entries
from labelkeep.store import Store


class Contents:
    """The entries of an archive, in order: what CVAT looks for first, our extra member, then the tasks."""

    def __init__(self, manifest: str, store: Store) -> None:
        self.manifest = manifest
        self.store = store
        self.subject = codec.read_subject(manifest, store.get_document)

    @cached_property
    def records(self) -> list[TaskManifest]:
        """All tasks, those without data too."""
        return list(codec.read_tasks(self.subject, self.store.get_document))

    def placed(self) -> Iterator[tuple[str, TaskManifest]]:
        """All tasks with their folders. A folder's number is the position of its task in the project."""
        for position, record in enumerate(self.records):
            yield ("" if record is self.subject else f"task_{position}/"), record

    @cached_property
    def tasks(self) -> list[TaskRendering]:
        """The tasks that have a place in CVAT's layout: those with data."""
        return [
            TaskRendering(record, self._labels(record), prefix, self.store)
            for prefix, record in self.placed()
            if record.data
        ]

    def _labels(self, record: TaskManifest) -> list[LabelRecord]:
        return self.subject.labels if isinstance(self.subject, ProjectManifest) else record.labels

    @cached_property
    def mtime(self) -> int:
        return int(datetime.fromisoformat(self.subject.updated_date).timestamp())

    def pages(
        self, surveys: Iterable[Survey], extra_bytes: Callable[[], bytes]
    ) -> Iterator[Callable[[], Iterable[Entry]]]:
        """All pages of entries."""
        yield partial(self._head, extra_bytes)
        for task, survey in zip(self.tasks, surveys, strict=True):
            yield from task.pages(survey)

    def project_json(self) -> bytes:
        assert isinstance(self.subject, ProjectManifest)
        return write_project(cvat.project(self.subject))

    def _head(self, extra_bytes: Callable[[], bytes]) -> Iterator[Entry]:
        yield from_bytes(NAME, extra_bytes(), self.mtime)
        if isinstance(self.subject, ProjectManifest):
            yield from_bytes("project.json", self.project_json(), self.mtime)
            yield from guide_entries(self.subject.guide, "", self.store, self.mtime)
