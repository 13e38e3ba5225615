"""The disk is full at every single write of a backup, an export or an import: each says so, earlier backups stay whole,
and once there is room the same succeeds."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from tests.support.annotations import a_box
from tests.support.archives import ARCHIVES
from tests.support.disks import Disk, raising
from tests.support.kinds import annotate, ids_of
from tests.support.projects import NOW, a_project, a_task

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import uploads, vault
from labelkeep.media.models import StoredObject
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.snapshots import make_backup
from labelkeep.snapshots.capture import Reason, capture
from labelkeep.snapshots.export_backup import export_backup
from labelkeep.snapshots.import_backup import import_backup
from labelkeep.snapshots.models import Backup
from labelkeep.store import check, check_manifests
from labelkeep.store.backends import local

pytestmark = pytest.mark.django_db(databases="__all__")
Start = Callable[[Actor, Project], Operation]


def backup(actor: Actor, project: Project) -> Operation:
    return make_backup.start_backup(reason=Reason(actor), now=clock.now(), target=project)


def export(actor: Actor, project: Project) -> Operation:
    return export_backup(actor=actor, now=clock.now(), target=project)


def restore_archive(actor: Actor, project: Project) -> Operation:
    with uploads.Incoming(actor, "project-backup", clock.now()) as incoming:
        incoming.begin("backup.zip")
        incoming.receive((ARCHIVES / "project_org.zip").read_bytes())
        incoming.end()
        (upload,) = incoming.keep()
    return import_backup(actor=actor, now=clock.now(), kind="project", upload=upload)


@contextmanager
def full_from(number: int) -> Iterator[None]:
    """No write from this one on succeeds; what frees space does."""
    local.os = Full(stop=number, act=raising(errno.ENOSPC), for_ever=True)  # type: ignore[assignment,attr-defined]
    try:
        yield
    finally:
        local.os = os  # type: ignore[attr-defined]


class Full(Disk):
    """Removing works on a full disk, and is no write."""

    def unlink(self, path: os.PathLike[str]) -> None:  # type: ignore[override]
        os.unlink(path)


@pytest.mark.parametrize("start", [backup, export, restore_archive])
def test_a_disk_that_is_full_at_any_write_is_said_to_be_full_and_harms_nothing(alice: User, start: Start) -> None:
    actor, project = Actor.of(alice), a_project(alice)
    task = a_task(alice, project=project, frames=1)
    cat = ids_of(project)["cat"]
    old = capture(actor=actor, kind="project", id=project.pk, now=NOW)
    for number in count(1):
        annotate(alice, task, shapes=[a_box(cat)] * number)  # so that there is something to write each time
        operation = start(actor, project)
        with full_from(number):
            run_queued()
        operation.refresh_from_db()
        assert_whole(old)
        if operation.status == Status.FINISHED:  # all that counts had been written
            break
        assert (operation.status, "no room" in operation.message) == (Status.FAILED, True), operation.message
    assert number > 5, "each time began it anew, and wrote what had failed before"


def assert_whole(old: Backup) -> None:
    store = vault.live()
    names = StoredObject.objects.values_list("name", flat=True)
    assert [*check(store, names), *check_manifests(store, str(old.source_uuid))] == []
    assert Backup.objects.filter(pk=old.pk, state="complete").exists()
    assert list((vault.live().backend.root / local.TEMPORARY).iterdir()) == []
