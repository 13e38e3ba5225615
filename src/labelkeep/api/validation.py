"""/api/tasks|jobs/{id}/validation_layout: which frames measure quality, and how."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict, cast

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import View
from labelkeep.api.schema import Method
from labelkeep.api.shapes import UNSET, Unset
from labelkeep.projects.actions.update_job_validation_layout import update_job_validation_layout
from labelkeep.projects.actions.update_validation_layout import update_validation_layout
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.queries.validation import Honeypots, layout_of

FrameNumber = Annotated[int, msgspec.Meta(ge=0)]


class JobValidationLayoutRead(TypedDict):
    """The honeypots in a job's range, and the frames of the pool that they show."""

    honeypot_count: int
    honeypot_frames: list[int]
    honeypot_real_frames: list[int]


class TaskValidationLayoutRead(JobValidationLayoutRead):
    """How a task is validated (cvat-protocol §8.8)."""

    mode: Literal["gt", "gt_pool"] | None
    frames_per_job_count: int | None
    validation_frames: list[int]
    disabled_frames: list[int]


class TaskLayoutPatch(msgspec.Struct, kw_only=True):
    """What may be changed of a task's layout."""

    disabled_frames: list[FrameNumber] | Unset = UNSET
    frame_selection_method: str | Unset = UNSET
    honeypot_real_frames: list[FrameNumber] | Unset = UNSET


class JobLayoutPatch(msgspec.Struct, kw_only=True):
    """What may be changed of the honeypots of a job."""

    frame_selection_method: str
    honeypot_real_frames: list[FrameNumber] | Unset = UNSET


def honeypots_json(honeypots: Honeypots) -> JobValidationLayoutRead:
    """JobValidationLayoutRead, and a part of a task's."""
    return {
        "honeypot_count": len(honeypots.frames),
        "honeypot_frames": honeypots.frames,
        "honeypot_real_frames": honeypots.real,
    }


def task_json(task: Task) -> TaskValidationLayoutRead:
    """How a task is validated."""
    layout = layout_of(task)
    return {
        "mode": cast(Literal["gt", "gt_pool"] | None, layout.mode),
        "frames_per_job_count": layout.frames_per_job,
        "validation_frames": layout.validation,
        "disabled_frames": layout.disabled,
        **honeypots_json(layout.honeypots),
    }


def job_json(job: Job) -> JobValidationLayoutRead:
    """The honeypots of a job; a ground truth job has none."""
    return honeypots_json(layout_of(job.task).honeypots.within(job.start_frame, job.stop_frame))


class TaskLayout(View):
    """Of a task."""

    methods = {
        "GET": Method(gives=TaskValidationLayoutRead),
        "PATCH": Method(takes=TaskLayoutPatch, gives=TaskValidationLayoutRead),
    }

    def get(self, request: Request, pk: int) -> Response:
        """TaskValidationLayoutRead."""
        return Response(task_json(get_task(self.actor, pk)))

    def patch(self, request: Request, pk: int) -> Response:
        """Leave frames out of validation, let honeypots show other frames."""
        task, body = get_task(self.actor, pk, "task:update-metadata"), self.body(TaskLayoutPatch)
        update_validation_layout(
            actor=self.actor,
            now=clock.now(),
            task=task,
            disabled_frames=body.disabled_frames,
            method=body.frame_selection_method,
            real_frames=body.honeypot_real_frames,
        )
        return Response(task_json(get_task(self.actor, pk)))


class JobLayout(View):
    """Of a job: the honeypots in its range. Who only annotates the job must not know them."""

    methods = {
        "GET": Method(gives=JobValidationLayoutRead),
        "PATCH": Method(takes=JobLayoutPatch, gives=JobValidationLayoutRead),
    }

    def get(self, request: Request, pk: int) -> Response:
        """JobValidationLayoutRead."""
        return Response(job_json(get_job(self.actor, pk, "job:view-validation-layout")))

    def patch(self, request: Request, pk: int) -> Response:
        """Let the honeypots show other frames."""
        job, body = get_job(self.actor, pk, "job:update-validation-layout"), self.body(JobLayoutPatch)
        update_job_validation_layout(
            actor=self.actor,
            now=clock.now(),
            job=job,
            method=body.frame_selection_method,
            real_frames=body.honeypot_real_frames,
        )
        return Response(job_json(get_job(self.actor, pk, "job:view-validation-layout")))


urlpatterns: list[Any] = [
    path("api/tasks/<int:pk>/validation_layout", TaskLayout.as_view()),
    path("api/jobs/<int:pk>/validation_layout", JobLayout.as_view()),
]
