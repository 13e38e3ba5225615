"""Restore an uploaded archive as a new project or task: the operation `import:backup`.

What the archive holds is accepted into the store, then rows are written in one transaction with the operation's end.
So it is done wholly or not at all, however often a worker dies over it (invariant 4).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.media import space, uploads, vault
from labelkeep.media.models import Upload
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.quotas import Home, room
from labelkeep.snapshots.accept.accept import Accepted, Kind, accept
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.restore import apply, prepare
from labelkeep.snapshots.restore_backup import actor_of

KIND = "import:backup"
KEPT = timedelta(days=7)  # an upload that waits for its turn
_ACCEPTED = 0.95  # of the progress
_SHOWN = 1000  # findings kept in the row


def import_backup(*, actor: Actor, now: datetime, kind: Kind, upload: Upload) -> Operation:
    """Start restoring an upload of the actor's as a new project or task, in the organization that he asks in.

    The request is named after the upload, so a client that asks again because it lost the answer learns of the first.

    Raises:
        Forbidden: the actor may not create one there. Conflict: his quota allows no more.
        StoreFull: there is no room on the disk.
        AlreadyRunning: this very upload is being restored.
    """
    permit(actor)
    room(_home(actor)).require(projects=int(kind == "project"))
    space.require(upload.length, f"The restore of {upload.filename}")
    uploads.prolong([upload.pk], now + KEPT)
    return start(
        kind=KIND,
        key=keys.import_backup(kind, upload.pk.partition("_")[2]),
        actor=actor,
        now=now,
        target=kind,
        subresource="backup",
        params={"upload": upload.pk, "filename": upload.filename},
        organization_id=actor.organization_id,
    )


def permit(actor: Actor) -> None:
    """Let pass who may restore backups where he asks to.

    Raises:
        Forbidden: the actor may not.
    """
    require(actor, "backup:restore", Subject(organization_id=actor.organization_id, owner=actor.id))


@collecting_rarely()
def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler.

    Raises:
        Refused: the archive cannot be restored; nothing was written.
    """
    return _restore(operation, work, operation.params["upload"])


def free(operation: Operation) -> None:
    """Forget the upload, when the operation has ended and nobody will read it again."""
    uploads.discard([operation.params["upload"]])


def _restore(operation: Operation, work: Work, upload_id: str) -> dict[str, Any]:
    actor, now, store = actor_of(operation), clock.now(), vault.live()
    permit(actor)
    projects, left = int(operation.target == "project"), room(_home(actor))
    with uploads.open_upload(upload_id) as file:
        accepted = accept(
            file,
            kind="task" if operation.target == "task" else "project",
            store=store,
            spool_dir=work.tmp,
            now=now,
            permit=lambda size: left.require(projects=projects, bytes=size),
            report=lambda fraction, message: work.progress(fraction * _ACCEPTED, message),
        )
    origin = {"server": accepted.server, "archive": operation.params.get("filename", "")}
    planned = prepare(actor=actor, manifest=accepted.manifest, get=store.get_document, now=now, origin=origin)
    with work.publish() as publication:
        result = {**apply(planned).to_json(), "findings": _shown(accepted)}
        publication.finish(result)
    return result


def _home(actor: Actor) -> Home:
    return Home(actor.id, actor.organization_id)


def _shown(accepted: Accepted) -> list[dict[str, str]]:
    return [finding.to_json() for finding in accepted.findings[:_SHOWN]]
