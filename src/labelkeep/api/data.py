"""The data of tasks and jobs: frames, chunks, context images, previews, frame metadata; and attaching data to a task.

Bodies are streams, the metadata too: 100,000 frames are written page by page.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal, cast

import msgspec
from django.conf import settings
from django.http import HttpResponseBase, StreamingHttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api import downloads
from labelkeep.api.base import View, iso
from labelkeep.api.data_types import DataForm, DataMetaRead, DataRequest
from labelkeep.api.frame_meta import frames_of_job, meta
from labelkeep.api.schema import RANGE, VND, Bytes, Detail, Method, Natural, Parameter
from labelkeep.api.uploads import PIECES, UploadView, upload_methods
from labelkeep.errors import BadInput, Conflict, NotFound
from labelkeep.media import parameters, tree, uploads, vault
from labelkeep.media.cache import DiskCache
from labelkeep.media.frames import Frames, chunk_numbers
from labelkeep.media.models import Upload
from labelkeep.media.parameters import DataParams
from labelkeep.media.served import Served
from labelkeep.projects.actions.attach_data import attach_data
from labelkeep.projects.actions.start_data import NO_MORE_DATA, start_data
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.previews import preview_frame
from labelkeep.projects.queries.tasks import get_task
from labelkeep.projects.quotas import Home, Room, room

PURPOSE = "task-data"
_TYPES = ("chunk", "frame", "context_image", "preview")
_MEDIA = Bytes("application/zip", "video/mp4", "image/*", "application/octet-stream")
_GET = Method(
    gives=_MEDIA,
    also={206: _MEDIA, 304: None, 409: Detail, 416: None},
    query={
        "type": Parameter("What is wanted.", Literal["chunk", "frame", "context_image", "preview"], required=True),
        "quality": Parameter("As it was sent, or smaller.", Literal["compressed", "original"]),
        "number": Parameter("Which frame or chunk, counted in the task.", Natural),
        "Range": RANGE,
    },
)
_INDEX = Parameter("Which chunk, counted in the job.", Natural)


class MetaBody(msgspec.Struct, kw_only=True):
    """What may be changed of the metadata."""

    deleted_frames: list[int] | None = None
    cloud_storage_id: int | None = None


def frames_of(task: Task) -> Frames:
    """The frames of a task.

    Raises:
        NotFound: it has no data yet.
        Conflict: they lie in a cloud storage that the task is not connected to.
    """
    if task.has_data and task.storage == "cloud_storage" and task.cloud_storage_id is None:
        raise Conflict("Task has no cloud storage attached: its frames cannot be read")
    if not task.has_data:
        raise NotFound("The task has no data attached yet")
    return Frames(cast(Any, task), vault.live(), DiskCache(settings.DATA_DIR / "cache"))


def answer(served: Served, headers: dict[str, str] | None = None) -> StreamingHttpResponse:
    """A stream with its length. Media are not compressed again on the way."""
    response = StreamingHttpResponse(served.body, content_type=served.media_type)
    response["Content-Length"] = str(served.size)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


# ---- frames, chunks, context images --------------------------------------------------------------------------------


def retrieve(request: Request, task: Task, job: Job | None = None) -> HttpResponseBase:
    """What `type`, `quality`, `number` and `index` ask for (spec/cvat-protocol.md §5.2, §8.4).

    Raises:
        BadInput: a parameter is missing or wrong.
        NotFound: there is no such frame or chunk, or the frame has no context images.
    """
    kind = request.query_params.get("type")
    if kind not in _TYPES:
        raise BadInput(["Data type not specified or has wrong value"])
    quality = request.query_params.get("quality") or "compressed"
    if quality not in ("compressed", "original") and kind != "context_image":
        raise BadInput(["Wrong quality value"])
    frames = frames_of(task)
    if kind == "preview":
        shown = preview_frame(task, job)
        if shown is None:
            raise NotFound("There is no frame to show")
        return answer(frames.preview(shown))
    if kind == "chunk":
        return _chunk(request, frames, task, job, quality == "original")
    number = _number(request, "number")
    if number is None:
        raise BadInput(["Number is not specified"])
    if job is not None and number not in frames_of_job(job):
        raise BadInput([f"Frame {number} is not a frame of the job"])
    if kind == "context_image":
        return answer(frames.context_images(number))
    return answer(frames.frame(number, original=quality == "original"))


def _chunk(request: Request, frames: Frames, task: Task, job: Job | None, original: bool) -> HttpResponseBase:
    number, index = _number(request, "number"), _number(request, "index")
    if job is not None and number is not None and index is not None:
        raise BadInput(["Number and Index cannot be used together"])
    if number is None and (index is None or job is None):
        raise BadInput(["Number is not specified" if job is None else "Number or Index is not specified"])
    size = task.chunk_size or 1
    shown = None
    if job is None:
        numbers: Iterable[int] = chunk_numbers(cast(int, number), size, 0, (task.size or 0) - 1)
    elif index is not None:
        numbers = range(job.start_frame, job.stop_frame + 1)[max(0, index) * size : (max(0, index) + 1) * size]
        shown = job.frames
    else:
        numbers = chunk_numbers(cast(int, number), size, job.start_frame, job.stop_frame)
        shown = job.frames
    served = frames.chunk(list(numbers), original=original, shown=set(shown) if shown is not None else None)
    return _in_part(request, served, {"X-Updated-Date": iso(task.chunks_updated_date) or ""})


def _in_part(request: Request, served: Served, headers: dict[str, str]) -> HttpResponseBase:
    """A chunk, or the range of it that is asked for; 304 to who has it."""
    response = downloads.answer(
        request, size=served.size, etag=f'"{served.etag}"', stream=served.read, media_type=served.media_type
    )
    if not response.streaming:
        served.close()
    for name, value in {"X-Checksum": served.checksum, **headers}.items():
        response[name] = value
    return response


def _number(request: Request, name: str) -> int | None:
    text = request.query_params.get(name, "")
    if text == "":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput([f"{name} must be a whole number"])
    return int(text)


# ---- views ---------------------------------------------------------------------------------------------------------


class TaskData(UploadView):
    """`/api/tasks/{id}/data`: reading data, and sending it."""

    purpose = PURPOSE
    methods = {**upload_methods(DataForm, DataRequest), "GET": _GET}

    def get(self, request: Request, pk: int, **kwargs: Any) -> HttpResponseBase:
        """Frames, chunks and context images."""
        return retrieve(request, get_task(self.actor, pk, "task:view-data"))

    def allow(self, request: Request, **kwargs: Any) -> None:
        """Only who may bring data may send bytes; a task takes data once."""
        task = get_task(self.actor, kwargs["pk"], "task:upload-data")
        if task.has_data and request.method == "POST":
            raise BadInput(NO_MORE_DATA)

    def room(self, **kwargs: Any) -> Room:
        """What is left where the task is."""
        return room(Home.of(get_task(self.actor, kwargs["pk"])))

    def start(self, request: Request, **kwargs: Any) -> None:
        """The task has a data id from now on."""
        start_data(actor=self.actor, now=clock.now(), task=get_task(self.actor, kwargs["pk"]))

    def wire_name(self, upload: Upload) -> str:
        """The plain name: everything sent for the task belongs to it, nothing is asked for by id."""
        return upload.filename

    def announce(self, filename: str, **kwargs: Any) -> None:
        """A name must be one that frames can have. What came whole is not replaced, what broke off is begun anew."""
        tree.relative(filename, "")
        for upload in uploads.of_target(self.actor, PURPOSE, kwargs["pk"]):
            if upload.filename == filename:
                if upload.offset == upload.length:
                    raise Conflict("File with same name already exists")
                uploads.discard([upload.pk])

    def gathered(self, request: Request, received: list[Upload], **kwargs: Any) -> list[Upload]:
        """Everything that the actor has sent for this task, in this request and before."""
        return uploads.of_target(self.actor, PURPOSE, kwargs["pk"])

    def finish(self, request: Request, uploads: list[Upload], params: dict[str, Any], **kwargs: Any) -> str | Response:
        """Begin to make frames of what has come."""
        task = get_task(self.actor, kwargs["pk"], "task:upload-data")
        wanted = parameters.read(params)
        _check_sources(wanted, uploads)
        operation = attach_data(
            actor=self.actor, now=clock.now(), task=task, params=wanted, upload_ids=[upload.pk for upload in uploads]
        )
        return operation.key


def _check_sources(params: DataParams, files: list[Upload]) -> None:
    if params.cloud_storage_id is not None:
        raise BadInput({"cloud_storage_id": ["Data from cloud storages is not supported by this server yet"]})
    kinds = [bool(files), bool(params.server_files), bool(params.remote_files)]
    if sum(kinds) > 1:
        message = "Files of one kind of source can be used at a time: client_files, server_files or remote_files"
        raise BadInput([message])
    if not any(kinds):
        raise BadInput(["No media data found"])


class JobData(View):
    """`/api/jobs/{id}/data`."""

    methods = {"GET": replace(_GET, query={**_GET.query, "index": _INDEX})}

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Frames, chunks and context images of a job."""
        job = get_job(self.actor, pk, "job:view-data")
        return retrieve(request, job.task, job)


