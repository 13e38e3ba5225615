"""Start the backups that are due. Every idle worker does this; a slot is still taken once.

A slot is taken by moving `Due.next_run_at` on from the very value that was read, in the transaction that queues the
operation; of two workers one moves it. Slots that were missed while nothing ran are caught up with one backup, for the
latest of them. One source that cannot be backed up stops no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from labelkeep.errors import AlreadyRunning, LabelkeepError
from labelkeep.schedules import sources, watch
from labelkeep.schedules.models import Due
from labelkeep.schedules.settings import Effective, Known
from labelkeep.schedules.slots import last_slot, next_slot
from labelkeep.schedules.sources import Source
from labelkeep.snapshots.capture import Reason
from labelkeep.snapshots.make_backup import start_backup
from labelkeep.snapshots.models import Backup

BATCH = 500  # sources looked at together
NEVER = datetime.max.replace(year=9000)
_INSTANT = timedelta(microseconds=1)

log = structlog.get_logger(__name__)


def tick(now: datetime) -> int:
    """Start what is due. Returns how many backups were started."""
    _note_new_sources()
    _work_out(now)
    started = 0
    while batch := list(Due.objects.filter(next_run_at__lte=now).order_by("next_run_at")[:BATCH]):
        moved = [_run(due, source, held, now) for due, source, held in with_settings(batch)]
        started += sum(moved)
        if len(batch) < BATCH:
            break
    return started


def _note_new_sources() -> None:
    while found := sources.without_due(BATCH):
        Due.objects.bulk_create([Due(source_uuid=uuid) for uuid in found], ignore_conflicts=True)


def _work_out(now: datetime) -> None:
    """Give those a next slot that have none, because they are new or something was set."""
    while batch := list(Due.objects.filter(next_run_at=None)[:BATCH]):
        for due, _, held in with_settings(batch):
            Due.objects.filter(pk=due.pk, next_run_at=None).update(next_run_at=_after(held, now))


def with_settings(batch: Iterable[Due]) -> list[tuple[Due, Source, Effective]]:
    """Each with its source and what holds for it. What belongs to a source that is gone is removed."""
    batch = list(batch)
    living = sources.find([due.pk for due in batch])
    known = Known(living, {it.organization_id for it in living.values() if it.organization_id is not None})
    gone = [due.pk for due in batch if due.pk not in living]
    if gone:
        Due.objects.filter(pk__in=gone).delete()
    return [
        (due, living[due.pk], known.of(due.pk, living[due.pk].organization_id)) for due in batch if due.pk in living
    ]


def _after(held: Effective, moment: datetime) -> datetime:
    return next_slot(held.timing, moment) if held.enabled else NEVER.replace(tzinfo=moment.tzinfo)


def _run(due: Due, source: Source, held: Effective, now: datetime) -> bool:
    """Take the slot and queue its backup. False: another process has it, or nothing could be started."""
    assert due.next_run_at is not None
    slot = last_slot(held.timing, due.next_run_at - _INSTANT, now) or due.next_run_at
    with transaction.atomic():
        mine = Due.objects.filter(pk=due.pk, next_run_at=due.next_run_at)
        if not mine.update(next_run_at=_after(held, now)) or not held.enabled:
            return False
        return _start(source, held, slot, now)


def _start(source: Source, held: Effective, slot: datetime, now: datetime) -> bool:
    target = sources.target_of(source)
    if target is None:
        return False
    reason = Reason(None, Backup.Trigger.SCHEDULE, slot=slot, lightweight=held.values["lightweight"])
    try:
        with transaction.atomic():
            start_backup(reason=reason, now=now, target=target, skip_if_unchanged=held.values["skip_if_unchanged"])
    except AlreadyRunning:  # the one of the slot before is still going on
        log.warning("schedule.busy", source=str(source.uuid), slot=slot.isoformat())
        return False
    except LabelkeepError as error:
        log.error("schedule.not_started", source=str(source.uuid), slot=slot.isoformat(), error=str(error))
        watch.failed(source, str(error), now, now)
        return False
    return True
