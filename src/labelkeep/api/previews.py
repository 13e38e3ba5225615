"""Previews of projects, tasks and jobs: a JPEG of at most 256 × 256 (cvat-protocol §5.1).

A preview is made once and kept in the bounded cache on disk; its ETag is the name that it has there, so who has it
already is told so without a byte being read.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.urls import path
from rest_framework.request import Request

from labelkeep.api import downloads
from labelkeep.api.base import View
from labelkeep.api.data import answer, frames_of
from labelkeep.api.schema import Bytes, Method, Parameter, Text
from labelkeep.projects.models import Task
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.previews import preview_frame, preview_task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task

EMPTY = "handling=empty"  # the preference of clients that would rather have nothing than a failure


class PreviewView(View):
    """Base of the three."""

    methods = {
        "GET": Method(
            gives=Bytes("image/jpeg"),
            also={204: None, 304: None, 404: Text()},
            query={"Prefer": Parameter(f"`{EMPTY}`: 204 where there is nothing to show.", place="header")},
        )
    }


class ProjectPreview(PreviewView):
    """`/api/projects/{id}/preview`."""

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The newest task that has something to show."""
        found = preview_task(get_project(self.actor, pk))
        return nothing(request, "Project") if found is None else shown(request, *found)


class TaskPreview(PreviewView):
    """`/api/tasks/{id}/preview`."""

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The first frame that is not deleted."""
        task = get_task(self.actor, pk, "task:view-data")
        number = preview_frame(task)
        return nothing(request, "Task") if number is None else shown(request, task, number)


class JobPreview(PreviewView):
    """`/api/jobs/{id}/preview`."""

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The first frame of the job that is not deleted."""
        job = get_job(self.actor, pk, "job:view-data")
        number = preview_frame(job.task, job)
        return nothing(request, "Job") if number is None else shown(request, job.task, number)


def shown(request: Request, task: Task, number: int) -> HttpResponseBase:
    """A frame, small; 304 to who has it."""
    frames = frames_of(task)
    etag = f'"{frames.preview_key(number)}"'
    if downloads.is_known(request, etag):
        return HttpResponse(status=304, headers={"ETag": etag})
    return answer(frames.preview(number), {"ETag": etag})


def nothing(request: Request, what: str) -> HttpResponse:
    """There is no frame to show: 404 in plain words, or 204 to who prefers that."""
    wishes = request.headers.get("Prefer", "").lower().replace(" ", "").replace(";", ",").split(",")
    if EMPTY in wishes:
        return HttpResponse(status=204, headers={"Preference-Applied": EMPTY})
    text = f"{what} image preview not found"
    return HttpResponse(text, status=404, content_type="text/plain; charset=utf-8")


urlpatterns: list[Any] = [
    path("api/projects/<int:pk>/preview", ProjectPreview.as_view()),
    path("api/tasks/<int:pk>/preview", TaskPreview.as_view()),
    path("api/jobs/<int:pk>/preview", JobPreview.as_view()),
]