_META = {
    "GET": Method(gives=DataMetaRead, answers=(VND,)),
    "PATCH": Method(takes=MetaBody, gives=DataMetaRead, answers=(VND,)),
}


class TaskMeta(View):
    """`/api/tasks/{id}/data/meta`."""

    methods = _META

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The frames of a task."""
        return meta(get_task(self.actor, pk, "task:view-data"))

    def patch(self, request: Request, pk: int) -> HttpResponseBase:
        """Which frames are deleted."""
        task = get_task(self.actor, pk)
        _change(self, task)
        return meta(task)


class JobMeta(View):
    """`/api/jobs/{id}/data/meta`."""

    methods = _META

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The frames of a job."""
        job = get_job(self.actor, pk, "job:view-data")
        return meta(job.task, job)

    def patch(self, request: Request, pk: int) -> HttpResponseBase:
        """Which frames of the job are deleted."""
        job = get_job(self.actor, pk)
        _change(self, job)
        return meta(job.task, job)


def _change(view: View, of: Task | Job) -> None:
    body = view.body(MetaBody)
    if body.cloud_storage_id is not None:
        raise BadInput({"cloud_storage_id": ["This task's frames do not lie in a cloud storage"]})
    if body.deleted_frames is not None:
        update_data_meta(actor=view.actor, now=clock.now(), of=of, deleted_frames=body.deleted_frames)


urlpatterns: list[Any] = [
    path("api/tasks/<int:pk>/data", TaskData.as_view(http_method_names=["get", "post", "options"])),
    path("api/tasks/<int:pk>/data/meta", TaskMeta.as_view()),
    path("api/tasks/<int:pk>/data/<str:file_id>", TaskData.as_view(http_method_names=PIECES)),
    path("api/jobs/<int:pk>/data", JobData.as_view()),
    path("api/jobs/<int:pk>/data/meta", JobMeta.as_view()),
]
