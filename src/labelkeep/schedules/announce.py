"""Tell the world outside what happens to backups."""

from __future__ import annotations

from datetime import datetime

from labelkeep.schedules.models import Alert
from labelkeep.schedules.sources import Source
from labelkeep.snapshots.models import Backup


def raised(alert: Alert, source: Source, now: datetime) -> None:
    """An alert was raised, in this transaction."""


def completed(backup: Backup, source: Source, now: datetime) -> None:
    """A backup was made, in this transaction."""
