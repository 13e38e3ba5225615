"""/api/server/storage, prune, check; /api/backups/{id}/check and storage: what lies in the store, whole and needed.

Ours, not CVAT's. What concerns the whole server is for admins.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypedDict
from uuid import UUID

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import View, flag
from labelkeep.api.kept_backups import started
from labelkeep.api.schema import Method, RqId
from labelkeep.snapshots.check_backup import start_check
from labelkeep.snapshots.check_store import start_check_store
from labelkeep.snapshots.prune import start_prune
from labelkeep.snapshots.storage import reclaimable_of, report


class PruneBody(msgspec.Struct, kw_only=True):
    """`dry_run` only counts. A `grace_hours` below 24 is for a server on which nobody works. `force`: also where a
    document is lost, so that what it names goes too."""

    dry_run: bool = False
    grace_hours: Annotated[float, msgspec.Meta(ge=0, le=24 * 365)] = 24
    force: bool = False


class CheckBody(msgspec.Struct, kw_only=True):
    """`read`: by reading all of it."""

    read: bool = False


class CheckStoreBody(msgspec.Struct, kw_only=True):
    """`read_all`: all of it now, and not only what is due today."""

    read_all: bool = False


class StoredAmount(TypedDict):
    """How many, and how many bytes."""

    count: int
    bytes: int


class DiskRead(TypedDict):
    """The disk that the data directory is on. `available` leaves out what is kept in reserve."""

    total: int
    free: int
    reserve: int
    available: int


class OwnerRead(TypedDict):
    """What a project or task and its backups use; `id` is null where only backups are left. `unique_bytes` are those
    that nobody else uses."""

    kind: str
    id: int | None
    name: str
    bytes: int
    unique_bytes: int


class StorageRead(TypedDict):
    """Bytes are as stored, those of backups without sharing. The last two are null unless asked for."""

    store: StoredAmount
    blobs: StoredAmount
    documents: StoredAmount
    condemned: StoredAmount
    faulty: StoredAmount
    uploads: StoredAmount
    backups: StoredAmount
    disk: DiskRead
    reclaimable: StoredAmount | None
    projects: list[OwnerRead] | None


class BackupStorage(TypedDict):
    """What of a backup nothing else needs."""

    reclaimable: StoredAmount


class Storage(View):
    """The live store."""

    methods = {
        "GET": Method(
            gives=StorageRead,
            query={
                "reclaimable": "Whether to work out how much nothing needs (true); that takes a while.",
                "projects": "Whether to work out which projects use how much (true); that takes a while.",
            },
        )
    }

    def get(self, request: Request) -> Response:
        """What it holds."""
        wanted = {name: flag(request, name) for name in ("reclaimable", "projects") if request.query_params.get(name)}
        return Response(report(self.actor, **wanted))


class Prune(View):
    """Removing what nothing needs."""

    methods = {"POST": Method(takes=PruneBody, gives=RqId, status=202)}

    def post(self, request: Request) -> Response:
        """Start."""
        body = self.body(PruneBody)
        grace = timedelta(hours=body.grace_hours)
        how = {"dry_run": body.dry_run, "force": body.force}
        return started(request, lambda: start_prune(actor=self.actor, now=clock.now(), grace=grace, **how))


class CheckStore(View):
    """Proving that the store is whole."""

    methods = {"POST": Method(takes=CheckStoreBody, gives=RqId, status=202)}

    def post(self, request: Request) -> Response:
        """Start."""
        read_all = self.body(CheckStoreBody).read_all
        return started(request, lambda: start_check_store(actor=self.actor, now=clock.now(), read_all=read_all))


class CheckBackup(View):
    """Proving that a backup is whole."""

    methods = {"POST": Method(takes=CheckBody, gives=RqId, status=202)}

    def post(self, request: Request, pk: UUID) -> Response:
        """Start."""
        read = self.body(CheckBody).read
        return started(request, lambda: start_check(actor=self.actor, now=clock.now(), id=pk, read=read))


class StorageOfBackup(View):
    """What a backup alone keeps in the store."""

    methods = {"GET": Method(gives=BackupStorage)}

    def get(self, request: Request, pk: UUID) -> Response:
        """What would be free without it; worked out now, which takes a while."""
        return Response({"reclaimable": reclaimable_of(self.actor, pk)})


urlpatterns = [
    path("api/server/storage", Storage.as_view()),
    path("api/server/prune", Prune.as_view()),
    path("api/server/check", CheckStore.as_view()),
    path("api/backups/<uuid:pk>/check", CheckBackup.as_view()),
    path("api/backups/<uuid:pk>/storage", StorageOfBackup.as_view()),
]
