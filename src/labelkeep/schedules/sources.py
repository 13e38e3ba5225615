"""The sources that live: projects, and tasks that are in none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from labelkeep.projects.models import Project, Task
from labelkeep.schedules.models import Due


@dataclass(frozen=True)
class Source:
    """A project or task that backups are made of."""

    uuid: UUID
    kind: str  # project | task
    id: int
    name: str
    organization_id: int | None
    owner_id: int | None


_COLUMNS = ("uuid", "pk", "name", "organization_id", "owner_id")


def find(uuids: Collection[UUID]) -> dict[UUID, Source]:
    """Those of the sources that live. Two statements."""
    found: dict[UUID, Source] = {}
    for kind, rows in _living():
        for uuid, *rest in rows.filter(uuid__in=list(uuids)).values_list(*_COLUMNS):
            found[uuid] = Source(uuid, kind, *rest)
    return found


def without_due(limit: int) -> list[UUID]:
    """Living sources that have no `Due` yet."""
    found: list[UUID] = []
    for _, rows in _living():
        known = Due.objects.filter(source_uuid=OuterRef("uuid"))
        found += rows.filter(~Exists(known)).values_list("uuid", flat=True)[:limit]
    return found[:limit]


def target_of(source: Source) -> Project | Task | None:
    """The row that the source is."""
    if source.kind == "project":
        return Project.objects.filter(pk=source.id).first()
    return Task.objects.select_related("project").filter(pk=source.id).first()


def _living() -> list[tuple[str, QuerySet[Project] | QuerySet[Task]]]:
    return [("project", Project.objects.all()), ("task", Task.objects.filter(project=None, has_data=True))]
