"""/api/projects/{id}/origin and /api/tasks/{id}/origin: what it was restored from and what it costs. Ours, not CVAT's.

CVAT's own objects stay as clients know them; the lists can be narrowed to what was restored from a backup.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.api.base import View
from labelkeep.api.schema import Method, Parameter, Uuid
from labelkeep.errors import BadInput
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.quotas import size_of

M = TypeVar("M", Project, Task)
RESTORED_FROM = Parameter("Only what was restored from the backup with this id.", Uuid)


class OriginRead(TypedDict):
    """Where it comes from; null where it was made here, or where that is not known. `size`: bytes of its media, as a
    quota counts them."""

    server: str | None
    uuid: str | None
    backup: str | None
    archive: str | None
    size: int


def restored_from(request: Request, things: QuerySet[M]) -> QuerySet[M]:
    """Those that were restored from the backup that the query names, if it names one.

    Raises:
        BadInput: that is no id of a backup.
    """
    named = request.query_params.get("restored_from")
    if not named:
        return things
    try:
        return things.filter(origin__backup=str(UUID(named)))
    except ValueError as error:
        raise BadInput({"restored_from": ["Must be a valid UUID."]}) from error


class OriginView(View):
    """Where one project or task comes from."""

    kind: Literal["project", "task"] = "project"
    methods = {"GET": Method(gives=OriginRead)}

    def get(self, request: Request, pk: int) -> Response:
        """Its origin and its size."""
        thing = get_project(self.actor, pk) if self.kind == "project" else get_task(self.actor, pk, "task:view")
        origin: dict[str, Any] = thing.origin
        known = {name: origin.get(name) or None for name in ("server", "uuid", "backup", "archive")}
        return Response({**known, "size": size_of(thing)})


urlpatterns = [
    path("api/projects/<int:pk>/origin", OriginView.as_view(kind="project")),
    path("api/tasks/<int:pk>/origin", OriginView.as_view(kind="task")),
]
