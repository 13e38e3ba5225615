"""/api/alerts: who sees which, narrowed, seen and dismissed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.support.api import Client, client_for, organization_of
from tests.support.projects import NOW, a_project, a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects.models import Project
from labelkeep.schedules.alerts import raise_alert, source_of
from labelkeep.schedules.models import Alert
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

Kind = Alert.Kind


@pytest.fixture
def project(alice: User) -> Project:
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    return project


@pytest.fixture
def backup(alice: User, project: Project) -> Backup:
    return capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)


@pytest.fixture
def alert(backup: Backup) -> Alert:
    return raised(backup, Kind.OVERDUE)


def raised(of: Backup, kind: Alert.Kind, minutes: int = 0, **more: Any) -> Alert:
    found = raise_alert(kind, source_of(of), f"It is {kind}.", NOW + timedelta(minutes=minutes), **more)
    assert found is not None
    return found


def ids(client: Client, query: str = "") -> list[int]:
    return [alert["id"] for alert in client.get(f"/api/alerts{query}").json()["results"]]


def test_an_alert_says_what_it_is_about(alice: User, project: Project, alert: Alert) -> None:
    told = client_for(alice).get(f"/api/alerts/{alert.pk}").json()
    assert told["source"] == {"kind": "project", "uuid": str(project.uuid), "id": project.pk, "name": "zoo"}
    assert (told["kind"], told["message"], told["seen"]) == ("overdue", "It is overdue.", False)
    assert told["resolved_date"] is told["dismissed_date"] is told["backup"] is None
    assert client_for(alice).get("/api/alerts").json()["results"] == [told]


def test_the_list_is_narrowed_and_the_newest_come_first(alice: User, backup: Backup, alert: Alert) -> None:
    damaged = raised(backup, Kind.DAMAGED, 1, backup=backup.pk)
    over = raised(backup, Kind.FAILED, 2)
    Alert.objects.filter(pk=over.pk).update(resolved_date=NOW, dismissed_date=NOW, seen=True)
    client = client_for(alice)
    assert ids(client) == [over.pk, damaged.pk, alert.pk]
    assert ids(client, "?is_open=true") == [damaged.pk, alert.pk]
    assert ids(client, "?is_open=false") == ids(client, "?is_dismissed=1") == ids(client, "?seen=true") == [over.pk]
    assert ids(client, "?is_dismissed=0&kind=overdue") == [alert.pk]
    assert ids(client, f"?backup={backup.pk}") == [damaged.pk]
    assert ids(client, "?search=damaged") == [damaged.pk]
    assert client.get("/api/alerts?is_open=perhaps").status_code == 400


def test_owner_member_and_stranger(alice: User, bob: User, charlie: User, project: Project, alert: Alert) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    for client in (client_for(bob), client_for(charlie)):
        assert ids(client) == []
        assert client.get(f"/api/alerts/{alert.pk}").status_code == 403
        assert client.patch(f"/api/alerts/{alert.pk}", {"seen": True}).status_code == 403
    assert client_for(alice).get("/api/alerts/999999").status_code == 404
    assert client_for().get("/api/alerts").status_code == 401


def test_in_an_organization_its_owner_sees_them_and_a_maintainer_does_not(
    alice: User, bob: User, charlie: User, project: Project, alert: Alert
) -> None:
    organization = organization_of(charlie, maintainer=bob, supervisor=alice)
    Project.objects.filter(pk=project.pk).update(organization=organization)
    assert ids(client_for(charlie)) == ids(client_for(alice)) == ids(client_for(alice), "?org=acme") == [alert.pk]
    assert ids(client_for(bob)) == ids(client_for(alice), "?org=") == []


def test_a_new_owner_sees_the_alerts_and_the_old_one_does_not(
    alice: User, bob: User, project: Project, alert: Alert
) -> None:
    Project.objects.filter(pk=project.pk).update(owner=bob)
    assert ids(client_for(alice)) == []
    assert ids(client_for(bob)) == [alert.pk]


def test_an_admin_sees_all_and_those_of_what_is_gone_too(
    alice: User, charlie: User, project: Project, backup: Backup, alert: Alert
) -> None:
    damaged = raised(backup, Kind.DAMAGED, 1, backup=backup.pk)
    Project.objects.filter(pk=project.pk).delete()
    assert ids(client_for(alice)) == [damaged.pk]  # its backup can still be seen
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    charlie.refresh_from_db()
    assert ids(client_for(charlie)) == [damaged.pk, alert.pk]


def test_an_alert_is_seen_and_dismissed_and_that_is_taken_back(alice: User, alert: Alert) -> None:
    client, path = client_for(alice), f"/api/alerts/{alert.pk}"
    assert client.patch(path, {"seen": True}).json()["seen"] is True
    dismissed = client.patch(path, {"dismissed": True}).json()
    assert dismissed["dismissed_date"] is not None
    assert dismissed["resolved_date"] is None  # it is still overdue
    assert client.patch(path, {"dismissed": False}).json()["dismissed_date"] is None
    assert client.patch(path, {"message": 7, "seen": "perhaps"}).status_code == 400
    assert client_for(alice, read_only=True).patch(path, {"seen": False}).status_code == 403


def test_dismissing_what_a_label_lost_gives_the_backup_before_back_to_retention(alice: User, backup: Backup) -> None:
    Backup.objects.filter(pk=backup.pk).update(protected="the one before")
    other = capture(actor=Actor.of(alice), kind="project", id=backup.source_id or 0, now=NOW + timedelta(hours=1))
    data = {"previous": str(backup.pk), "reason": "the one before", "labels": []}
    alert = raised(backup, Kind.SHRUNK, backup=other.pk, data=data)
    told = client_for(alice).patch(f"/api/alerts/{alert.pk}", {"dismissed": True}).json()
    assert told["resolved_date"] is not None
    backup.refresh_from_db()
    assert backup.protected == ""


def test_the_list_asks_the_database_no_more_for_thirty_than_for_one(
    alice: User, backup: Backup, alert: Alert, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)
    ids(client)  # the token notes its first use
    with django_assert_max_num_queries(12) as few:
        ids(client, "?page_size=all")
    for number in range(29):
        other = Alert.objects.get(pk=alert.pk)
        other.pk, other.key = None, f"overdue:{number}"
        other.save(force_insert=True)
    with django_assert_num_queries(len(few)):
        assert len(ids(client, "?page_size=all")) == 30
