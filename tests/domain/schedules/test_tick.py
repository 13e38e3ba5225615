"""Scheduled backups: one for each slot, whoever looks and however often; missed ones once; nothing stops the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.projects import a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.schedules.actions.set_schedule import Place, set_schedule
from labelkeep.schedules.models import Due, Schedule
from labelkeep.schedules.retain import retain_all
from labelkeep.schedules.tick import tick
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
EVENING = NIGHT - timedelta(hours=6)
Nights = Callable[..., None]


@pytest.fixture(autouse=True)
def _in_utc(alice: User) -> None:
    """Days of the machine that runs the tests must not matter."""
    Schedule.objects.create(zone="UTC")


def slots() -> list[datetime]:
    return list(Backup.objects.filter(trigger="schedule").order_by("slot").values_list("slot", flat=True))


def test_a_new_project_is_backed_up_at_the_next_quiet_hour(project: Project) -> None:
    assert tick(EVENING) == 0
    assert Due.objects.get().next_run_at == NIGHT
    assert tick(NIGHT - timedelta(seconds=1)) == 0
    assert tick(NIGHT) == 1
    run_queued()
    backup = Backup.objects.get()
    assert (backup.slot, backup.trigger, backup.owner, backup.state) == (NIGHT, "schedule", None, "complete")
    assert Due.objects.get().next_run_at == NIGHT + timedelta(days=1)


def test_a_slot_has_one_backup_however_often_workers_look(project: Project, nights: Nights) -> None:
    nights(NIGHT, 3, looks=5)
    assert slots() == [NIGHT + timedelta(days=night) for night in range(3)]


def test_slots_missed_while_nothing_ran_are_caught_up_once(project: Project) -> None:
    tick(EVENING)
    assert tick(NIGHT + timedelta(days=9, hours=5)) == 1
    run_queued()
    assert slots() == [NIGHT + timedelta(days=9)]
    assert Due.objects.get().next_run_at == NIGHT + timedelta(days=10)


def test_tasks_in_a_project_go_with_it_and_others_are_backed_up_themselves(alice: User, project: Project) -> None:
    alone = a_task(alice, name="alone", frames=1)
    a_task(alice, name="empty", frames=0)
    tick(EVENING)
    assert tick(NIGHT) == 2
    run_queued()
    assert set(Backup.objects.values_list("source_uuid", flat=True)) == {project.uuid, alone.uuid}


def test_a_backup_still_under_way_at_the_next_slot_is_not_started_again(project: Project) -> None:
    tick(EVENING)
    assert tick(NIGHT) == 1
    assert tick(NIGHT + timedelta(days=1)) == 0
    run_queued()
    assert slots() == [NIGHT]


def test_what_belongs_to_a_deleted_project_is_forgotten_and_its_backups_stay(project: Project, nights: Nights) -> None:
    nights(NIGHT, 2)
    Project.objects.filter(pk=project.pk).delete()
    nights(NIGHT + timedelta(days=400), 1)
    assert Due.objects.count() == 0
    assert Backup.objects.count() == 2


def test_by_default_the_seven_newest_stay(project: Project, nights: Nights) -> None:
    nights(NIGHT, 10)
    assert slots() == [NIGHT + timedelta(days=night) for night in range(3, 10)]


def test_pinned_and_safety_backups_are_not_counted(alice: User, project: Project, nights: Nights) -> None:
    pinned = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=EVENING)
    Backup.objects.filter(pk=pinned.pk).update(pinned=True)
    safety = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=EVENING)
    Backup.objects.filter(pk=safety.pk).update(trigger="safety")
    nights(NIGHT, 8)
    assert len(slots()) == 7
    assert Backup.objects.filter(pk__in=[pinned.pk, safety.pk]).count() == 2


def test_unchanged_projects_may_be_skipped(alice: User, project: Project, nights: Nights) -> None:
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"skip_if_unchanged": True})
    nights(NIGHT, 3)
    assert slots() == [NIGHT]
    a_task(alice, project=project, frames=1)
    nights(NIGHT + timedelta(days=3), 2)
    assert slots() == [NIGHT, NIGHT + timedelta(days=3)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"time": "04:00"}, NIGHT.replace(hour=4, minute=0)),
        ({"frequency": "hourly", "time": "00:10"}, EVENING.replace(minute=40) + timedelta(minutes=30)),
        ({"frequency": "weekly", "weekday": 1}, datetime(2026, 11, 23, 2, 30, tzinfo=UTC)),
        ({"frequency": "monthly", "day": 31}, datetime(2026, 11, 30, 2, 30, tzinfo=UTC)),
        ({"frequency": "cron", "cron": "0 0 1 1 *"}, datetime(2027, 1, 1, tzinfo=UTC)),
        ({"zone": "Asia/Tokyo"}, datetime(2026, 11, 21, 17, 30, tzinfo=UTC)),
    ],
)
def test_a_changed_schedule_holds_at_once(
    alice: User, project: Project, changes: dict[str, Any], expected: datetime
) -> None:
    tick(EVENING)
    set_schedule(actor=Actor.of(alice), place=Place(project), changes=changes)
    tick(EVENING)
    assert Due.objects.get().next_run_at == expected


def test_a_schedule_that_is_off_starts_nothing_until_it_is_on(alice: User, project: Project, nights: Nights) -> None:
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"enabled": False})
    nights(NIGHT, 3)
    assert slots() == []
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"enabled": None})
    nights(NIGHT + timedelta(days=3), 1)
    assert slots() == [NIGHT + timedelta(days=3)]


def test_a_slower_policy_lets_more_go(alice: User, project: Project, nights: Nights) -> None:
    nights(NIGHT, 7)
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"retention": {"last": 2}})
    retain_all(NIGHT + timedelta(days=6, hours=1))
    assert slots() == [NIGHT + timedelta(days=night) for night in (5, 6)]


def test_a_maximum_age_is_kept_without_a_new_backup(alice: User, project: Project, nights: Nights) -> None:
    nights(NIGHT, 5)
    policy = {"last": 7, "max_age_days": 30}
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"enabled": False, "retention": policy})
    retain_all(NIGHT + timedelta(days=20))
    assert len(slots()) == 5
    retain_all(NIGHT + timedelta(days=200))
    assert slots() == [NIGHT + timedelta(days=4)]
