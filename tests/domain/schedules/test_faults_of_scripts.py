"""The five faults of scripts that people write to back CVAT up each night (US-02): each is a test here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.disks import PowerCut
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.schedules.models import Due, Schedule
from labelkeep.schedules.retain import retain_all
from labelkeep.schedules.tick import tick
from labelkeep.snapshots import make_backup
from labelkeep.snapshots.models import Backup

NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
EVENING = NIGHT - timedelta(hours=6)
Nights = Callable[..., None]


@pytest.fixture(autouse=True)
def _in_utc(alice: User) -> None:
    """Days of the machine that runs the tests must not matter."""
    Schedule.objects.create(zone="UTC")


def whole(project: Project) -> list[datetime]:
    """Slots of the whole backups of a project."""
    found = Backup.objects.filter(source_uuid=project.uuid, state="complete").order_by("slot")
    return [row.slot for row in found if row.slot is not None]


def test_1_more_projects_than_a_page_are_all_backed_up(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelkeep.schedules.tick.BATCH", 3)
    for number in range(8):
        a_project(alice, f"project {number}")
    tick(EVENING)
    assert tick(NIGHT) == 8
    run_queued()
    assert [row.slot for row in Backup.objects.all()] == [NIGHT] * 8


def test_2_one_project_that_cannot_be_backed_up_stops_no_other(alice: User, project: Project) -> None:
    broken = a_task(alice, name="broken", frames=1)
    broken.frames_document = "b3:" + "0" * 64
    broken.save()
    tick(EVENING)
    assert tick(NIGHT) == 2
    run_queued()
    assert [backup.source_uuid for backup in Backup.objects.all()] == [project.uuid]
    assert Operation.objects.get(kind="backup:task").status == Status.FAILED


def test_3_names_that_begin_alike_share_nothing(alice: User, nights: Nights) -> None:
    projects = [a_project(alice, name) for name in ("cats", "cats_v1", "cats_v2")]
    nights(NIGHT, 9)
    for project in projects:
        assert whole(project) == [NIGHT + timedelta(days=night) for night in range(2, 9)]


def test_4_a_half_written_backup_never_counts(
    project: Project, nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The eighth backup dies when its manifest is in the store already, and is never begun again."""
    nights(NIGHT, 7)
    before = whole(project)

    def dies(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(make_backup, "_publish", dies)
        with pytest.raises(PowerCut):
            nights(NIGHT + timedelta(days=7), 1)
    Operation.objects.filter(status=Status.STARTED).delete()
    Due.objects.update(retained_at=None)
    assert retain_all(NIGHT + timedelta(days=8)) == 0
    assert whole(project) == before
    assert Backup.objects.count() == 7


def test_5_a_damaged_backup_takes_no_place(project: Project, nights: Nights) -> None:
    nights(NIGHT, 7)
    Backup.objects.filter(slot=NIGHT + timedelta(days=6)).update(state="damaged")
    nights(NIGHT + timedelta(days=7), 1)
    assert whole(project) == [NIGHT + timedelta(days=night) for night in (0, 1, 2, 3, 4, 5, 7)]
