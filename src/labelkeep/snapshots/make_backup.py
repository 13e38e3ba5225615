"""Make a backup that is kept: the operations `backup:project` and `backup:task`.

It is captured and proved whole; its archive is rendered only when somebody downloads it. Root and row come last, so an
attempt that dies before leaves no backup behind.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, Forbidden
from labelkeep.media import space
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of_backups
from labelkeep.snapshots import hooks
from labelkeep.snapshots.capture import Frozen, Reason, freeze, keep
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.models import Backup

KINDS = ("backup:project", "backup:task")
NOTE = 2000  # characters of a note, at most


def start_backup(
    *, reason: Reason, now: datetime, target: Project | Task, skip_if_unchanged: bool = False
) -> Operation:
    """Start making a backup of a project or task.

    Raises:
        Forbidden: the actor may not. BadInput: a task without data, a note that is too long.
        StoreFull: there is no room on the disk.
        AlreadyRunning: the same is under way for this actor, or for this slot of the schedule.
    """
    if reason.actor is not None:
        require(reason.actor, "backup:make", subject_of_backups(target))
    if isinstance(target, Task) and not target.has_data:
        raise BadInput(["Backup of a task without data is not allowed"])
    space.require(0, "A backup")
    kind = kind_of(target)
    return start(
        kind=f"backup:{kind}",
        key=keys.make_backup(kind, target.pk, reason.actor.id if reason.actor else None),
        actor=reason.actor,
        now=now,
        params={
            "trigger": reason.trigger,
            "note": checked_note(reason.note),
            "slot": reason.slot.isoformat() if reason.slot else None,
            "lightweight": reason.lightweight,
            "skip_if_unchanged": skip_if_unchanged,
        },
        project_id=target.pk if isinstance(target, Project) else target.project_id,
        task_id=target.pk if isinstance(target, Task) else None,
        organization_id=target.organization_id,
    )


def checked_note(note: str) -> str:
    """A note that can be kept.

    Raises:
        BadInput: it is too long.
    """
    if len(note) > NOTE:
        raise BadInput({"note": [f"Ensure this field has no more than {NOTE} characters."]})
    return note


@collecting_rarely()
def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    reason = _reason(operation)
    id = operation.task_id if operation.target == "task" else operation.project_id
    assert id is not None, "start() was given the target"
    work.progress(0.0, "The backup is being made...")
    frozen = freeze(actor=reason.actor, kind="task" if operation.target == "task" else "project", id=id)
    work.progress(0.9, "The backup is being kept...")
    same = _unchanged(frozen) if operation.params["skip_if_unchanged"] else None
    if same is not None:
        hooks.announce_skip(same.source_uuid, clock.now())
        return {"backup": str(same.pk), "skipped": True}
    return _publish(work, keep(frozen, reason, now=clock.now()))


def _publish(work: Work, backup: Backup) -> dict[str, Any]:
    result = {"backup": str(backup.pk), "skipped": False}
    with work.publish() as publication:
        try:
            with transaction.atomic():
                backup.save(force_insert=True)
        except IntegrityError:  # the slot has its backup: an earlier attempt, or another process, was first
            other = Backup.objects.get(source_uuid=backup.source_uuid, slot=backup.slot)
            result = {"backup": str(other.pk), "skipped": True}
        publication.finish(result)
    return result


def _unchanged(frozen: Frozen) -> Backup | None:
    """The newest whole backup, when it holds the very same."""
    newest = (
        Backup.objects.filter(source_uuid=frozen.subject.uuid, state=Backup.State.COMPLETE)
        .order_by("-created_date")
        .first()
    )
    return newest if newest is not None and newest.manifest == frozen.name else None


def _reason(operation: Operation) -> Reason:
    params = operation.params
    if operation.owner is None and params["trigger"] != Backup.Trigger.SCHEDULE:
        raise Forbidden("The user who asked for this is gone")
    return Reason(
        actor=Actor.of(operation.owner) if operation.owner else None,
        trigger=Backup.Trigger(params["trigger"]),
        note=params["note"],
        slot=datetime.fromisoformat(params["slot"]) if params["slot"] else None,
        lightweight=params["lightweight"],
    )
