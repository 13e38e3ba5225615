"""Say that an alert was seen, or dismiss it: somebody knows, and it need not be shown any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.schedules.alerts import get_alert, resolve, subject_of
from labelkeep.schedules.models import Alert
from labelkeep.snapshots.models import Backup


def change_alert(
    *, actor: Actor, id: int, now: datetime, seen: bool | None = None, dismissed: bool | None = None
) -> Alert:
    """Change what is not None. A dismissed alert stays open until what it tells of is over, and is not raised again
    meanwhile. What a label lost is over when somebody says so: the backup before is then retention's again.

    Raises:
        NotFound: there is none. Forbidden: the actor may not.
    """
    alert = get_alert(actor, id)
    require(actor, "backup:update", subject_of(alert.source_uuid, alert.backup))
    with transaction.atomic():
        if seen is not None:
            alert.seen = seen
        if dismissed is not None:
            alert.dismissed_date = (alert.dismissed_date or now) if dismissed else None
        alert.save(update_fields=["seen", "dismissed_date"])
        if dismissed and alert.kind == Alert.Kind.SHRUNK:
            _let_go(alert, now)
    alert.refresh_from_db()
    return alert


def _let_go(alert: Alert, now: datetime) -> None:
    resolve(Alert.objects.filter(pk=alert.pk), now)
    if reason := alert.data.get("reason"):
        Backup.objects.filter(pk=alert.data["previous"], protected=reason).update(protected="")
