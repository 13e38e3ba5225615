"""/api/tasks/{id}/annotations and /api/jobs/{id}/annotations (cvat-protocol §5.2, §5.3, §8.7).

Bodies are split while they arrive and answers leave part by part: neither is ever whole in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, cast, get_args

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from labelkeep import clock
from labelkeep.annotations.model import KINDS
from labelkeep.annotations.stream import JsonError, batches
from labelkeep.api.base import View
from labelkeep.api.labeled_data import LabeledData, LabeledDataBody
from labelkeep.api.schema import VND, Method, Parameter, Text
from labelkeep.errors import BadInput, Gone
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.saved.verbs import NO_DATA, Action, Batches

_EXPORT = ("format", "filename", "action", "location", "cloud_storage_id")
_IMPORT = ("format", "rq_id")
_PIECE = 2**16  # bytes


class Annotations(View):
    """The annotations of one task or job."""

    kind: ClassVar[str]
    methods = {
        "GET": Method(gives=LabeledData, also={410: Text()}, answers=(VND,)),
        "PUT": Method(takes=LabeledDataBody, gives=LabeledData, also={410: Text()}, answers=(VND,)),
        "PATCH": Method(
            takes=LabeledDataBody,
            gives=LabeledData,
            query={"action": Parameter("What to do with what is sent.", Action, required=True)},
            answers=(VND,),
        ),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """All of them."""
        gone = "Exporting annotations with GET is no longer supported. Use POST /api/{}s/{}/dataset/export instead."
        _refuse_old(request, _EXPORT, gone.format(self.kind, pk))
        place = self._place(pk, "view-annotations")
        task = place.task if isinstance(place, Job) else place
        if not task.has_data:
            raise BadInput(NO_DATA)
        return _streamed(self._view(place))

    def put(self, request: Request, pk: int) -> HttpResponseBase:
        """Replace all."""
        gone = "Polling an import with PUT is no longer supported. Use GET /api/requests/<rq_id> instead."
        _refuse_old(request, _IMPORT, gone)
        place = self._place(pk, "update-annotations")
        with _told():
            saved.replace(self.actor, place, _lists(request), now=clock.now())
        return _streamed(self._view(place))

    def patch(self, request: Request, pk: int) -> HttpResponseBase:
        """Create, update or delete some."""
        action = request.query_params.get("action")
        if action not in get_args(Action):
            raise BadInput("Please specify a correct 'action' for the request")
        place = self._place(pk, "update-annotations")
        with _told():
            return _streamed(saved.patch(self.actor, place, cast(Action, action), _lists(request), now=clock.now()))

    def delete(self, request: Request, pk: int) -> HttpResponseBase:
        """Remove all."""
        saved.clear(self.actor, self._place(pk, "update-annotations"), now=clock.now())
        return HttpResponse(status=204)

    def _place(self, pk: int, action: str) -> Job | Task:
        raise NotImplementedError

    def _view(self, place: Job | Task) -> Iterator[bytes]:
        return saved.view_job(self.actor, place) if isinstance(place, Job) else saved.view_task(self.actor, place)


class TaskAnnotations(Annotations):
    """Of a task."""

    kind = "task"

    def _place(self, pk: int, action: str) -> Task:
        return get_task(self.actor, pk, f"task:{action}")


class JobAnnotations(Annotations):
    """Of a job."""

    kind = "job"

    def _place(self, pk: int, action: str) -> Job:
        return get_job(self.actor, pk, f"job:{action}")


def _refuse_old(request: Request, parameters: Sequence[str], sentence: str) -> None:
    if any(name in request.query_params for name in parameters):
        raise Gone(sentence)


def _streamed(pieces: Iterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(_gathered(pieces), content_type=VND)


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces together: each one that leaves costs a system call."""
    waiting: list[bytes] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _lists(request: Request) -> Batches:
    """The lists of the body as they arrive. An empty body is an empty object.

    Raises:
        BadInput: objects of a kind that there are no tasks for.
    """
    raw = request._request
    first = raw.read(_PIECE)
    while first.isspace():
        first = raw.read(_PIECE)
    if not first:
        return
    waiting = [first]
    for batch in batches(lambda size: waiting.pop() if waiting else raw.read(size), jobs=False):
        if batch.key in KINDS:
            yield batch.key, batch.first, batch.items
        elif batch.items != b"[]":
            raise BadInput({batch.key: ["There are no audio tasks here, so there are no intervals."]})


@contextmanager
def _told() -> Iterator[None]:
    """A body that is no JSON is told as REST framework does."""
    try:
        yield
    except JsonError as error:
        raise ParseError(str(error)) from error


urlpatterns: list[Any] = [
    path("api/tasks/<int:pk>/annotations", TaskAnnotations.as_view()),
    path("api/jobs/<int:pk>/annotations", JobAnnotations.as_view()),
]
