"""Safety backups: before something is removed, its project or task is backed up; undo.py brings it back.

The backup is made before the removing transaction begins, because that may not span file I/O. Inside, once nobody else
can change the rows, they are read again: if they are no more what was backed up, all is done once more. Row of the
backup, row of the removal and the removal itself are one transaction; so there is never one without the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from labelkeep.errors import Conflict, LabelkeepError, Refused
from labelkeep.media import vault
from labelkeep.projects.hooks import Confirm, Outdated, Removal
from labelkeep.projects.models import Label, Project, Task
from labelkeep.snapshots import models, rows
from labelkeep.snapshots.beside import beside
from labelkeep.snapshots.capture import Frozen, Reason, freeze, keep
from labelkeep.snapshots.keep_backup import drop
from labelkeep.snapshots.models import Backup
from labelkeep.store import keys

_NOTES = {
    "project": "Made before the project was deleted.",
    "task": "Made before the task was deleted.",
    "job": "Made before the ground truth job was deleted.",
    "label": "Made before labels were deleted: {}.",
    "move": "Made before the task was moved to where not all of its labels are.",
}

log = structlog.get_logger(__name__)


def window() -> timedelta:
    """How long what was removed can be brought back."""
    return timedelta(days=settings.CONFIGURATION.undo_days)


@contextmanager
def safely(removal: Removal) -> Iterator[Confirm]:
    """Around a removal (projects.hooks): make the backup; what it gives confirms it inside the transaction.

    Raises:
        Conflict: what is to be removed is damaged, so that it cannot be backed up.
        NotFound: it is gone already. LabelkeepError: the store could not do it.
    """
    made = [] if removal.under_lock else [_make(removal)]
    kept: list[Backup] = []

    def confirm() -> None:
        if removal.under_lock:
            made.append(_make(removal))
        backup, frozen, names = made[-1]
        if not removal.under_lock and rows.read(removal.kind, removal.id, using="default") != frozen.rows:
            raise Outdated
        backup.save(force_insert=True)
        _remember(removal, names, frozen, backup)
        kept[:] = [backup]

    try:
        yield confirm
    except BaseException:
        kept.clear()
        raise
    finally:
        for backup, _, _ in made:
            if backup not in kept:
                take_back(backup)


def _make(removal: Removal) -> tuple[Backup, Frozen, dict[int, str]]:
    frozen = _frozen(removal)
    names = _names(removal, frozen)
    reason = Reason(removal.actor, Backup.Trigger.SAFETY, _note(removal, names))
    return keep(frozen, reason, now=removal.now), frozen, names


def _frozen(removal: Removal) -> Frozen:
    try:
        return freeze(actor=None, kind=removal.kind, id=removal.id)  # who may remove it need not be one who backs up
    except Refused as error:
        raise Conflict(f"Nothing was removed, because it could not be backed up first: {error}") from error


def _note(removal: Removal, names: dict[int, str]) -> str:
    return _NOTES[removal.what].format(", ".join(names.values()))[:2000]


def _names(removal: Removal, frozen: Frozen) -> dict[int, str]:
    """What each is called that is about to go, by id."""
    if removal.what == "label":
        return dict(Label.objects.filter(pk__in=removal.ids).order_by("pk").values_list("pk", "name"))
    name = frozen.subject.name
    return dict.fromkeys(removal.ids, f"ground truth of {name}"[:256] if removal.what == "job" else name)


def _remember(removal: Removal, names: dict[int, str], frozen: Frozen, backup: Backup) -> None:
    """A line for each thing that can be brought back by one call. A move can not: its backup is restored as a new task,
    because by then the moved one may have been worked on."""
    if removal.what == "move":
        return
    left_out = {} if removal.what == "label" else beside(frozen.rows)
    models.Removal.objects.bulk_create(
        models.Removal(
            what=removal.what,
            subject_id=id,
            name=name,
            backup=backup,
            owner=removal.actor.user,
            created_date=removal.now,
            until=removal.now + window(),
            beside=left_out,
        )
        for id, name in names.items()
    )


def take_back(backup: Backup) -> None:
    """The manifest of a backup that nobody will ever hear of; where even that fails, it is an orphan for prune."""
    try:
        vault.live().delete_manifest(keys.manifest(str(backup.source_uuid), backup.created_date, str(backup.pk)))
    except LabelkeepError as error:
        log.warning("safety.orphan_manifest", backup=str(backup.pk), error=str(error))


def let_go(now: datetime) -> int:
    """The chore: safety backups whose time has passed. Returns how many went."""
    return sum(drop(backup, pinned=False, trigger=Backup.Trigger.SAFETY) for backup in _old(now))


def _old(now: datetime) -> QuerySet[Backup]:
    """Those that no undo needs, but for the only good one of what still lives."""
    waiting = models.Removal.objects.filter(backup=OuterRef("pk"), until__gt=now)
    others = Backup.objects.filter(source_uuid=OuterRef("source_uuid"), state=Backup.State.COMPLETE)
    lives = Exists(Project.objects.filter(uuid=OuterRef("source_uuid"))) | Exists(
        Task.objects.filter(uuid=OuterRef("source_uuid"))
    )
    safety = Backup.objects.filter(trigger=Backup.Trigger.SAFETY, pinned=False, protected="")
    past = safety.filter(created_date__lte=now - window()).exclude(Exists(waiting))
    return past.filter(~Q(lives) | Exists(others.exclude(pk=OuterRef("pk")))).order_by("created_date")
