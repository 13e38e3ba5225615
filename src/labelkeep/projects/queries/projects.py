"""Projects as rows of values: a page costs two statements, whatever its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Min, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require, visible
from labelkeep.errors import NotFound
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.rows import Row, batches, person
from labelkeep.projects.queries.subjects import subject_of

STAFF = ("owner", "assignee")
COLUMNS = (
    "id",
    "name",
    "bug_tracker",
    "status",
    "created_date",
    "updated_date",
    "assignee_updated_date",
    "organization_id",
    "source_storage",
    "target_storage",
    "guide__id",
    *person("owner"),
    *person("assignee"),
)


def visible_projects(actor: Actor) -> QuerySet[Project]:
    """The projects that the actor may see, in the organization that the request names."""
    return visible(actor, Project.objects.all(), organization="organization", staff=STAFF)


def get_project(actor: Actor, id: int, action: str = "project:view") -> Project:
    """The project, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    project = Project.objects.select_related("owner", "assignee").filter(pk=id).first()
    if project is None:
        raise NotFound("No Project matches the given query.")
    require(actor, action, subject_of(project))
    return project


def project_rows(projects: QuerySet[Project]) -> list[Row]:
    """COLUMNS of each project, with `task_count`, `task_subsets` and `dimension` of its tasks."""
    rows: list[Row] = list(projects.values(*COLUMNS))
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        row.update(task_count=0, task_subsets=[], dimension=None, first_task=None)
    for batch in batches(by_id):
        tasks = Task.objects.filter(project_id__in=batch).order_by()
        groups = tasks.values("project_id", "subset", "dimension").annotate(count=Count("id"), first=Min("id"))
        for group in groups:
            _add(by_id[group["project_id"]], group)
    for row in rows:
        row["task_subsets"] = sorted(set(row["task_subsets"]))
    return rows


def _add(row: Row, group: Mapping[str, Any]) -> None:
    row["task_count"] += group["count"]
    if group["subset"]:
        row["task_subsets"].append(group["subset"])
    if row["first_task"] is None or group["first"] < row["first_task"]:
        row["first_task"], row["dimension"] = group["first"], group["dimension"]
