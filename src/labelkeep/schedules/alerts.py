"""Alerts: raised once for each thing, resolved when it is over. Who sees them, and who is told (announce.py)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require_member
from labelkeep.errors import Forbidden, NotFound
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.schedules import sources
from labelkeep.schedules.models import Alert
from labelkeep.schedules.sources import Source
from labelkeep.snapshots.backup_queries import subject_of_backup, visible_backups, visible_sources
from labelkeep.snapshots.models import Backup

OPEN = Q(resolved_date=None)

log = structlog.get_logger(__name__)


def source_of(backup: Backup) -> Source:
    """What a backup is of, also where that is a task in a project, or gone."""
    known = sources.find([backup.source_uuid]).get(backup.source_uuid)
    return known or Source(
        backup.source_uuid,
        backup.kind,
        backup.source_id or 0,
        backup.source_name,
        backup.organization_id,
        backup.source_owner_id,
    )


def raise_alert(
    kind: Alert.Kind,
    source: Source,
    message: str,
    now: datetime,
    *,
    data: Mapping[str, Any] | None = None,
    backup: UUID | None = None,
) -> Alert | None:
    """Raise an alert, unless the same is open. Of two processes that notice it together, one does."""
    key = f"{kind}:{backup or source.uuid}"
    if Alert.objects.filter(OPEN, key=key).exists():
        return None
    alert = Alert(
        kind=kind,
        key=key,
        source_kind=source.kind,
        source_uuid=source.uuid,
        source_name=source.name,
        organization_id=source.organization_id,
        backup=backup,
        message=message,
        data=dict(data or {}),
        created_date=now,
    )
    try:
        with transaction.atomic():
            alert.save(force_insert=True)
    except IntegrityError:
        return None
    log.warning("alert.raised", kind=str(kind), source=str(source.uuid), message=message)
    return alert


def resolve(alerts: QuerySet[Alert], now: datetime) -> int:
    """Say that what these tell of is over. Returns how many were open."""
    return alerts.filter(OPEN).update(resolved_date=now)


def visible_alerts(actor: Actor) -> QuerySet[Alert]:
    """The alerts about backups that the actor may see; of what is gone, those about a backup that is still there.

    Raises:
        Forbidden: the organization is not his.
    """
    require_member(actor)
    if actor.is_admin and actor.is_anywhere:
        return Alert.objects.all()
    backups = visible_backups(actor).values("pk")
    return Alert.objects.filter(visible_sources(actor) | Q(backup__in=backups))


def get_alert(actor: Actor, id: int) -> Alert:
    """An alert that the actor may see.

    Raises:
        NotFound: there is none. Forbidden: he may not.
    """
    if not Alert.objects.filter(pk=id).exists():
        raise NotFound("No Alert matches the given query.")
    found = visible_alerts(actor).filter(pk=id).first()
    if found is None:
        raise Forbidden()
    return found


def subject_of(source: UUID, backup: UUID | None) -> Subject:
    """Whose the backups of a source are, this one if the source is gone."""
    task = Task.objects.select_related("project").filter(uuid=source).first()
    home: Project | Task | None = task or Project.objects.filter(uuid=source).first()
    if home is not None:
        return subject_of_backups(home)
    found = Backup.objects.filter(pk=backup).first() if backup else None
    return subject_of_backup(found) if found else Subject()
