"""/api/tasks."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_in
from labelkeep.api.openapi import page_of
from labelkeep.api.origins import RESTORED_FROM, restored_from
from labelkeep.api.schema import Address, Method, Moment, Name
from labelkeep.api.shapes import (
    UNSET,
    ChunkType,
    Dimension,
    Json,
    LabelsSummary,
    MediaType,
    Mode,
    Status,
    Storage,
    StorageBody,
    Unset,
    given,
    media_type,
    storage_json,
    storage_value,
)
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.actions.delete_task import delete_task
from labelkeep.projects.actions.update_task import update_task
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.progress import data_state
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task, media_kind, task_rows, validation_mode, visible_tasks


class TaskBody(msgspec.Struct, kw_only=True):
    """What makes a task. `owner_id` is read and not followed: whoever asks is the owner."""

    name: Name
    project_id: int | None = None
    labels: list[LabelInput] = []
    segment_size: int = 0
    overlap: int | None = None
    bug_tracker: str = ""
    subset: str = ""
    owner_id: int | None = None
    assignee_id: int | None = None
    consensus_replicas: int = 0
    initial_replicas: int = 0
    source_storage: StorageBody | None = None
    target_storage: StorageBody | None = None


class TaskPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    name: Name | Unset = UNSET
    project_id: int | Unset | None = UNSET
    labels: list[LabelInput] | Unset = UNSET
    bug_tracker: str | Unset = UNSET
    subset: str | Unset = UNSET
    owner_id: int | Unset | None = UNSET
    assignee_id: int | Unset | None = UNSET
    status: Status | Unset = UNSET
    source_storage: StorageBody | Unset | None = UNSET
    target_storage: StorageBody | Unset | None = UNSET
    organization_id: int | Unset | None = UNSET


class JobsSummary(TypedDict):
    """How many jobs, how many of them are done or in validation, and where they are listed."""

    count: int
    completed: int
    validation: int
    url: Address


class DataFields(TypedDict, total=False):
    """What a task has from the moment that data are attached to it. Clients up to 2.31 do not take null for any."""

    data: int
    media_type: MediaType
    data_chunk_size: int | None
    data_original_chunk_type: ChunkType
    data_compressed_chunk_type: ChunkType
    data_cloud_storage_id: int | None
    size: int
    image_quality: int


class TaskRead(DataFields):
    """A task (cvat-protocol §8.2)."""

    url: Address
    id: int
    name: str
    project_id: int | None
    project_name: str | None
    mode: Mode
    owner: BasicUser | None
    assignee: BasicUser | None
    bug_tracker: str
    created_date: Moment
    updated_date: Moment
    overlap: int | None
    segment_size: int
    initial_replicas: int
    status: Status
    dimension: Dimension
    subset: str
    organization: int | None
    organization_id: int | None
    guide_id: int | None
    target_storage: Storage | None
    source_storage: Storage | None
    jobs: JobsSummary
    labels: LabelsSummary
    assignee_updated_date: Moment | None
    validation_mode: Literal["gt", "gt_pool"] | None


class RqStatus(TypedDict):
    """How far making a task's frames has come."""

    state: Literal["Queued", "Started", "Finished", "Failed"]
    message: str
    progress: float


def task_json(row: Json, address: str) -> TaskRead:
    """A row of `task_rows` as TaskRead. What only data has is left out until there are data: it must not be null."""
    id = row["id"]
    return {
        "url": f"{address}/api/tasks/{id}",
        "id": id,
        "name": row["name"],
        "project_id": row["project_id"],
        "project_name": row["project_name"],
        "mode": row["mode"],
        "owner": user_in(row, "owner", address),
        "assignee": user_in(row, "assignee", address),
        "bug_tracker": row["bug_tracker"],
        "created_date": iso(row["created_date"]),
        "updated_date": iso(row["updated_date"]),
        "overlap": row["overlap"],
        "segment_size": row["segment_size"],
        "initial_replicas": row["consensus_replicas"],
        "status": row["status"],
        "dimension": row["dimension"],
        "subset": row["subset"],
        "organization": row["organization_id"],
        "organization_id": row["organization_id"],
        "guide_id": row["guide__id"],
        "target_storage": storage_json(row["target_storage"], "task", id, "target"),
        "source_storage": storage_json(row["source_storage"], "task", id, "source"),
        "jobs": {
            "count": row["job_count"],
            "completed": row["completed_jobs"],
            "validation": row["validation_jobs"],
            "url": f"{address}/api/jobs?task_id={id}",
        },
        "labels": {"url": f"{address}/api/labels?task_id={id}"},
        "assignee_updated_date": iso(row["assignee_updated_date"]),
        "validation_mode": row["validation_mode"],
        **_data_json(row),
    }


