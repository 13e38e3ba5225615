"""/api/requests: operations as CVAT shows them (cvat-protocol §7).

Two keys are ours: `queue_position` and `seconds_left`. Cancelling is wider than CVAT's: a started request can be
cancelled too. `cancelled` is shown as `failed`, because the client knows no other word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, cast
from urllib.parse import quote
from uuid import UUID

from django.db.models import Case, F, QuerySet, TextField, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import HttpResponse, HttpResponseBase
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import ListView, View, base, iso
from labelkeep.api.schema import Address, Detail, Method, Moment, Parameter, Text
from labelkeep.errors import BadInput, Conflict, NotFound
from labelkeep.operations import keys
from labelkeep.operations.cancel import cancel_operation
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.queries import get_request, queue, visible_operations

_SHOWN = {Status.CANCELLED: Status.FAILED}
_BACKUP = ("export", "backup")


RequestStatus = Literal["queued", "started", "failed", "finished"]


class UserIdentifiers(TypedDict):
    """Who started it."""

    id: int
    username: str


class RequestDataOperation(TypedDict):
    """What is done, and to what."""

    type: str
    target: str
    project_id: int | None
    task_id: int | None
    job_id: int | None
    org_id: int | None
    format: str | None
    function_id: str | None
    lightweight: bool | None


class RequestRead(TypedDict):
    """A request (cvat-protocol §7.3), with two keys of our own at the end."""

    id: str
    status: RequestStatus
    message: str
    operation: RequestDataOperation
    progress: float | None
    created_date: Moment
    started_date: Moment | None
    finished_date: Moment | None
    expiry_date: Moment | None
    owner: NotRequired[UserIdentifiers]
    result_url: Address | None
    result_id: int | None
    queue_position: int | None
    seconds_left: int | None


def request_json(operation: Operation, address: str, places: dict[UUID, int], now: datetime) -> RequestRead:
    """The Request object of §7.3. `address` is the server's, `places` those of `queries.queue`."""
    owner = operation.owner
    answer: RequestRead = {
        "id": operation.key,
        "status": cast(RequestStatus, _SHOWN.get(Status(operation.status), operation.status)),
        "message": "" if operation.status == Status.FINISHED else operation.message,
        "operation": _operation_json(operation),
        "progress": operation.progress,
        "created_date": iso(operation.created_date),
        "started_date": iso(operation.started_date),
        "finished_date": iso(operation.finished_date),
        "expiry_date": iso(operation.expiry_date),
        "result_url": _result_url(operation, address),
        "result_id": _result_id(operation),
        "queue_position": places.get(operation.pk),
        "seconds_left": _seconds_left(operation, now),
    }
    if owner is not None:
        answer["owner"] = {"id": owner.pk, "username": owner.username}
    return answer


def _operation_json(operation: Operation) -> RequestDataOperation:
    try:
        key = keys.parse(operation.key)
    except BadInput:
        key = keys.Key(operation.action, operation.target)
    return {
        "type": f"{operation.action}:{operation.subresource or operation.target}",
        "target": "project" if operation.target == "store" else operation.target,  # clients know no such word
        "project_id": operation.project_id,
        "task_id": operation.task_id,
        "job_id": operation.job_id,
        "org_id": operation.organization_id,
        "format": operation.params.get("format") or key.format,
        "function_id": None,
        "lightweight": bool(key.lightweight) if (operation.action, operation.subresource) == _BACKUP else None,
    }


def _result_url(operation: Operation, address: str) -> str | None:
    abouts = {"project": operation.project_id, "task": operation.task_id, "job": operation.job_id}
    about = abouts.get(operation.target)
    is_here = operation.result.get("location", "local") == "local"
    if operation.action != "export" or operation.status != Status.FINISHED or about is None or not is_here:
        return None
    what = "backup" if operation.subresource == "backup" else "dataset"
    return f"{address}/api/{operation.target}s/{about}/{what}/download?rq_id={quote(operation.key, safe='')}"


def _result_id(operation: Operation) -> int | None:
    found = operation.result.get("id")
    is_import = operation.action in ("import", "restore") and operation.status == Status.FINISHED
    return found if is_import and isinstance(found, int) else None


def _seconds_left(operation: Operation, now: datetime) -> int | None:
    """As long again, in proportion; nothing is said before there is something to go by."""
    if operation.status != Status.STARTED or operation.started_date is None or operation.progress < 0.02:
        return None
    passed = (now - operation.started_date).total_seconds()
    return max(0, round(passed * (1 - operation.progress) / operation.progress))


