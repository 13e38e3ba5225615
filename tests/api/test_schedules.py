"""Schedules and retention over the API: inherited and overridden, for owners, and tried before they are set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.api import Client, client_for, organization_of
from tests.support.projects import a_project, a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization, User
from labelkeep.projects.models import Project
from labelkeep.schedules.models import Schedule
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

Json = dict[str, Any]


@pytest.fixture
def organization(alice: User, bob: User) -> Organization:
    return organization_of(alice, maintainer=bob)


@pytest.fixture
def project(alice: User, organization: Organization) -> Project:
    return a_project(alice, organization=organization)


@pytest.fixture
def admin(db: None) -> Client:
    return client_for(User.objects.create_superuser("root", "root@example.com", "correct horse battery"))


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def path(thing: Project | Organization | None, what: str = "schedule") -> str:
    if thing is None:
        return f"/api/server/backup-{what}"
    return f"/api/{type(thing).__name__.lower()}s/{thing.pk}/backup-{what}"


def test_where_nothing_is_set_backups_are_daily_and_seven_are_kept(alice_says: Client, project: Project) -> None:
    told = alice_says.get(path(project)).json()
    assert told["effective"]["enabled"] is True
    assert (told["effective"]["frequency"], told["effective"]["time"]) == ("daily", "02:30")
    assert told["effective"]["retention"]["last"] == 7
    assert set(told["origin"].values()) == {"default"}
    assert set(told["own"].values()) == {None}
    assert len(told["next_slots"]) == 10


def test_the_nearest_scope_that_sets_a_field_wins(
    admin: Client, alice_says: Client, project: Project, organization: Organization
) -> None:
    assert admin.patch(path(None), {"time": "01:00", "zone": "UTC", "weekday": 2}).status_code == 200
    assert alice_says.patch(path(organization), {"time": "02:00", "retention": {"daily": 3}}).status_code == 200
    told = alice_says.patch(path(project), {"time": "03:00"}).json()
    assert (told["effective"]["time"], told["effective"]["zone"]) == ("03:00", "UTC")
    assert told["effective"]["retention"]["daily"] == 3
    origin = told["origin"]
    assert (origin["time"], origin["retention"], origin["zone"]) == ("source", "organization", "server")
    assert told["own"] == {**dict.fromkeys(told["own"]), "time": "03:00"}


def test_null_takes_a_field_back_and_deleting_takes_all_back(alice_says: Client, project: Project) -> None:
    alice_says.patch(path(project), {"time": "03:00", "frequency": "hourly"})
    told = alice_says.patch(path(project), {"time": None}).json()
    assert (told["effective"]["time"], told["effective"]["frequency"]) == ("02:30", "hourly")
    assert alice_says.delete(path(project)).status_code == 204
    assert set(alice_says.get(path(project)).json()["origin"].values()) == {"default"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"frequency": "nightly"}, "frequency"),
        ({"time": "noon"}, "time"),
        ({"zone": "Nowhere"}, "zone"),
        ({"frequency": "cron"}, "cron"),
        ({"weekday": 9}, "weekday"),
        ({"day": 0}, "day"),
        ({"retention": {}}, "retention"),
        ({"retention": {"last": 0}}, "retention"),
        ({"retention": {"forever": 1}}, "retention"),
        ({"enabled": "perhaps"}, "enabled"),
    ],
)
def test_what_makes_no_schedule_is_refused_and_changes_nothing(
    alice_says: Client, project: Project, body: Json, field: str
) -> None:
    answer = alice_says.patch(path(project), body)
    assert answer.status_code == 400
    assert field in answer.json()
    assert not Schedule.objects.exists()


def test_a_task_in_a_project_has_no_schedule_of_its_own(alice: User, alice_says: Client, project: Project) -> None:
    task = a_task(alice, project=project, frames=1)
    assert alice_says.patch(f"/api/tasks/{task.pk}/backup-schedule", {"time": "03:00"}).status_code == 400
    alone = a_task(alice, frames=1)
    assert alice_says.patch(f"/api/tasks/{alone.pk}/backup-schedule", {"time": "03:00"}).status_code == 200


def test_schedules_are_for_owners(
    admin: Client, alice_says: Client, bob: User, charlie: User, project: Project, organization: Organization
) -> None:
    expected = {None: (403, 403, 403), organization: (200, 403, 403), project: (200, 403, 403)}
    for thing, statuses in expected.items():
        for client, status in zip((alice_says, client_for(bob), client_for(charlie)), statuses, strict=True):
            assert client.get(path(thing)).status_code == status
            assert client.patch(path(thing), {"time": "03:00"}).status_code == status
        assert admin.get(path(thing)).status_code == 200


def test_a_policy_can_be_tried_before_it_is_set(alice: User, alice_says: Client, project: Project) -> None:
    newest = datetime(2026, 11, 20, 12, tzinfo=UTC)
    for day in range(4):
        capture(actor=Actor.of(alice), kind="project", id=project.pk, now=newest - timedelta(days=day))
    told = alice_says.post(path(project, "retention"), {"retention": {"last": 1}}).json()
    assert [row["keep"] for row in told["decisions"]] == [True, False, False, False]
    assert told["decisions"][0]["reasons"] == ["last 1 of 1"]
    assert all(row["reasons"] for row in told["decisions"])
    assert Backup.objects.count() == 4
    holding = alice_says.get(path(project, "retention")).json()
    assert [row["keep"] for row in holding["decisions"]] == [True] * 4


def test_a_policy_that_keeps_nothing_cannot_be_tried(alice_says: Client, project: Project) -> None:
    assert alice_says.post(path(project, "retention"), {"retention": {}}).status_code == 400