def _data_json(row: Json) -> DataFields:
    if not row["has_data"]:
        return {"data": row["id"], "size": 0, "image_quality": row["image_quality"]} if row["data_started"] else {}
    return {
        "data": row["id"],
        "media_type": media_type(row["media_type"]),
        "data_chunk_size": row["chunk_size"],
        "data_original_chunk_type": row["original_chunk_type"],
        "data_compressed_chunk_type": row["compressed_chunk_type"],
        "data_cloud_storage_id": row["cloud_storage_id"],
        "size": row["size"],
        "image_quality": row["image_quality"],
    }


def one(task: Task, actor: Actor, request: Request) -> TaskRead:
    """One task as TaskRead."""
    return task_json(task_rows(actor, Task.objects.filter(pk=task.pk))[0], base(request))


class Tasks(ListView):
    """The list, and a new one."""

    fields = {
        "id": "id",
        "project_id": "project_id",
        "project_name": "project__name",
        "name": "name",
        "owner": "owner__username",
        "status": "status",
        "assignee": "assignee__username",
        "subset": "subset",
        "mode": "mode",
        "dimension": "dimension",
        "media_type": "media_kind",
        "tracker_link": "bug_tracker",
        "validation_mode": "validation_mode",
        "updated_date": "updated_date",
    }
    search = (
        "project_name",
        "name",
        "owner",
        "status",
        "assignee",
        "subset",
        "mode",
        "dimension",
        "tracker_link",
        "validation_mode",
    )
    simple = (*search, "project_id", "media_type")
    derived = {"media_type": media_kind("media_type"), "validation_mode": validation_mode()}
    row = TaskRead
    methods = {
        "GET": Method(gives=page_of(TaskRead), query={"restored_from": RESTORED_FROM}),
        "POST": Method(takes=TaskBody, gives=TaskRead, status=201),
    }

    def queryset(self) -> QuerySet[Task]:
        """What the actor may see."""
        return restored_from(self.request, visible_tasks(self.actor))

    def rows(self, queryset: QuerySet[Task]) -> list[TaskRead]:
        """One page."""
        address = base(self.request)
        return [task_json(row, address) for row in task_rows(self.actor, queryset)]

    def post(self, request: Request) -> Response:
        """Make a task."""
        body = self.body(TaskBody)
        project_id = body.project_id
        project = None if project_id is None else get_project(self.actor, project_id, "task:create-in-project")
        task = create_task(
            actor=self.actor,
            now=clock.now(),
            name=body.name,
            project=project,
            labels=body.labels,
            segment_size=body.segment_size,
            overlap=body.overlap,
            bug_tracker=body.bug_tracker,
            subset=body.subset,
            assignee_id=body.assignee_id,
            consensus_replicas=body.consensus_replicas or body.initial_replicas,
            source_storage=storage_value(body.source_storage),
            target_storage=storage_value(body.target_storage),
        )
        return Response(one(task, self.actor, request), status=201)


class OneTask(View):
    """One task."""

    methods = {
        "GET": Method(gives=TaskRead),
        "PATCH": Method(takes=TaskPatch, gives=TaskRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The task."""
        return Response(one(get_task(self.actor, pk), self.actor, request))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        task = get_task(self.actor, pk, "task:update")
        body = self.body(TaskPatch)
        update_task(
            actor=self.actor,
            now=clock.now(),
            task=task,
            name=body.name,
            bug_tracker=body.bug_tracker,
            subset=body.subset,
            owner_id=body.owner_id,
            assignee_id=body.assignee_id,
            status=body.status,
            source_storage=storage_value(body.source_storage),
            target_storage=storage_value(body.target_storage),
            organization_id=body.organization_id,
            project=self._destination(body.project_id, task),
            labels=given(body.labels),
        )
        return Response(one(task, self.actor, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        task = get_task(self.actor, pk, "task:delete")
        delete_task(actor=self.actor, now=clock.now(), task=task)
        return Response(status=204)

    def _destination(self, project_id: int | Unset | None, task: Task) -> Project | Unset | None:
        if project_id is UNSET or project_id == task.project_id:
            return UNSET
        if project_id is None:
            return None
        return get_project(self.actor, project_id, "task:create-in-project")


class TaskStatus(View):
    """How far the data of a task have come, as clients before 2.16 ask."""

    methods = {"GET": Method(gives=RqStatus)}

    def get(self, request: Request, pk: int) -> Response:
        """The state of the task's creation."""
        return Response(data_state(get_task(self.actor, pk)), headers={"Deprecation": "true"})


urlpatterns: list[Any] = [
    path("api/tasks", Tasks.as_view()),
    path("api/tasks/<int:pk>", OneTask.as_view()),
    path("api/tasks/<int:pk>/status", TaskStatus.as_view()),
]