class Requests(ListView):
    """The list of one's own; an admin's holds all."""

    fields = {
        "status": "shown_status",
        "project_id": "project_id",
        "task_id": "task_id",
        "job_id": "job_id",
        "action": "action",
        "target": "target",
        "subresource": "subresource",
        "format": "shown_format",
        "created_date": "created_date",
    }
    simple = ("status", "project_id", "task_id", "job_id", "action", "target", "subresource", "format")
    # A filter means what the reader sees, and a format is text on every database.
    derived = {
        "status": Case(When(status=Status.CANCELLED, then=Value(Status.FAILED.value)), default=F("status")),
        "format": Cast(KT("params__format"), TextField()),
    }
    order = "-created_date"
    row = RequestRead

    def queryset(self) -> QuerySet[Operation]:
        """The actor's own; an admin's are all."""
        return visible_operations(self.actor, clock.now())

    def rows(self, queryset: QuerySet[Operation]) -> list[RequestRead]:
        """Two queries."""
        address, places, now = base(self.request), queue(), clock.now()
        return [request_json(operation, address, places, now) for operation in queryset.select_related("owner")]


class RequestView(View):
    """One request, by its id as one percent-encoded segment."""

    methods = {"GET": Method(gives=RequestRead, also={404: Text()})}

    def get(self, request: Request, key: str) -> HttpResponseBase:
        """How it stands."""
        try:
            operation = get_request(self.actor, key, clock.now())
        except NotFound as error:
            return _plainly(error)
        places = queue() if operation.status == Status.QUEUED else {}
        return Response(request_json(operation, base(request), places, clock.now()))


class ResultView(View):
    """What a request has made."""

    methods = {"GET": Method(gives=dict[str, Any], also={404: Text(), 409: Detail})}

    def get(self, request: Request, key: str) -> HttpResponseBase:
        """All that its kind of work says in the end: ids of what there is now, counts, what was left out.

        Raises:
            Conflict: it has not ended.
        """
        try:
            operation = get_request(self.actor, key, clock.now())
        except NotFound as error:
            return _plainly(error)
        if operation.status in (Status.QUEUED, Status.STARTED):
            raise Conflict("The request has not ended yet, so it has no result")
        return Response(operation.result)


class IdMapView(View):
    """Which id each thing of a backup has got in what a request made of it."""

    methods = {
        "GET": Method(
            gives=dict[str, dict[str, int | str]],
            also={404: Text(), 409: Detail},
            query={"format": Parameter("As JSON, or as CSV with a line each: kind, old, new.", Literal["json", "csv"])},
        )
    }

    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Kind of thing → old id → new id: all of them.

        Raises:
            Conflict: the request has not finished, or has restored nothing.
        """
        try:
            operation = get_request(self.actor, key, clock.now())
        except NotFound as error:
            return _plainly(error)
        ids: dict[str, dict[str, int | str]] | None = operation.result.get("ids")
        if operation.status != Status.FINISHED or ids is None:
            raise Conflict("The request has made nothing of a backup, or not yet")
        if request.query_params.get("format") != "csv":
            return Response(ids)
        lines = ["kind,old,new", *(f"{kind},{old},{new}" for kind, found in ids.items() for old, new in found.items())]
        answer = HttpResponse("\r\n".join([*lines, ""]), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="id-map.csv"'
        return answer


class Cancel(View):
    """Cancel a request."""

    methods = {"POST": Method(also={400: Text(), 404: Text()})}

    def post(self, request: Request, key: str) -> HttpResponseBase:
        """200 without a body, or 400 when it has ended."""
        try:
            operation = get_request(self.actor, key, clock.now(), "request:cancel")
            cancel_operation(actor=self.actor, operation=operation, now=clock.now())
        except (NotFound, BadInput) as error:
            return _plainly(error)
        return HttpResponse(status=200)


def _plainly(error: NotFound | BadInput) -> HttpResponse:
    """These routes answer with a sentence, not JSON."""
    return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")


urlpatterns = [
    path("api/requests", Requests.as_view()),
    path("api/requests/<path:key>/cancel", Cancel.as_view()),
    path("api/requests/<path:key>/result", ResultView.as_view()),
    path("api/requests/<path:key>/id-map", IdMapView.as_view()),
    path("api/requests/<path:key>", RequestView.as_view()),
]
