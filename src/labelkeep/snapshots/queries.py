"""Reads: which archive a request stands for, and whether the actor may have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, Forbidden, NotFound
from labelkeep.media import vault
from labelkeep.operations import keys
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.queries import get_operation
from labelkeep.snapshots.backup_queries import get_backup, subject_of_backup
from labelkeep.snapshots.export_backup import KIND, name_of
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.render.archive import Archive

EXPIRED = "The exported file has expired, please retry exporting"


@dataclass(frozen=True)
class Download:
    """An archive to be sent, and what to call it."""

    archive: Archive
    filename: str


def find_download(actor: Actor, key: str, kind: Literal["project", "task"], id: int) -> Download:
    """The archive that the finished request `key` about this project or task has made.

    It can be had as long as the backup is there, also after its request was forgotten or its project deleted.

    Raises:
        BadInput: the request is another one, or has not finished. Forbidden: it is somebody else's.
        NotFound: the backup is not there any more.
    """
    try:
        operation = get_operation(actor, key)
    except NotFound:
        backup, filename = _forgotten(actor, key, kind, id), ""
    else:
        backup, filename = _made_by(operation, kind, id), operation.result.get("filename", "")
    if backup is None:
        raise NotFound(EXPIRED)
    require(actor, "backup:download", subject_of_backup(backup))
    found = archive.find(backup.manifest, vault.live())
    if found is None:
        raise NotFound(EXPIRED)
    return Download(found, filename or name_of(backup.kind, backup.source_name, backup.created_date))


def archive_of(actor: Actor, id: UUID, now: datetime) -> Download:
    """The archive of a backup that is kept; planned now, where nobody has asked for it before.

    Raises:
        NotFound, Forbidden: as `get_backup`.
    """
    backup = get_backup(actor, id, "backup:download")
    filename = name_of(backup.kind, backup.source_name, backup.created_date)
    return Download(archive.plan(backup.manifest, vault.live(), now), filename)


def _made_by(operation: Operation, kind: str, id: int) -> Backup | None:
    about = operation.task_id if operation.target == "task" else operation.project_id
    if operation.kind != KIND or operation.target != kind or about != id:
        raise BadInput(["Unknown export request id"])
    if operation.status in (Status.QUEUED, Status.STARTED):
        raise BadInput(["The export process is not finished"])
    if operation.status != Status.FINISHED:
        raise BadInput([operation.message or "The export has failed"])
    return Backup.objects.filter(pk=operation.result.get("backup")).first()


def _forgotten(actor: Actor, key: str, kind: str, id: int) -> Backup | None:
    """The newest backup that such a request has made, where the request itself was forgotten meanwhile."""
    try:
        parsed = keys.parse(key)
    except BadInput as error:
        raise BadInput(["Unknown export request id"]) from error
    if (parsed.action, parsed.target, parsed.target_id, parsed.subresource) != ("export", kind, id, "backup"):
        raise BadInput(["Unknown export request id"])
    if parsed.user_id != actor.id and not actor.is_admin:
        raise Forbidden()
    made = Backup.objects.filter(kind=kind, source_id=id, owner_id=parsed.user_id, state=Backup.State.COMPLETE)
    return made.order_by("-created_date").first()
