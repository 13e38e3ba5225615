"""/api/tasks|jobs/{id}/validation_layout: shown; changing a layout is not offered."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.api.base import View
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.queries.validation import Honeypots, layout_of


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


def honeypots_json(honeypots: Honeypots) -> JobValidationLayoutRead:
    """JobValidationLayoutRead, and a part of a task's."""
    return {
        "honeypot_count": len(honeypots.frames),
        "honeypot_frames": honeypots.frames,
        "honeypot_real_frames": honeypots.real,
    }


class TaskLayout(View):
    """Of a task."""

    def get(self, request: Request, pk: int) -> Response:
        """TaskValidationLayoutRead."""
        layout = layout_of(get_task(self.actor, pk))
        return Response(
            {
                "mode": layout.mode,
                "frames_per_job_count": layout.frames_per_job,
                "validation_frames": layout.validation,
                "disabled_frames": layout.disabled,
                **honeypots_json(layout.honeypots),
            }
        )


class JobLayout(View):
    """Of a job: the honeypots in its range."""

    def get(self, request: Request, pk: int) -> Response:
        """JobValidationLayoutRead."""
        job = get_job(self.actor, pk)
        return Response(honeypots_json(layout_of(job.task).honeypots.within(job.start_frame, job.stop_frame)))


urlpatterns: list[Any] = [
    path("api/tasks/<int:pk>/validation_layout", TaskLayout.as_view()),
    path("api/jobs/<int:pk>/validation_layout", JobLayout.as_view()),
]
