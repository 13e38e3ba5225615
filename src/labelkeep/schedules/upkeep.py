"""Forget what was told long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

from labelkeep.schedules.models import Alert, Delivery

DELIVERIES, ALERTS = timedelta(days=30), timedelta(days=365)


def forget_old(now: datetime) -> int:
    """Remove deliveries that have ended, and alerts that have been over for long. Returns how many."""
    ended = Delivery.objects.filter(created_date__lt=now - DELIVERIES).exclude(state=Delivery.State.WAITING)
    over = Alert.objects.filter(resolved_date__lt=now - ALERTS)
    return sum(rows.delete()[0] for rows in (ended, over))
