"""Alerts: backups that stop, fail or rot are told of once, until it is over; nothing stops the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.projects import a_task

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Unavailable
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project, Task
from labelkeep.schedules import watch
from labelkeep.schedules.actions.set_schedule import Place, set_schedule
from labelkeep.schedules.models import Alert, Due, Schedule
from labelkeep.schedules.overdue import look_for_overdue, overdue_from
from labelkeep.schedules.slots import Timing
from labelkeep.schedules.tick import tick
from labelkeep.schedules.watch import look_for_damage, look_for_failures
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.check_backup import check_backup
from labelkeep.snapshots.models import Backup

NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
EVENING = NIGHT - timedelta(hours=6)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _in_utc(alice: User) -> None:
    Schedule.objects.create(zone="UTC")


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What idle workers do at a moment; with `work=False` nobody carries operations out."""

    def at(moment: datetime, *, work: bool = True, start: bool = True) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        if start:
            tick(moment)
        if work:
            run_queued()
        look_for_overdue(moment)
        look_for_failures(moment)
        look_for_damage(moment)

    return at


Look = Callable[..., None]


def opened(**which: Any) -> list[str]:
    """The kinds of the open alerts."""
    found = Alert.objects.filter(resolved_date=None, **which).order_by("kind")
    return list(found.values_list("kind", flat=True))


def broken(task: Task) -> Task:
    """A task of which something is missing from the store, so that its backup fails."""
    Task.objects.filter(pk=task.pk).update(frames_document="b3:" + "0" * 64)
    return task


# ---- overdue -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "since", "expected"),
    [
        (Timing(), NIGHT, NIGHT + 1.5 * DAY),
        (Timing("hourly"), NIGHT, NIGHT + 1.5 * HOUR),
        (Timing("weekly", weekday=6), NIGHT, NIGHT + 10.5 * DAY),
        (Timing("cron", cron="30 2 * * 1-5"), NIGHT - DAY, NIGHT + 2.5 * DAY),  # from Friday over the weekend
    ],
)
def test_overdue_is_one_and_a_half_intervals_of_its_own_schedule(
    timing: Timing, since: datetime, expected: datetime
) -> None:
    assert overdue_from(timing, since) == expected


def test_a_source_whose_backups_stop_is_overdue_until_the_next_one(project: Project, look: Look) -> None:
    look(EVENING)
    look(NIGHT)
    look(NIGHT + 1.5 * DAY - HOUR, start=False)
    assert opened() == []
    look(NIGHT + 1.5 * DAY, start=False)
    look(NIGHT + 2 * DAY, start=False)
    assert opened() == ["overdue"]
    alert = Alert.objects.get()
    assert alert.source_uuid == project.uuid
    assert alert.message == (
        "No backup of project 'zoo' since 2026-11-21 02:30 UTC; one was due at 2026-11-22 02:30 UTC."
    )
    look(NIGHT + 2 * DAY + HOUR)
    assert opened() == []
    assert Alert.objects.get().resolved_date == NIGHT + 2 * DAY + HOUR


def test_a_source_that_never_had_a_backup_is_overdue_too(project: Project, look: Look) -> None:
    look(EVENING)
    look(NIGHT + 0.5 * DAY, start=False)
    assert opened() == ["overdue"]
    assert "No backup of project 'zoo' yet" in Alert.objects.get().message


def test_a_backup_that_nobody_carries_out_is_overdue_in_the_end(project: Project, look: Look) -> None:
    look(EVENING)
    look(NIGHT + 0.5 * DAY, work=False)
    assert opened() == []  # it was started this very moment
    look(NIGHT + 0.5 * DAY + 2 * HOUR, work=False)
    assert opened() == ["overdue"]


def test_a_schedule_that_is_off_is_never_overdue_and_begins_anew(alice: User, project: Project, look: Look) -> None:
    look(EVENING)
    look(NIGHT + 0.5 * DAY, start=False)
    assert opened() == ["overdue"]
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"enabled": False})
    look(NIGHT + 9 * DAY)
    assert opened() == []
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"enabled": None})
    look(NIGHT + 9 * DAY + HOUR, start=False)
    assert opened() == []
    look(NIGHT + 10.5 * DAY, start=False)
    assert opened() == ["overdue"]


def test_a_manual_backup_counts_and_a_damaged_or_old_one_hides_nothing(
    alice: User, project: Project, look: Look
) -> None:
    look(EVENING)
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NIGHT)
    Backup.objects.filter(pk=backup.pk).update(read_date=NIGHT + 2 * DAY)  # verified just now
    look(NIGHT + 1.5 * DAY - HOUR, start=False)
    assert opened() == []
    look(NIGHT + 2 * DAY, start=False)
    assert opened() == ["overdue"]


def test_what_is_skipped_because_nothing_changed_is_not_overdue(alice: User, project: Project, look: Look) -> None:
    set_schedule(actor=Actor.of(alice), place=Place(project), changes={"skip_if_unchanged": True})
    look(EVENING)
    for night in range(4):
        look(NIGHT + night * DAY)
    look(NIGHT + 4 * DAY - HOUR, start=False)
    assert Backup.objects.count() == 1
    assert opened() == []


