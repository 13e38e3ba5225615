"""Backups outlive what they are backups of; whose they are then is whose it was last."""

from __future__ import annotations

import pytest
from tests.support.api import organization_of
from tests.support.projects import NOW, a_project, a_task

from labelkeep.accounts.actor import SANDBOX, Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Forbidden
from labelkeep.media import vault
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.actions.delete_task import delete_task
from labelkeep.projects.actions.transfer_project import transfer_project
from labelkeep.projects.actions.update_project import update_project
from labelkeep.projects.models import Project
from labelkeep.snapshots.backup_queries import get_backup, visible_backups
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.restore import restore


def backup_of(owner: User, thing) -> Backup:
    return capture(actor=Actor.of(owner), kind=type(thing).__name__.lower(), id=thing.pk, now=NOW)


def who_may(backup: Backup, *people: User) -> list[str]:
    """Who may download it; the list must say the same."""
    found = []
    for user in people:
        try:
            get_backup(Actor.of(user), backup.pk, "backup:download")
        except Forbidden:
            assert backup not in visible_backups(Actor.of(user))
        else:
            assert backup in visible_backups(Actor.of(user))
            found.append(user.username)
    return found


@pytest.fixture
def dora(db):
    return User.objects.create_user("dora", "dora@example.com", "correct horse battery", is_superuser=True)


def test_a_former_owner_restores_what_he_deleted(alice, bob, charlie, dora):
    project = a_project(alice, assignee_id=bob.pk)
    a_task(alice, project=project, frames=2)
    backup = backup_of(alice, project)
    delete_project(actor=Actor.of(alice), now=NOW, project=project)
    assert who_may(backup, alice, bob, charlie, dora) == ["alice", "dora"]
    made = restore(actor=Actor.of(alice), manifest=backup.manifest, get=vault.live().get_document, now=NOW)
    assert Project.objects.get(pk=made.id).tasks.get().size == 2


def test_who_gave_it_away_does_not_get_its_backups_back_by_its_deletion(alice, bob, charlie):
    acme = organization_of(charlie, maintainer=alice, supervisor=bob)
    project = a_project(alice)
    backup = backup_of(alice, project)
    transfer_project(actor=Actor.of(alice), now=NOW, project=project, organization_id=acme.pk)
    update_project(actor=Actor.of(alice), now=NOW, project=project, owner_id=bob.pk)
    delete_project(actor=Actor.of(charlie), now=NOW, project=Project.objects.get(pk=project.pk))
    assert who_may(backup, alice, bob, charlie) == ["bob", "charlie"]


def test_backups_of_a_task_are_the_project_owners_after_the_task_and_after_the_project(alice, bob, charlie):
    project = a_project(alice)
    task = a_task(alice, project=project, frames=1)
    first, second = backup_of(alice, task), backup_of(alice, a_task(alice, project=project, frames=1))
    type(task).objects.update(owner=bob)
    delete_task(actor=Actor.of(bob), now=NOW, task=type(task).objects.select_related("project").get(pk=task.pk))
    assert who_may(first, alice, bob, charlie) == ["alice"]
    delete_project(actor=Actor.of(alice), now=NOW, project=project)
    assert who_may(second, alice, bob, charlie) == ["alice"]


def test_backups_follow_a_project_to_where_it_was_transferred_those_of_its_deleted_tasks_too(alice, bob, charlie):
    acme = organization_of(charlie, maintainer=alice, supervisor=bob)
    project = a_project(alice)
    kept, gone = (a_task(alice, project=project, frames=1) for _ in range(2))
    backups = {backup_of(alice, thing) for thing in (project, kept, gone)}
    delete_task(actor=Actor.of(alice), now=NOW, task=gone)
    transfer_project(actor=Actor.of(alice), now=NOW, project=project, organization_id=acme.pk)
    update_project(actor=Actor.of(alice), now=NOW, project=project, owner_id=bob.pk)
    safety = Backup.objects.get(trigger="safety")  # of the deletion; it follows too
    for lord in (bob, charlie):
        assert set(visible_backups(Actor.of(lord, acme))) == {*backups, safety}
    assert not visible_backups(Actor.of(alice, acme)).exists()
    assert not visible_backups(Actor.of(alice, SANDBOX)).exists()
    for backup in backups:
        assert who_may(backup, alice, bob, charlie) == ["bob", "charlie"]
    delete_project(actor=Actor.of(charlie), now=NOW, project=Project.objects.get(pk=project.pk))
    for backup in backups:
        assert who_may(backup, alice, bob, charlie) == ["bob", "charlie"]


def test_when_an_organization_goes_its_backups_are_their_owners(alice, bob, charlie):
    acme = organization_of(charlie, supervisor=alice, worker=bob)
    project = a_project(alice, organization=acme)
    backup = backup_of(alice, project)
    assert who_may(backup, alice, bob, charlie) == ["alice", "charlie"]
    acme.delete()
    assert not Project.objects.exists()
    assert who_may(backup, alice, bob, charlie) == ["alice"]


def test_a_deleted_labels_objects_are_not_counted(alice, bob):
    from tests.support.kinds import KINDS

    task = KINDS["deleted_label"](alice, bob)
    assert backup_of(alice, task).counts["shapes"] == 1  # a dog; the two cats are hidden
