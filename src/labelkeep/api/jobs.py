"""/api/jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_in
from labelkeep.api.schema import Address, Method, Moment, Stage, State
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
    Unset,
    media_type,
    storage_json,
)
from labelkeep.errors import BadInput
from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
from labelkeep.projects.actions.delete_job import delete_job
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.models import Job
from labelkeep.projects.queries.jobs import get_job, job_rows, visible_jobs
from labelkeep.projects.queries.tasks import get_task, media_kind


class JobBody(msgspec.Struct, kw_only=True):
    """What makes a ground truth job."""

    type: str
    task_id: int
    assignee: int | None = None
    stage: Stage = "annotation"
    state: State = "new"
    frame_selection_method: str = "random_uniform"
    frames: list[Annotated[int, msgspec.Meta(ge=0)]] | None = None
    frame_count: int | None = None
    frame_share: float | None = None
    frames_per_job_count: int | None = None
    frames_per_job_share: float | None = None
    random_seed: Annotated[int, msgspec.Meta(ge=0)] | None = None
    seed: int | None = None  # what clients before 2.44 call random_seed


class JobPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    assignee: int | Unset | None = UNSET
    stage: Stage | Unset = UNSET
    state: State | Unset = UNSET


class IssuesSummary(TypedDict):
    """How many issues, and where they are listed."""

    count: int
    url: Address


class JobRead(TypedDict):
    """A job (cvat-protocol §8.3)."""

    url: Address
    id: int
    task_id: int
    task_name: str
    project_id: int | None
    project_name: str | None
    assignee: BasicUser | None
    guide_id: int | None
    dimension: Dimension
    mode: Mode
    media_type: MediaType
    bug_tracker: str | None
    status: Status
    stage: Literal["annotation", "validation", "acceptance"]
    state: Literal["new", "in progress", "completed", "rejected"]
    type: Literal["annotation", "ground_truth", "replica"]
    frame_count: int
    start_frame: int
    stop_frame: int
    data_chunk_size: int | None
    data_compressed_chunk_type: ChunkType
    data_original_chunk_type: ChunkType
    created_date: Moment
    updated_date: Moment
    assignee_updated_date: Moment | None
    issues: IssuesSummary
    labels: LabelsSummary
    organization: int | None
    target_storage: Storage | None
    source_storage: Storage | None
    parent_job_id: int | None
    replicas_count: int


def job_json(row: Json, address: str) -> JobRead:
    """A row of `job_rows` as JobRead."""
    id, task_id = row["id"], row["task_id"]
    frames = row["frames"]
    return {
        "url": f"{address}/api/jobs/{id}",
        "id": id,
        "task_id": task_id,
        "task_name": row["task__name"],
        "project_id": row["task__project_id"],
        "project_name": row["project_name"],
        "assignee": user_in(row, "assignee", address),
        "guide_id": row["task__guide__id"] or row["task__project__guide__id"],
        "dimension": row["task__dimension"],
        "mode": row["task__mode"],
        "media_type": media_type(row["task__media_type"]),
        "bug_tracker": row["task__bug_tracker"] or row["task__project__bug_tracker"],
        "status": row["status"],
        "stage": row["stage"],
        "state": row["state"],
        "type": row["type"],
        "frame_count": row["stop_frame"] - row["start_frame"] + 1 if frames is None else len(frames),
        "start_frame": row["start_frame"],
        "stop_frame": row["stop_frame"],
        "data_chunk_size": row["task__chunk_size"],
        "data_compressed_chunk_type": row["task__compressed_chunk_type"] if frames is None else "imageset",
        "data_original_chunk_type": row["task__original_chunk_type"],
        "created_date": iso(row["created_date"]),
        "updated_date": iso(row["updated_date"]),
        "assignee_updated_date": iso(row["assignee_updated_date"]),
        "issues": {"count": row["issue_count"], "url": f"{address}/api/issues?job_id={id}"},
        "labels": {"url": f"{address}/api/labels?job_id={id}"},
        "organization": row["task__organization_id"],
        "target_storage": storage_json(row["task__target_storage"], "task", task_id, "target"),
        "source_storage": storage_json(row["task__source_storage"], "task", task_id, "source"),
        "parent_job_id": row["parent_id"],
        "replicas_count": row["replicas_count"],
    }


def one(job: Job, actor: Actor, request: Request) -> JobRead:
    """One job as JobRead."""
    return job_json(job_rows(actor, Job.objects.filter(pk=job.pk))[0], base(request))


class Jobs(ListView):
    """The list, and a new ground truth job."""

    fields = {
        "id": "id",
        "task_id": "task_id",
        "project_id": "task__project_id",
        "task_name": "task__name",
        "project_name": "task__project__name",
        "assignee": "assignee__username",
        "state": "state",
        "stage": "stage",
        "type": "type",
        "dimension": "task__dimension",
        "mode": "task__mode",
        "media_type": "media_kind",
        "parent_job_id": "parent_id",
        "updated_date": "updated_date",
    }
    search = ("task_name", "project_name", "assignee", "state", "stage")
    simple = (*search, "task_id", "project_id", "type", "dimension", "mode", "media_type", "parent_job_id")
    derived = {"media_type": media_kind("task__media_type")}
    row = JobRead
    methods = {"POST": Method(takes=JobBody, gives=JobRead, status=201)}

    def queryset(self) -> QuerySet[Job]:
        """What the actor may see."""
        return visible_jobs(self.actor)

    def rows(self, queryset: QuerySet[Job]) -> list[JobRead]:
        """One page."""
        address = base(self.request)
        return [job_json(row, address) for row in job_rows(self.actor, queryset)]

    def post(self, request: Request) -> Response:
        """Make a ground truth job; the others come with the task."""
        body = self.body(JobBody)
        if body.type not in Job.Type.values:
            raise BadInput({"type": [f'"{body.type}" is not a valid choice.']})
        if body.type != Job.Type.GROUND_TRUTH:
            raise BadInput(f"Unexpected job type '{body.type}'")
        task = get_task(self.actor, body.task_id)
        job = create_ground_truth_job(
            actor=self.actor,
            now=clock.now(),
            task=task,
            chosen=_selection(body),
            assignee_id=body.assignee,
            stage=body.stage,
            state=body.state,
        )
        return Response(one(job, self.actor, request), status=201)


class OneJob(View):
    """One job."""

    methods = {
        "GET": Method(gives=JobRead),
        "PATCH": Method(takes=JobPatch, gives=JobRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The job."""
        return Response(one(get_job(self.actor, pk), self.actor, request))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        job = get_job(self.actor, pk, "job:update")
        body = self.body(JobPatch)
        update_job(
            actor=self.actor,
            now=clock.now(),
            job=job,
            stage=body.stage,
            state=body.state,
            assignee_id=body.assignee,
        )
        return Response(one(job, self.actor, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove a ground truth job."""
        delete_job(actor=self.actor, now=clock.now(), job=get_job(self.actor, pk, "job:delete"))
        return Response(status=204)


def _selection(body: JobBody) -> Selection:
    return Selection(
        method=body.frame_selection_method,
        frames=body.frames,
        frame_count=body.frame_count,
        frame_share=body.frame_share,
        per_job_count=body.frames_per_job_count,
        per_job_share=body.frames_per_job_share,
        seed=body.random_seed if body.random_seed is not None else body.seed,
    )


urlpatterns: list[Any] = [
    path("api/jobs", Jobs.as_view()),
    path("api/jobs/<int:pk>", OneJob.as_view()),
]
