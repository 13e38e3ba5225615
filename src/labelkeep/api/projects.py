"""/api/projects."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_in
from labelkeep.api.openapi import page_of
from labelkeep.api.origins import RESTORED_FROM, restored_from
from labelkeep.api.schema import Address, Detail, Method, Moment, Name
from labelkeep.api.shapes import (
    UNSET,
    Dimension,
    Json,
    LabelsSummary,
    Status,
    Storage,
    StorageBody,
    Unset,
    given,
    storage_json,
    storage_value,
)
from labelkeep.projects.actions.create_project import create_project
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.actions.update_project import update_project
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project
from labelkeep.projects.queries.projects import get_project, project_rows, visible_projects


class ProjectBody(msgspec.Struct, kw_only=True):
    """What makes a project. `owner_id` is read and not followed: whoever asks is the owner."""

    name: Name
    labels: list[LabelInput] = []
    bug_tracker: str = ""
    owner_id: int | None = None
    assignee_id: int | None = None
    source_storage: StorageBody | None = None
    target_storage: StorageBody | None = None


class ProjectPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    name: Name | Unset = UNSET
    labels: list[LabelInput] | Unset = UNSET
    bug_tracker: str | Unset = UNSET
    owner_id: int | Unset | None = UNSET
    assignee_id: int | Unset | None = UNSET
    status: Status | Unset = UNSET
    source_storage: StorageBody | Unset | None = UNSET
    target_storage: StorageBody | Unset | None = UNSET
    organization_id: int | Unset | None = UNSET


class TasksSummary(TypedDict):
    """How many tasks, and where they are listed."""

    count: int
    url: Address


class ProjectRead(TypedDict):
    """A project (cvat-protocol §8.1)."""

    url: Address
    id: int
    name: str
    owner: BasicUser | None
    assignee: BasicUser | None
    guide_id: int | None
    bug_tracker: str
    task_subsets: list[str]
    created_date: Moment
    updated_date: Moment
    status: Status
    dimension: Dimension | None
    organization: int | None
    organization_id: int | None
    target_storage: Storage | None
    source_storage: Storage | None
    tasks: TasksSummary
    labels: LabelsSummary
    assignee_updated_date: Moment | None


def project_json(row: Json, address: str) -> ProjectRead:
    """A row of `project_rows` as ProjectRead."""
    id = row["id"]
    return {
        "url": f"{address}/api/projects/{id}",
        "id": id,
        "name": row["name"],
        "owner": user_in(row, "owner", address),
        "assignee": user_in(row, "assignee", address),
        "guide_id": row["guide__id"],
        "bug_tracker": row["bug_tracker"],
        "task_subsets": row["task_subsets"],
        "created_date": iso(row["created_date"]),
        "updated_date": iso(row["updated_date"]),
        "status": row["status"],
        "dimension": row["dimension"],
        "organization": row["organization_id"],
        "organization_id": row["organization_id"],
        "target_storage": storage_json(row["target_storage"], "project", id, "target"),
        "source_storage": storage_json(row["source_storage"], "project", id, "source"),
        "tasks": {"count": row["task_count"], "url": f"{address}/api/tasks?project_id={id}"},
        "labels": {"url": f"{address}/api/labels?project_id={id}"},
        "assignee_updated_date": iso(row["assignee_updated_date"]),
    }


def one(project: Project, request: Request) -> ProjectRead:
    """One project as ProjectRead."""
    return project_json(project_rows(Project.objects.filter(pk=project.pk))[0], base(request))


class Projects(ListView):
    """The list, and a new one."""

    fields = {
        "id": "id",
        "name": "name",
        "owner": "owner__username",
        "assignee": "assignee__username",
        "status": "status",
        "updated_date": "updated_date",
    }
    search = simple = ("name", "owner", "assignee", "status")
    row = ProjectRead
    methods = {
        "GET": Method(gives=page_of(ProjectRead), query={"restored_from": RESTORED_FROM}),
        "POST": Method(takes=ProjectBody, gives=ProjectRead, status=201, also={409: Detail}),
    }

    def queryset(self) -> QuerySet[Project]:
        """What the actor may see."""
        return restored_from(self.request, visible_projects(self.actor))

    def rows(self, queryset: QuerySet[Project]) -> list[ProjectRead]:
        """One page."""
        address = base(self.request)
        return [project_json(row, address) for row in project_rows(queryset)]

    def post(self, request: Request) -> Response:
        """Make a project."""
        body = self.body(ProjectBody)
        project = create_project(
            actor=self.actor,
            now=clock.now(),
            name=body.name,
            labels=body.labels,
            bug_tracker=body.bug_tracker,
            assignee_id=body.assignee_id,
            source_storage=storage_value(body.source_storage),
            target_storage=storage_value(body.target_storage),
        )
        return Response(one(project, request), status=201)


class OneProject(View):
    """One project."""

    methods = {
        "GET": Method(gives=ProjectRead),
        "PATCH": Method(takes=ProjectPatch, gives=ProjectRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The project."""
        return Response(one(get_project(self.actor, pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        project = get_project(self.actor, pk, "project:update")
        body = self.body(ProjectPatch)
        update_project(
            actor=self.actor,
            now=clock.now(),
            project=project,
            name=body.name,
            bug_tracker=body.bug_tracker,
            owner_id=body.owner_id,
            assignee_id=body.assignee_id,
            status=body.status,
            source_storage=storage_value(body.source_storage),
            target_storage=storage_value(body.target_storage),
            organization_id=body.organization_id,
            labels=given(body.labels),
        )
        return Response(one(project, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        project = get_project(self.actor, pk, "project:delete")
        delete_project(actor=self.actor, now=clock.now(), project=project)
        return Response(status=204)


urlpatterns: list[Any] = [
    path("api/projects", Projects.as_view()),
    path("api/projects/<int:pk>", OneProject.as_view()),
]
