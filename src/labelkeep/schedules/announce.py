"""Tell the world outside what happens to backups: webhooks, in the transaction of what happens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from labelkeep.schedules.alerts import subject_of
from labelkeep.schedules.models import Alert, Webhook
from labelkeep.schedules.sources import Source
from labelkeep.schedules.webhooks import tell
from labelkeep.snapshots.models import Backup


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
