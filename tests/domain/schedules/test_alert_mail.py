"""Letters about alerts, through a real mail server: one for each alert, to those whose project it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.support.api import organization_of
from tests.support.configuration import Settings, configured
from tests.support.mail import Mailbox, mailbox, nobody_listens
from tests.support.projects import NOW, a_project, a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.schedules.models import Alert
from labelkeep.schedules.watch import look_for_damage
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    with mailbox() as there:
        configured(settings, smtp_url=there.url, public_url="https://keep.example.org")
        yield there


@pytest.fixture
def project(alice: User) -> Project:
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    return project


@pytest.fixture
def damaged(alice: User, project: Project) -> Backup:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)
    Backup.objects.filter(pk=backup.pk).update(
        state="damaged", findings=[{"level": "error", "message": "frame 3 is damaged"}]
    )
    return backup


def letters(box: Mailbox) -> list[str]:
    """To whom letters went once all is noticed and sent."""
    for minute in range(3):
        look_for_damage(NOW + timedelta(minutes=minute))
        run_queued()
    return sorted(letter["To"] for letter in box.letters)


def test_the_owner_gets_one_letter(damaged: Backup, bob: User, box: Mailbox) -> None:
    assert letters(box) == ["alice@example.com"]
    letter = box.letters[0]
    assert letter["Subject"] == "A backup of project 'zoo' is damaged"
    assert "is damaged: frame 3 is damaged" in " ".join(letter.get_content().split())


def test_the_owner_of_the_organization_gets_one_too(
    damaged: Backup, project: Project, alice: User, bob: User, charlie: User, box: Mailbox
) -> None:
    organization = organization_of(charlie, maintainer=bob, supervisor=alice)
    Project.objects.filter(pk=project.pk).update(organization=organization)
    assert letters(box) == ["alice@example.com", "charlie@example.com"]


def test_who_may_not_see_the_backups_gets_none(
    damaged: Backup, project: Project, charlie: User, box: Mailbox, settings: Settings
) -> None:
    organization = organization_of(charlie)
    Project.objects.filter(pk=project.pk).update(organization=organization)  # Alice is no member of it
    assert letters(box) == ["charlie@example.com"]
    configured(settings, backup_roles=("admin",))
    Alert.objects.all().delete()
    assert letters(box) == ["charlie@example.com"]  # the one from before


@pytest.mark.parametrize("change", [{"is_active": False}, {"email": ""}])
def test_who_is_gone_or_has_no_address_gets_none(
    damaged: Backup, alice: User, box: Mailbox, change: dict[str, object]
) -> None:
    User.objects.filter(pk=alice.pk).update(**change)
    assert letters(box) == []
    assert Alert.objects.count() == 1


def test_without_a_mail_server_the_alert_is_there_all_the_same(damaged: Backup) -> None:
    look_for_damage(NOW)
    assert Alert.objects.count() == 1
    assert not Operation.objects.filter(kind="mail:alert").exists()


def test_a_mail_server_that_is_down_is_tried_again(damaged: Backup, settings: Settings) -> None:
    configured(settings, smtp_url=nobody_listens())
    look_for_damage(NOW)
    run_queued()
    operation = Operation.objects.get(kind="mail:alert")
    assert (operation.status, operation.attempts) == ("queued", 1)
