"""Tell the world outside what happens to backups: webhooks and letters, queued in the transaction of what happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization, User
from labelkeep.accounts.permissions import Subject, allowed
from labelkeep.mail import sending
from labelkeep.schedules.alerts import subject_of
from labelkeep.schedules.models import Alert, Webhook
from labelkeep.schedules.sources import Source
from labelkeep.schedules.webhooks import tell
from labelkeep.snapshots.models import Backup

_SUBJECTS = {
    Alert.Kind.OVERDUE: "Backups of {} have stopped",
    Alert.Kind.FAILED: "The backup of {} failed",
    Alert.Kind.DAMAGED: "A backup of {} is damaged",
    Alert.Kind.SHRUNK: "Labels of {} lost most of their objects",
}


def raised(alert: Alert, source: Source, now: datetime) -> None:
    """An alert was raised."""
    told = {
        "source": _source(source),
        "backup": str(alert.backup) if alert.backup else None,
        "alert": alert.pk,
        "message": alert.message,
        "details": alert.data,
    }
    _tell(f"backup.{alert.kind}", source, alert.backup, told, now)
    for user in _owners(subject_of(source.uuid, alert.backup)):
        subject = _SUBJECTS[Alert.Kind(alert.kind)].format(f"{source.kind} {source.name!r}")
        sending.alert(user_id=user, subject=subject, message=alert.message, now=now)


def _owners(subject: Subject) -> list[int]:
    """Whom to write to: the owner of the project, and that of its organization; if they may see its backups."""
    organization = Organization.objects.filter(pk=subject.organization_id or 0).first()
    owners = (subject.owner, organization.owner_id if organization else None)
    ids = [id for id in owners if id is not None]
    users = User.objects.filter(pk__in=ids, is_active=True).exclude(email="").order_by("pk")
    return [user.pk for user in users if allowed(Actor.of(user), "backup:view", subject)]


def completed(backup: Backup, source: Source, now: datetime) -> None:
    """A backup was made."""
    told = {
        "source": _source(source),
        "backup": str(backup.pk),
        "trigger": backup.trigger,
        "created_date": backup.created_date.isoformat(),
        "counts": backup.counts,
        "size": backup.logical_size,
        "new_bytes": backup.new_bytes,
    }
    _tell("backup.completed", source, backup.pk, told, now)


def _source(source: Source) -> dict[str, Any]:
    return {"kind": source.kind, "uuid": str(source.uuid), "id": source.id, "name": source.name}


def _tell(event: str, source: Source, backup: Any, told: dict[str, Any], now: datetime) -> None:
    if Webhook.objects.filter(enabled=True).exists():
        tell(event, subject_of(source.uuid, backup), told, now)
