"""Reads: which archive a request stands for, and whether the actor may have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, Forbidden, NotFound
from labelkeep.media import vault
from labelkeep.operations import keys
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.queries import get_operation
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
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
    require(actor, "backup:download", _subject(backup))
    found = archive.find(backup.manifest, vault.live())
    if found is None:
        raise NotFound(EXPIRED)
    return Download(found, filename or name_of(backup.kind, backup.source_name, backup.created_date))


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


def _subject(backup: Backup) -> Subject:
    """Whose it is: what the project or task says, and when that is gone, whoever made the backup."""
    thing: Project | Task | None
    if backup.kind == Backup.Kind.PROJECT:
        thing = Project.objects.filter(uuid=backup.source_uuid).first()
    else:
        thing = Task.objects.select_related("project").filter(uuid=backup.source_uuid).first()
    return (
        subject_of_backups(thing) if thing else Subject(organization_id=backup.organization_id, owner=backup.owner_id)
    )