def test_an_alert_about_what_is_deleted_is_over(project: Project, look: Look) -> None:
    look(EVENING)
    look(NIGHT + 0.5 * DAY, start=False)
    Project.objects.filter(pk=project.pk).delete()
    look(NIGHT + 1 * DAY)
    assert opened() == []


# ---- failed --------------------------------------------------------------------------------------------------------


def test_a_failed_backup_is_told_once_and_over_with_the_next_good_one(alice: User, look: Look) -> None:
    task = a_task(alice, frames=1)
    document = task.frames_document
    broken(task)
    look(EVENING)
    for night in range(3):
        look(NIGHT + night * DAY)
        look(NIGHT + night * DAY + HOUR)
    assert opened(kind="failed") == ["failed"]
    assert Alert.objects.filter(kind="failed").count() == 1
    assert Alert.objects.get(kind="failed").message.startswith("The backup of task 'pictures' failed: ")
    Task.objects.filter(pk=task.pk).update(frames_document=document)
    look(NIGHT + 3 * DAY)
    assert opened() == []


def test_a_failure_before_a_good_backup_is_no_news(alice: User, look: Look) -> None:
    task = a_task(alice, frames=1)
    look(EVENING)
    document = task.frames_document
    broken(task)
    tick(NIGHT)
    run_queued()
    Task.objects.filter(pk=task.pk).update(frames_document=document)
    capture(actor=Actor.of(alice), kind="task", id=task.pk, now=NIGHT + 2 * HOUR)
    look(NIGHT + 3 * HOUR, start=False)
    assert opened() == []


def test_one_that_cannot_be_told_of_stops_no_other(alice: User, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        broken(a_task(alice, name, frames=1))
    told = watch.announce.raised

    def but_not_of_b(alert: Alert, *rest: Any) -> None:
        if alert.source_name == "b":
            raise Unavailable("nobody there")
        told(alert, *rest)

    monkeypatch.setattr(watch.announce, "raised", but_not_of_b)
    look(EVENING)
    look(NIGHT)
    assert set(Alert.objects.values_list("source_name", flat=True)) == {"a", "c"}
    monkeypatch.undo()
    look_for_failures(NIGHT + HOUR)
    assert Alert.objects.count() == 3


def test_what_cannot_even_be_started_is_told_too(project: Project, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**arguments: Any) -> None:
        raise Unavailable("no room for another operation")

    look(EVENING)
    monkeypatch.setattr("labelkeep.schedules.tick.start_backup", refused)
    look(NIGHT)
    assert opened() == ["failed"]
    assert Alert.objects.get().message == "The backup of project 'zoo' failed: no room for another operation"


# ---- damaged -------------------------------------------------------------------------------------------------------


def test_a_damaged_backup_is_told_until_it_is_whole_again(alice: User, project: Project, look: Look) -> None:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NIGHT)
    finding = {"level": "error", "code": "damaged", "message": "frame 3 of task 'pictures' is damaged"}
    Backup.objects.filter(pk=backup.pk).update(state="damaged", findings=[finding, finding])
    look(NIGHT + HOUR)
    look(NIGHT + 2 * HOUR)
    assert opened(kind="damaged") == ["damaged"]
    alert = Alert.objects.get(kind="damaged")
    assert alert.backup == backup.pk
    assert "frame 3 of task 'pictures' is damaged (and 1 more findings)" in alert.message
    Backup.objects.filter(pk=backup.pk).update(state="complete", findings=[])
    look(NIGHT + 3 * HOUR)
    assert opened(kind="damaged") == []
    Backup.objects.filter(pk=backup.pk).update(state="damaged")
    look(NIGHT + 4 * HOUR)
    assert Alert.objects.filter(kind="damaged").count() == 2


def test_what_a_check_finds_is_told_by_name(alice: User, project: Project, look: Look) -> None:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NIGHT)
    old = {"level": "warning", "code": "unknown-user", "message": "nobody is called dora"}
    Backup.objects.filter(pk=backup.pk).update(manifest="b3:" + "0" * 64, findings=[old])
    check_backup(Backup.objects.get(pk=backup.pk), now=NIGHT + HOUR)
    look(NIGHT + HOUR)
    assert Alert.objects.get(kind="damaged").message == (
        "The backup of project 'zoo' made at 2026-11-21 02:30 UTC is damaged: the manifest in the store names another "
        "content than the backup's row (and 1 more findings)"
    )


def test_the_same_thing_noticed_by_two_is_told_once(alice: User, project: Project) -> None:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NIGHT)
    source = watch.source_of(backup)
    Due.objects.create(source_uuid=project.uuid, next_run_at=NIGHT + DAY)
    assert watch.failed(source, "no", NIGHT + HOUR, NIGHT + HOUR) is True
    assert watch.failed(source, "no", NIGHT + HOUR, NIGHT + HOUR) is False
    assert Alert.objects.count() == 1
