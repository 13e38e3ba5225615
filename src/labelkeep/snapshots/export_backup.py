"""Make a backup and get its archive ready to be sent: the operation `export:backup`.

The archive is planned, not written: a download reads the store. So it costs no space, and stays valid as long as the
backup does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, Forbidden
from labelkeep.media import vault
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.snapshots.capture import Frozen, Reason, freeze, keep
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.render import archive

KIND = "export:backup"
_CAPTURED = 0.1  # of the progress: the rest is spent on rendering


def export_backup(*, actor: Actor, now: datetime, target: Project | Task, filename: str = "") -> Operation:
    """Start making a backup. Nothing lies in a cloud storage, so nothing can be left out of it (lightweight).

    Raises:
        Forbidden: the actor may not. BadInput: a task without data.
        AlreadyRunning: the same is under way.
    """
    require(actor, "backup:make", subject_of_backups(target))
    if isinstance(target, Task) and not target.has_data:
        raise BadInput(["Backup of a task without data is not allowed"])
    kind = "task" if isinstance(target, Task) else "project"
    return start(
        kind=KIND,
        key=keys.export_backup(kind, target.pk, actor.id),
        actor=actor,
        now=now,
        target=kind,
        subresource="backup",
        params={"filename": filename},
        project_id=target.pk if isinstance(target, Project) else target.project_id,
        task_id=target.pk if isinstance(target, Task) else None,
        organization_id=target.organization_id,
    )


@collecting_rarely()
def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler. Root and row come last, so an attempt that dies before leaves no backup behind."""
    if operation.owner is None:
        raise Forbidden("The user who asked for this is gone")
    actor, now = Actor.of(operation.owner), clock.now()
    id = operation.task_id if operation.target == "task" else operation.project_id
    assert id is not None, "start() was given the target"
    work.progress(0.0, "The backup is being made...")
    frozen = freeze(actor=actor, kind="task" if operation.target == "task" else "project", id=id)
    work.progress(_CAPTURED, "The archive is being prepared...")
    planned = archive.plan(
        frozen.name, vault.live(), now, lambda fraction: work.progress(_CAPTURED + (1 - _CAPTURED) * fraction)
    )
    backup = keep(frozen, Reason(actor), now=now)
    result = {
        "location": "local",
        "backup": str(backup.pk),
        "manifest": backup.manifest,
        "size": planned.size,
        "filename": operation.params.get("filename") or filename_of(frozen),
    }
    with work.publish() as publication:
        backup.save(force_insert=True)
        publication.finish(result)
    return result


def filename_of(frozen: Frozen) -> str:
    """What CVAT would call the file (spec/cvat-protocol.md §7.5)."""
    return name_of(frozen.subject.kind, frozen.subject.name, datetime.fromisoformat(frozen.subject.updated_date))


def name_of(kind: str, name: str, changed: datetime) -> str:
    """The file name of the backup of a project or task that was last changed then."""
    return f"{kind}_{name}_backup_{changed:%Y_%m_%d_%H_%M_%S}.zip".lower()
