"""Any number of workers may look at the schedules at the same moment: each slot has one backup all the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.projects import a_project
from tests.support.threads import at_once, failures

from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.schedules.models import Due, Schedule
from labelkeep.schedules.tick import tick
from labelkeep.snapshots.models import Backup

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
WORKERS, PROJECTS, NIGHTS = 6, 4, 3


def test_each_slot_has_one_backup_however_many_workers_look_at_once(alice: User) -> None:
    Schedule.objects.create(zone="UTC")
    for number in range(PROJECTS):
        a_project(alice, f"project {number}")
    tick(NIGHT - timedelta(hours=1))
    nights = [NIGHT + timedelta(days=night) for night in range(NIGHTS)]
    for night in nights:
        started = at_once(*[lambda night=night: tick(night)] * WORKERS)
        assert failures(started) == []
        assert sum(started) == PROJECTS
        assert failures(at_once(*[run_queued] * 2)) == []
    slots = Backup.objects.order_by("slot", "source_uuid").values_list("slot", "source_uuid")
    assert list(slots) == [(night, due.pk) for night in nights for due in Due.objects.order_by("source_uuid")]
    assert {operation.status for operation in Operation.objects.all()} == {"finished"}
