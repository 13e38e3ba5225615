"""Let backups go that the policy of their source does not keep, and say why each is kept.

Only living sources: what was deleted keeps its backups until somebody erases them. Looked at whenever there is a new
backup, and once a day for the sake of maximum ages.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet

from labelkeep.errors import LabelkeepError
from labelkeep.retention import Candidate, Decision, Policy, decide
from labelkeep.schedules import sources
from labelkeep.schedules.models import Due
from labelkeep.schedules.settings import Effective, Known
from labelkeep.snapshots.keep_backup import drop
from labelkeep.snapshots.models import Backup

BATCH = 200
AGAIN = timedelta(days=1)

log = structlog.get_logger(__name__)


def retain_all(now: datetime) -> int:
    """Apply the policies where there is something new. Returns how many backups were let go."""
    dropped = 0
    while batch := list(_to_look_at(now).values_list("pk", flat=True)[:BATCH]):
        living = sources.find(batch)
        known = Known(living, {it.organization_id for it in living.values() if it.organization_id is not None})
        for uuid in batch:
            if uuid in living:
                dropped += _retain_safely(uuid, known.of(uuid, living[uuid].organization_id), now)
        Due.objects.filter(pk__in=batch).update(retained_at=now)
    return dropped


def _to_look_at(now: datetime) -> QuerySet[Due]:
    newer = Backup.objects.filter(source_uuid=OuterRef("pk"), created_date__gte=OuterRef("retained_at"))
    return Due.objects.filter(Q(retained_at=None) | Q(retained_at__lte=now - AGAIN) | Exists(newer)).exclude(
        retained_at__gte=now
    )


def _retain_safely(source: UUID, held: Effective, now: datetime) -> int:
    """One source whose backups cannot be let go stops no other."""
    try:
        return retain(source, held, now)
    except LabelkeepError as error:
        log.error("retention.failed", source=str(source), error=str(error))
        return 0


def retain(source: UUID, held: Effective, now: datetime) -> int:
    """Apply the policy of one source. Returns how many backups were let go."""
    rows = {str(backup.pk): backup for backup in Backup.objects.filter(source_uuid=source)}
    dropped = 0
    for decision in decisions(rows.values(), held.policy, held, now):
        if not decision.keep:
            log.info("retention.dropped", source=str(source), backup=decision.id, reasons=decision.reasons)
            row = rows[decision.id]
            dropped += drop(row, pinned=False, protected="", trigger=row.trigger, state=row.state)
    return dropped


def decisions(backups: Iterable[Backup], policy: Policy, held: Effective, now: datetime) -> list[Decision]:
    """What a policy would do with the backups of one source: the dry run is the run itself."""
    return decide([_candidate(backup) for backup in backups], policy, held.zone, now)


def _candidate(backup: Backup) -> Candidate:
    return Candidate(
        id=str(backup.pk),
        created=backup.created_date,
        counts=backup.state == Backup.State.COMPLETE,
        protected=_protected(backup),
        under_way=backup.state == Backup.State.CHECKING,
    )


def _protected(backup: Backup) -> str:
    if backup.pinned:
        return "pinned"
    if backup.trigger == Backup.Trigger.SAFETY:
        return "safety: made before something was removed"
    return backup.protected
