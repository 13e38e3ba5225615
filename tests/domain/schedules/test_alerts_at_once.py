"""Workers that notice the same thing at the same moment raise one alert, and tell of it once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.support.projects import NOW, a_project, a_task
from tests.support.threads import at_once, failures

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation
from labelkeep.schedules import overdue
from labelkeep.schedules.actions.keep_webhook import create_webhook
from labelkeep.schedules.models import Alert, Delivery, Due
from labelkeep.schedules.watch import look_for_damage, look_for_failures
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
LATER = NOW + timedelta(days=3)


def test_overdue_failed_and_damaged(alice: User) -> None:
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)
    create_webhook(actor=Actor.of(alice), now=NOW, url="https://hooks.example.com/")
    Backup.objects.filter(pk=backup.pk).update(state="damaged")
    Due.objects.create(source_uuid=project.uuid, next_run_at=LATER, awaited_at=NOW, covered_at=NOW, overdue_at=NOW)
    _failed(project.pk, NOW + timedelta(days=2))
    looks = (overdue.look_for_overdue, look_for_failures, look_for_damage)
    results = at_once(*(lambda look=look: look(LATER) for look in looks * 4))
    assert failures(results) == []
    assert sorted(Alert.objects.values_list("kind", flat=True)) == ["damaged", "failed", "overdue"]
    assert sorted(Delivery.objects.values_list("event", flat=True)) == [
        "backup.damaged",
        "backup.failed",
        "backup.overdue",
    ]


def _failed(project: int, moment: datetime) -> None:
    Operation.objects.create(
        key="backup of the schedule",
        kind="backup:project",
        action="backup",
        target="project",
        status="failed",
        message="The disk is full",
        project_id=project,
        created_date=moment,
        finished_date=moment,
    )
