"""/api/jobs/{id}/revisions: who saved the annotations of a job, and when. Our own; CVAT keeps no such list."""

from __future__ import annotations

from typing import Any, TypedDict

from django.db.models import QuerySet
from django.urls import path

from labelkeep.api.base import BasicUser, ListView, base, iso, user_in
from labelkeep.api.schema import Moment
from labelkeep.projects.models import Revision
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.rows import Row
from labelkeep.projects.saved.history import revisions_of


class RevisionRead(TypedDict):
    """One save. `size`: the bytes of a small edit; null where all objects of the job were written anew."""

    number: int
    actor: BasicUser | None
    created_date: Moment | None
    size: int | None


class JobRevisions(ListView):
    """Every save of a job, the last one first."""

    row = RevisionRead

    def queryset(self) -> QuerySet[Revision, Row]:
        """Of a job whose annotations the actor may see."""
        return revisions_of(get_job(self.actor, self.kwargs["pk"], "job:view-annotations").pk)

    def narrowed(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """All of them: there is nothing to filter or sort by."""
        return queryset

    def rows(self, queryset: QuerySet[Any, Any]) -> list[RevisionRead]:
        """One page."""
        address = base(self.request)
        return [
            {
                "number": row["number"],
                "actor": user_in(row, "actor", address),
                "created_date": iso(row["created_date"]),
                "size": row["size"],
            }
            for row in queryset
        ]


urlpatterns: list[Any] = [path("api/jobs/<int:pk>/revisions", JobRevisions.as_view())]
