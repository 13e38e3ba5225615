"""Notice that backups have stopped: nothing complete for one and a half intervals of the source's own schedule.

The moment is worked out from the slots themselves, so weekends of a schedule for working days are no silence: half of
the pause after the first slot that brought no backup. What is looked at is that moment alone, so ten thousand sources
cost one look into an index.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from labelkeep.errors import LabelkeepError
from labelkeep.operations.models import Operation
from labelkeep.operations.start import UNDER_WAY
from labelkeep.schedules import announce
from labelkeep.schedules.alerts import OPEN, raise_alert, resolve
from labelkeep.schedules.models import Alert, Due
from labelkeep.schedules.settings import Effective
from labelkeep.schedules.slots import Timing, next_slots
from labelkeep.schedules.sources import Source
from labelkeep.schedules.tick import BATCH, NEVER, with_settings
from labelkeep.snapshots.make_backup import KINDS

PATIENCE = timedelta(hours=1)  # for a backup that is being made at this moment, as after a night of being switched off

log = structlog.get_logger(__name__)


def look_for_overdue(now: datetime) -> int:
    """Raise an alert for each source that has become overdue, and resolve those that are no more. Returns how many."""
    _work_out(now)
    raised, found = 0, list(_overdue(now).values_list("pk", flat=True))
    for begin in range(0, len(found), BATCH):
        for due, source, held in with_settings(Due.objects.filter(pk__in=found[begin : begin + BATCH])):
            raised += _raise_safely(due, source, held, now)
    still = Due.objects.filter(pk=OuterRef("source_uuid"), overdue_at__lte=now)
    resolve(Alert.objects.filter(~Exists(still), kind=Alert.Kind.OVERDUE), now)
    return raised


def overdue_from(timing: Timing, since: datetime) -> datetime:
    """From when on a source is overdue whose last backup is of `since`."""
    first, second = next_slots(timing, since, 2)
    return first + (second - first) / 2


def _overdue(now: datetime) -> QuerySet[Due]:
    known = Alert.objects.filter(OPEN, source_uuid=OuterRef("pk"), kind=Alert.Kind.OVERDUE)
    return Due.objects.filter(~Exists(known), overdue_at__lte=now)


def _work_out(now: datetime) -> None:
    """Give those a moment that have none: they are new, have a new backup, or something was set."""
    while batch := list(Due.objects.filter(overdue_at=None)[:BATCH]):
        for due, _, held in with_settings(batch):
            awaited = (due.awaited_at or now) if held.enabled else None
            moment = NEVER.replace(tzinfo=now.tzinfo)
            if awaited is not None:
                moment = overdue_from(held.timing, max(awaited, due.covered_at or awaited))
            same = Due.objects.filter(pk=due.pk, overdue_at=None, covered_at=due.covered_at)
            same.update(awaited_at=awaited, overdue_at=moment)


def _raise_safely(due: Due, source: Source, held: Effective, now: datetime) -> bool:
    """One source of which nobody can be told stops no other."""
    try:
        return not _is_being_made(source, now) and _raise(due, source, held, now)
    except LabelkeepError as error:
        log.error("alert.failed", source=str(source.uuid), error=str(error))
        return False


def _is_being_made(source: Source, now: datetime) -> bool:
    about = {"project_id": source.id} if source.kind == "project" else {"task_id": source.id}
    recent = Operation.objects.filter(kind__in=KINDS, status__in=UNDER_WAY, created_date__gte=now - PATIENCE)
    return recent.filter(target=source.kind, **about).exists()


def _raise(due: Due, source: Source, held: Effective, now: datetime) -> bool:
    slot = next_slots(held.timing, max(filter(None, (due.awaited_at, due.covered_at))), 1)[0]
    since = f"since {due.covered_at:%Y-%m-%d %H:%M} UTC" if due.covered_at else "yet"
    message = f"No backup of {source.kind} {source.name!r} {since}; one was due at {slot:%Y-%m-%d %H:%M} UTC."
    data = {"last": due.covered_at.isoformat() if due.covered_at else None, "due": slot.isoformat()}
    with transaction.atomic():
        if not Due.objects.select_for_update().filter(pk=due.pk, overdue_at=due.overdue_at):
            return False  # a backup was made, or something set, at this very moment
        alert = raise_alert(Alert.Kind.OVERDUE, source, message, now, data=data)
        if alert is not None:
            announce.raised(alert, source, now)
    return alert is not None
