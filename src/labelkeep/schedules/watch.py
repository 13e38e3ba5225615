"""Notice what became of backups: made, failed, or found damaged. What is noticed twice is told once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from labelkeep.errors import LabelkeepError
from labelkeep.operations.models import Operation, Status
from labelkeep.projects.models import Project, Task
from labelkeep.schedules import announce, sources
from labelkeep.schedules.alerts import OPEN, raise_alert, resolve, source_of
from labelkeep.schedules.models import Alert, Due
from labelkeep.schedules.sources import Source
from labelkeep.snapshots.make_backup import KINDS
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.shrinkage import Shrinkage

LOOK_BACK = timedelta(days=2)  # failures are noticed within a minute; more, should all workers have been away
_OVER = (Alert.Kind.OVERDUE, Alert.Kind.FAILED)  # by a complete backup

log = structlog.get_logger(__name__)


# ---- made ----------------------------------------------------------------------------------------------------------


def backup_saved(*, instance: Backup, created: bool, **signal: Any) -> None:
    """A backup has got its row, in this very transaction: what it brings to an end, and what it lacks."""
    if created and instance.state == Backup.State.COMPLETE and instance.trigger != Backup.Trigger.COPY:
        now = instance.created_date
        covered(instance.source_uuid, now)
        announce.completed(instance, source_of(instance), now)
        if instance.shrinkage is not None:
            _shrunk(instance, instance.shrinkage, now)


def covered(source: UUID, now: datetime) -> None:
    """There is a backup that holds all that there is now."""
    with transaction.atomic():
        Due.objects.filter(pk=source).update(covered_at=now, overdue_at=None)
        resolve(Alert.objects.filter(source_uuid=source, kind__in=_OVER), now)


def _shrunk(backup: Backup, shrinkage: Shrinkage, now: datetime) -> None:
    """Tell, and see to it that retention leaves the backup before alone until somebody says that all is well."""
    losses = [f"{loss.label!r} {loss.before} → {loss.after}" for loss in shrinkage.losses]
    told = ", ".join(losses[:3]) + (f" and {len(losses) - 3} more" if len(losses) > 3 else "")
    reason = f"the backup after it lost most objects of labels: {told}"[:256]
    kept = Backup.objects.filter(pk=shrinkage.previous, protected="").update(protected=reason)
    source = source_of(backup)
    message = f"Labels of {source.kind} {source.name!r} lost most of their objects since the backup before: {told}."
    if kept:
        message += " The backup before is kept until this alert is dismissed."
    data = {
        "previous": str(shrinkage.previous),
        "reason": reason if kept else "",
        "labels": [{"name": loss.label, "before": loss.before, "after": loss.after} for loss in shrinkage.losses],
    }
    alert = raise_alert(Alert.Kind.SHRUNK, source, message, now, data=data, backup=backup.pk)
    if alert is not None:
        announce.raised(alert, source, now)


# ---- failed --------------------------------------------------------------------------------------------------------


def look_for_failures(now: datetime) -> int:
    """Notice backups that failed. Returns how many."""
    ended = Operation.objects.filter(kind__in=KINDS, status=Status.FAILED, finished_date__gte=now - LOOK_BACK)
    found = 0
    for operation in ended.order_by("finished_date"):
        source = _about(operation)
        if source is not None and operation.finished_date is not None:
            found += _safely(source, operation.message, operation.finished_date, now)
    return found


def failed(source: Source, why: str, moment: datetime, now: datetime) -> bool:
    """Notice that no backup of a source could be made; False: that is known, or was made good since."""
    new = Q(failed_at=None) | Q(failed_at__lt=moment)
    bare = Q(covered_at=None) | Q(covered_at__lt=moment)
    with transaction.atomic():
        if not Due.objects.filter(new, bare, pk=source.uuid).update(failed_at=moment):
            return False
        message = f"The backup of {source.kind} {source.name!r} failed: {why}"
        alert = raise_alert(Alert.Kind.FAILED, source, message, now, data={"failed": moment.isoformat()})
        if alert is not None:
            announce.raised(alert, source, now)
        else:
            again = Alert.objects.filter(OPEN, source_uuid=source.uuid, kind=Alert.Kind.FAILED)
            again.update(message=message, data={"failed": moment.isoformat()})
    return True


def _about(operation: Operation) -> Source | None:
    model, pk = (Task, operation.task_id) if operation.target == "task" else (Project, operation.project_id)
    uuid = model.objects.filter(pk=pk or 0).values_list("uuid", flat=True).first()
    return sources.find([uuid]).get(uuid) if uuid else None


def _safely(source: Source, why: str, moment: datetime, now: datetime) -> bool:
    """One source of which nobody can be told stops no other."""
    try:
        return failed(source, why, moment, now)
    except LabelkeepError as error:
        log.error("alert.failed", source=str(source.uuid), error=str(error))
        return False


# ---- damaged -------------------------------------------------------------------------------------------------------


def look_for_damage(now: datetime) -> int:
    """Raise an alert for each backup that a check found damaged, and resolve those that are whole again, or gone."""
    damaged = Backup.objects.filter(state=Backup.State.DAMAGED)
    known = Alert.objects.filter(OPEN, backup=OuterRef("pk"), kind=Alert.Kind.DAMAGED)
    raised = 0
    for backup in damaged.filter(~Exists(known)):
        try:
            raised += _damaged(backup, now)
        except LabelkeepError as error:
            log.error("alert.failed", backup=str(backup.pk), error=str(error))
    still = damaged.filter(pk=OuterRef("backup"))
    resolve(Alert.objects.filter(~Exists(still), kind=Alert.Kind.DAMAGED), now)
    return raised


def _damaged(backup: Backup, now: datetime) -> bool:
    source, findings = source_of(backup), [found for found in backup.findings if found.get("level") == "error"]
    first = next((str(found.get("message", "")) for found in findings if found.get("message")), "")
    more = f" (and {len(findings) - 1} more findings)" if len(findings) > 1 else ""
    moment = f"{backup.created_date:%Y-%m-%d %H:%M} UTC"
    message = f"The backup of {source.kind} {source.name!r} made at {moment} is damaged: {first or 'see it'}{more}"
    with transaction.atomic():
        alert = raise_alert(
            Alert.Kind.DAMAGED, source, message, now, data={"findings": findings[:20]}, backup=backup.pk
        )
        if alert is not None:
            announce.raised(alert, source, now)
    return alert is not None
