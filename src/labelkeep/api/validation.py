"""/api/tasks|jobs/{id}/validation_layout: shown; changing a layout is not offered."""

from __future__ import annotations

from typing import Any

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep.api.base import View
from labelkeep.api.shapes import Json
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.queries.validation import Honeypots, layout_of


def honeypots_json(honeypots: Honeypots) -> Json:
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
