"""/api/backups: the backups that are kept, as things: list, make, note, pin, download, forget. Restoring: restores.py.

Ours, not CVAT's. A backup outlives its project; `source` says what it is of, and whether that is there no more.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict
from urllib.parse import quote
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.backups import send
from labelkeep.api.base import BasicUser, ListView, View, base, flag, iso, user_in
from labelkeep.api.openapi import page_of
from labelkeep.api.schema import ZIP, Address, Method, Moment, RqId
from labelkeep.api.shapes import UNSET, Json, Unset
from labelkeep.errors import AlreadyRunning, BadInput
from labelkeep.operations.models import Operation
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task
from labelkeep.snapshots.backup_queries import backup_rows, get_backup, visible_backups, whose_source_is_gone
from labelkeep.snapshots.capture import Reason
from labelkeep.snapshots.keep_backup import forget_backup, update_backup
from labelkeep.snapshots.make_backup import start_backup
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.queries import archive_of


class NewBackup(msgspec.Struct, kw_only=True):
    """What to back up: a project or a task. `lightweight` leaves out media that lie in a cloud storage."""

    project_id: int | None = None
    task_id: int | None = None
    lightweight: bool = True
    note: str = ""


class BackupPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    note: str | Unset = UNSET
    pinned: bool | Unset = UNSET


class Source(TypedDict):
    """The project or task that it is a backup of. `id` is null when that is gone."""

    uuid: str
    id: int | None
    name: str
    is_gone: bool


class Amount(TypedDict):
    """How many files, how many bytes."""

    count: int
    bytes: int


class Media(TypedDict):
    """Files in the backup, files that it only refers to, files that were not to be had."""

    included: Amount
    referenced: Amount
    missing: Amount


class BackupRead(TypedDict):
    """A backup. Sizes are bytes: `size` of all that it holds, `new_bytes` of what it added to the store."""

    url: Address
    id: str
    kind: Literal["project", "task"]
    state: Literal["checking", "complete", "damaged"]
    trigger: Literal["manual", "schedule", "safety", "copy"]
    source: Source
    organization_id: int | None
    owner: BasicUser | None
    created_date: Moment | None
    size: int
    new_bytes: int
    counts: dict[str, int]
    media: Media
    lightweight: bool
    note: str
    pinned: bool
    protected: str
    slot: Moment | None
    checked_date: Moment | None
    verified_date: Moment | None
    findings: list[dict[str, Any]]
    stores: list[str]
    archive: Address


def backup_json(row: Json, address: str) -> BackupRead:
    """A row of `backup_rows`."""
    url = f"{address}/api/backups/{row['id']}"
    return {
        "url": url,
        "id": str(row["id"]),
        "kind": row["kind"],
        "state": row["state"],
        "trigger": row["trigger"],
        "source": {
            "uuid": str(row["source_uuid"]),
            "id": row["live_id"],
            "name": row["source_name"],
            "is_gone": row["live_id"] is None,
        },
        "organization_id": row["organization_id"],
        "owner": user_in(row, "owner", address),
        "created_date": iso(row["created_date"]),
        "size": row["logical_size"],
        "new_bytes": row["new_bytes"],
        "counts": row["counts"],
        "media": {
            "included": _amount(row, "included"),
            "referenced": _amount(row, "referenced"),
            "missing": _amount(row, "missing"),
        },
        "lightweight": row["lightweight"],
        "note": row["note"],
        "pinned": row["pinned"],
        "protected": row["protected"],
        "slot": iso(row["slot"]),
        "checked_date": iso(row["checked_date"]),
        "verified_date": iso(row["read_date"]),
        "findings": row["findings"],
        "stores": ["live"],
        "archive": f"{url}/archive",
    }


def _amount(row: Json, which: str) -> Amount:
    found = row["media"].get(which, {})
    return {"count": found.get("count", 0), "bytes": found.get("bytes", 0)}


def one(backup: Backup, request: Request) -> BackupRead:
    """One backup."""
    return backup_json(backup_rows(Backup.objects.filter(pk=backup.pk))[0], base(request))


def started(request: Request, start: Any) -> Response:
    """202 with the request id of what `start()` starts, or of the same that is under way already."""
    try:
        operation: Operation = start()
        key = operation.key
    except AlreadyRunning as error:
        key = error.key
    response = Response({"rq_id": key}, status=202)
    response["Location"] = f"{base(request)}/api/requests/{quote(key, safe='')}"
    return response


class Backups(ListView):
    """The list, and a new one."""

    fields = {
        "id": "id",
        "name": "source_name",
        "kind": "kind",
        "state": "state",
        "trigger": "trigger",
        "owner": "owner__username",
        "source_uuid": "source_uuid",
        "source_id": "source_id",
        "is_gone": "is_source_gone",
        "organization_id": "organization_id",
        "created_date": "created_date",
        "size": "logical_size",
        "new_bytes": "new_bytes",
        "pinned": "pinned",
        "note": "note",
        "lightweight": "lightweight",
    }
    search = ("name", "note", "owner")
    simple = ("name", "kind", "state", "trigger", "owner", "source_uuid", "source_id", "pinned")
    order = "-created_date"
    row = BackupRead
    methods = {
        "GET": Method(
            gives=page_of(BackupRead),
            query={
                "project_id": "Only backups of this living project.",
                "task_id": "Only backups of this living task.",
                "is_gone": "Only those whose project or task is there no more (true), or still there (false).",
            },
        ),
        "POST": Method(takes=NewBackup, gives=RqId, status=202),
    }
    read_only_methods = View.read_only_methods | {"POST"}  # making a backup changes nothing

    def queryset(self) -> QuerySet[Backup]:
        """What the actor may see, narrowed by what is no column of a backup."""
        found = visible_backups(self.actor)
        if self.request.query_params.get("is_gone"):
            found = whose_source_is_gone(found, flag(self.request, "is_gone"))
        for name, model in (("project_id", Project), ("task_id", Task)):
            if value := self.request.query_params.get(name):
                if not value.isdecimal() or len(value) > 18:
                    raise BadInput({name: ["A valid integer is required."]})
                meant: Any = model._default_manager.filter(pk=int(value)).values("uuid")
                found = found.filter(source_uuid__in=meant)
        return found

    def rows(self, queryset: QuerySet[Backup]) -> list[BackupRead]:
        """One page."""
        address = base(self.request)
        return [backup_json(row, address) for row in backup_rows(queryset)]

    def post(self, request: Request) -> Response:
        """Start making one."""
        body = self.body(NewBackup)
        target = self._target(body)
        reason = Reason(self.actor, note=body.note)
        return started(request, lambda: start_backup(reason=reason, now=clock.now(), target=target))

    def _target(self, body: NewBackup) -> Project | Task:
        if (body.project_id is None) == (body.task_id is None):
            raise BadInput(["Say what to back up: a project_id or a task_id"])
        if body.project_id is not None:
            return get_project(self.actor, body.project_id, "backup:make")
        assert body.task_id is not None
        return get_task(self.actor, body.task_id, "backup:make")


class OneBackup(View):
    """One backup."""

    methods = {
        "GET": Method(gives=BackupRead),
        "PATCH": Method(takes=BackupPatch, gives=BackupRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: UUID) -> Response:
        """What is known of it."""
        return Response(one(get_backup(self.actor, pk), request))

    def patch(self, request: Request, pk: UUID) -> Response:
        """Write a note, put a pin on it, take one off."""
        sent = msgspec.structs.asdict(self.body(BackupPatch))
        changes = {name: value for name, value in sent.items() if value is not UNSET}
        return Response(one(update_backup(actor=self.actor, id=pk, **changes), request))

    def delete(self, request: Request, pk: UUID) -> Response:
        """Drop it from the list; what nothing else needs is removed later."""
        forget_backup(actor=self.actor, id=pk)
        return Response(status=204)


class ArchiveView(View):
    """The backup as a CVAT archive."""

    methods = {"GET": Method(gives=ZIP, also={206: ZIP})}

    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """The zip, or the range of it that is asked for."""
        return send(request, archive_of(self.actor, pk, clock.now()))


urlpatterns = [
    path("api/backups", Backups.as_view()),
    path("api/backups/<uuid:pk>", OneBackup.as_view()),
    path("api/backups/<uuid:pk>/archive", ArchiveView.as_view()),
]
