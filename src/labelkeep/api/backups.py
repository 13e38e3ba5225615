"""Backups of projects and tasks on CVAT's routes, those of today and those of clients up to 2.31 (cvat-protocol §5-§7,
§13).

A download is a range of an archive that exists only as a plan (snapshots/render): its length, its ETag and any part of
it are known without writing it anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, TypedDict

from django.http import HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api import downloads
from labelkeep.api.base import View, flag
from labelkeep.api.schema import RANGE, ZIP, File, Method, Parameter, RqId
from labelkeep.api.uploads import PIECES, UploadView, upload_methods
from labelkeep.errors import AlreadyRunning, BadInput, NotFound
from labelkeep.media.models import Upload
from labelkeep.operations import keys
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.queries import get_operation
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task
from labelkeep.snapshots.export_backup import export_backup
from labelkeep.snapshots.import_backup import import_backup, permit
from labelkeep.snapshots.queries import Download, find_download

Kind = Literal["project", "task"]
_UNDER_WAY = (Status.QUEUED, Status.STARTED)
_EXPORT: Mapping[str, str | Parameter] = {
    "filename": "What the file shall be called.",
    "location": Parameter("Where it goes.", Literal["local", "cloud_storage"]),
    "cloud_storage_id": Parameter("Which cloud storage.", int),
}
NO_CLOUD = "Cloud storages cannot be used here: this server has none registered"


def target_of(view: View, kind: Kind, pk: int, action: str) -> Project | Task:
    """The project or task, when the actor may do this to it."""
    return get_project(view.actor, pk, action) if kind == "project" else get_task(view.actor, pk, action)


def check_location(request: Request) -> None:
    """Raise for anything but local: there is no cloud storage that could be meant."""
    location = request.query_params.get("location") or "local"
    if location == "cloud_storage" and not request.query_params.get("cloud_storage_id"):
        raise BadInput(["Trying to use undefined cloud storage (cloud_storage_id was not provided)"])
    if location == "cloud_storage":
        raise BadInput([NO_CLOUD])
    if location != "local":
        raise BadInput({"location": [f'"{location}" is not a valid choice.']})


class BackupView(View):
    """Base: a route of projects and the same of tasks."""

    kind: Kind = "project"
    read_only_methods = frozenset({"GET", "HEAD", "OPTIONS", "POST"})  # making a backup changes nothing


class Export(BackupView):
    """Start making a backup."""

    methods = {
        "POST": Method(
            gives=RqId,
            status=202,
            also={409: RqId},
            query={**_EXPORT, "lightweight": Parameter("Without media that lie in a cloud storage.", bool)},
        )
    }

    def post(self, request: Request, pk: int) -> Response:
        """202 with the request id; 409 with it while the same is under way."""
        check_location(request)
        flag(request, "lightweight", True)  # it leaves out media in cloud storages, of which there are none
        target = target_of(self, self.kind, pk, "backup:make")
        filename = request.query_params.get("filename", "")
        try:
            operation = export_backup(actor=self.actor, now=clock.now(), target=target, filename=filename)
        except AlreadyRunning as error:
            return Response({"rq_id": error.key}, status=409)
        return Response({"rq_id": operation.key}, status=202)


class DownloadView(BackupView):
    """The archive of a finished request."""

    methods = {
        "GET": Method(
            gives=ZIP,
            also={206: ZIP, 304: None, 416: None},
            query={"rq_id": Parameter("The id of the request that made it.", required=True), "Range": RANGE},
        )
    }

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """The bytes, or the range of them that is asked for. HEAD answers the same without them."""
        key = request.query_params.get("rq_id", "")
        if not key:
            raise BadInput(["Missing request id in the query parameters"])
        return send(request, find_download(self.actor, key, self.kind, pk))


def send(request: Request, found: Download) -> HttpResponseBase:
    """An archive as an answer."""
    archive = found.archive
    return downloads.answer(
        request,
        size=archive.size,
        etag=archive.etag,
        stream=archive.stream,
        filename=found.filename,
        media_type="application/zip",
    )


class OldExport(BackupView):
    """`GET …/backup` of clients up to 2.31: started and asked after by the same request, then fetched by another."""

    methods = {
        "GET": Method(
            gives=ZIP,
            also={201: None, 202: None, 206: ZIP, 304: None, 416: None},
            query={**_EXPORT, "action": Parameter("Fetch it.", Literal["download"]), "Range": RANGE},
        )
    }

    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """202 while it works, 201 when it is ready; with `action=download` the archive."""
        check_location(request)
        target = target_of(self, self.kind, pk, "backup:make")
        filename = request.query_params.get("filename", "")
        try:
            found = self._found(target)
            if request.query_params.get("action") == "download":
                return self._download(request, found, pk)
            if found is None:
                export_backup(actor=self.actor, now=clock.now(), target=target, filename=filename)
                return Response(status=202)
        except AlreadyRunning:
            return Response(status=202)
        if found.status in _UNDER_WAY:
            return Response(status=202)
        if found.status == Status.FINISHED:
            return Response(status=201)
        message = found.message
        found.delete()  # so that asking again tries again
        raise BadInput([message])

    def _found(self, target: Project | Task) -> Operation | None:
        try:
            return get_operation(self.actor, keys.export_backup(self.kind, target.pk, self.actor.id))
        except NotFound:
            return None

    def _download(self, request: Request, found: Operation | None, pk: int) -> HttpResponseBase:
        if found is None or found.status != Status.FINISHED:
            raise BadInput(["The backup is not ready: ask for it without action=download first"])
        answer = send(request, find_download(self.actor, found.key, self.kind, pk))
        if answer.status_code == 200 and request.method == "GET":
            found.delete()  # the next request makes a new backup
        return answer


class ProjectFileBody(TypedDict):
    """An archive."""

    project_file: File


class TaskFileBody(TypedDict):
    """An archive."""

    task_file: File


class Poll(TypedDict, total=False):
    """Clients up to 2.31 ask with this how far a restore is. Without it: the upload that `filename` names is whole."""

    rq_id: str


class Restored(TypedDict):
    """What such clients hear when it is done."""

    id: int


class Import(UploadView):
    """Restore an archive: the five kinds of request of an upload URL, and the old polling on the same one."""

    kind: ClassVar[Kind]

    def allow(self, request: Request, **kwargs: Any) -> None:
        """Raise unless the actor may restore where he asks to; a poll of the old kind is about his own request."""
        permit(self.actor)
        check_location(request)

    def finish(self, request: Request, uploads: list[Upload], params: dict[str, Any], **kwargs: Any) -> str | Response:
        """Start restoring the one file that came; or tell how far an earlier request is."""
        if not uploads and params.get("rq_id"):
            return self._told(str(params["rq_id"]))
        if len(uploads) != 1:
            raise BadInput({self.file_fields[0]: ["No file was submitted."]})
        return import_backup(actor=self.actor, now=clock.now(), kind=self.kind, upload=uploads[0]).key

    def _told(self, key: str) -> Response:
        operation = get_operation(self.actor, key)
        if operation.action != "import" or operation.target != self.kind:
            raise NotFound("There is no request with specified id")
        if operation.status in _UNDER_WAY:
            return Response({"rq_id": operation.key}, status=202)
        if operation.status != Status.FINISHED:
            raise BadInput([operation.message])
        return Response({"id": operation.result["id"]}, status=201)


def _import_methods(form: Any) -> dict[str, Method]:
    methods = upload_methods(form, Poll, {**_EXPORT, "filename": "The upload that is finished: its Upload-Filename."})
    return methods | {"POST": replace(methods["POST"], also={**methods["POST"].also, 201: Restored})}


class ProjectImport(Import):
    """…of a project."""

    kind = "project"
    purpose = "project-backup"
    file_fields = ("project_file",)
    methods = _import_methods(ProjectFileBody)


class TaskImport(Import):
    """…of a task."""

    kind = "task"
    purpose = "task-backup"
    file_fields = ("task_file",)
    methods = _import_methods(TaskFileBody)


def _routes(kind: Kind, restoring: type[Import]) -> Iterator[URLPattern]:
    yield path(f"api/{kind}s/backup", restoring.as_view(http_method_names=["post", "options"]))
    yield path(f"api/{kind}s/backup/<str:file_id>", restoring.as_view(http_method_names=PIECES))
    yield path(f"api/{kind}s/<int:pk>/backup/export", Export.as_view(kind=kind))
    yield path(f"api/{kind}s/<int:pk>/backup/download", DownloadView.as_view(kind=kind))
    yield path(f"api/{kind}s/<int:pk>/backup", OldExport.as_view(kind=kind))


urlpatterns = [*_routes("project", ProjectImport), *_routes("task", TaskImport)]
