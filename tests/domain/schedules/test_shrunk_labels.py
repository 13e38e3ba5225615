"""A label that lost most of its objects between two backups is told of, and the backup before is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.annotations import a_box
from tests.support.kinds import annotate
from tests.support.projects import a_project, a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects.models import Label, Project, Task
from labelkeep.schedules.actions.change_alert import change_alert
from labelkeep.schedules.actions.set_schedule import Place, set_schedule
from labelkeep.schedules.models import Alert
from labelkeep.schedules.retain import retain_all
from labelkeep.schedules.tick import tick
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

NIGHT = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def opened() -> list[str]:
    """The kinds of the open alerts."""
    return list(Alert.objects.filter(resolved_date=None).values_list("kind", flat=True))


def boxes(project: Project, **counts: int) -> list[dict[str, Any]]:
    """So many boxes of each label."""
    ids = dict(Label.objects.filter(project=project).values_list("name", "pk"))
    return [a_box(ids[name]) for name, count in counts.items() for _ in range(count)]


def drawn(owner: User, project: Project, **counts: int) -> Task:
    """A new task of the project with these objects."""
    task = a_task(owner, project=project, frames=1)
    annotate(owner, task, shapes=boxes(project, **counts))
    return task


def backed_up(owner: User, project: Project, moment: datetime) -> Backup:
    return capture(actor=Actor.of(owner), kind="project", id=project.pk, now=moment)


@pytest.mark.parametrize(
    ("before", "after", "is_told"),
    [(30, 6, True), (30, 7, False), (30, 0, True), (20, 4, True), (19, 0, False), (30, 30, False), (30, 60, False)],
)
def test_a_label_that_lost_most_of_its_objects_is_told_of(alice: User, before: int, after: int, is_told: bool) -> None:
    project = a_project(alice)
    task = drawn(alice, project, cat=before, dog=50)
    first = backed_up(alice, project, NIGHT)
    annotate(alice, task, shapes=boxes(project, cat=after, dog=50))
    second = backed_up(alice, project, NIGHT + HOUR)
    assert opened() == (["shrunk"] if is_told else [])
    first.refresh_from_db()
    assert bool(first.protected) == is_told
    if is_told:
        alert = Alert.objects.get()
        assert alert.backup == second.pk
        assert alert.data["labels"] == [{"name": "cat", "before": before, "after": after}]
        assert f"'cat' {before} → {after}" in alert.message


def test_objects_are_counted_over_all_tasks(alice: User) -> None:
    project = a_project(alice)
    drawn(alice, project, cat=10)
    big = drawn(alice, project, cat=30)
    backed_up(alice, project, NIGHT)
    Task.objects.filter(pk=big.pk).delete()
    backed_up(alice, project, NIGHT + HOUR)
    assert opened() == []  # ten of forty are left
    drawn(alice, project, dog=25)
    backed_up(alice, project, NIGHT + 2 * HOUR)
    Task.objects.filter(project=project).exclude(pk=Task.objects.filter(project=project).earliest("pk").pk).delete()
    backed_up(alice, project, NIGHT + 3 * HOUR)
    assert Alert.objects.get().data["labels"] == [{"name": "dog", "before": 25, "after": 0}]


def test_a_deleted_label_is_one_that_lost_everything(alice: User) -> None:
    project = a_project(alice)
    drawn(alice, project, cat=25)
    backed_up(alice, project, NIGHT)
    Label.objects.filter(project=project, name="cat").update(deleted_at=NIGHT)
    backed_up(alice, project, NIGHT + HOUR)
    assert Alert.objects.get().data["labels"] == [{"name": "cat", "before": 25, "after": 0}]


def test_retention_leaves_the_backup_before_until_the_alert_is_dismissed(alice: User) -> None:
    project = a_project(alice)
    task = drawn(alice, project, cat=30)
    place = Place(project)
    set_schedule(actor=Actor.of(alice), place=place, changes={"retention": {"last": 1}})
    first = backed_up(alice, project, NIGHT)
    annotate(alice, task, shapes=[])
    tick(NIGHT)
    backed_up(alice, project, NIGHT + HOUR)
    retain_all(NIGHT + 2 * HOUR)
    assert Backup.objects.count() == 2
    change_alert(actor=Actor.of(alice), id=Alert.objects.get().pk, now=NIGHT + 3 * HOUR, dismissed=True)
    backed_up(alice, project, NIGHT + 4 * HOUR)
    retain_all(NIGHT + 5 * HOUR)
    assert Backup.objects.count() == 1
    assert not Backup.objects.filter(pk=first.pk).exists()
    assert opened() == []


def test_a_backup_before_that_cannot_be_read_does_not_stop_the_new_one(alice: User) -> None:
    project = a_project(alice)
    task = drawn(alice, project, cat=30)
    first = backed_up(alice, project, NIGHT)
    Backup.objects.filter(pk=first.pk).update(manifest="b3:" + "0" * 64)
    annotate(alice, task, shapes=[])
    assert backed_up(alice, project, NIGHT + HOUR).state == "complete"
    assert opened() == []
