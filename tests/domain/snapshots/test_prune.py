"""Prune removes what nobody needs, a grace after it was found so, and never anything else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Conflict, Forbidden
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.models import Project, Revision
from labelkeep.snapshots import needed, strays
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.codec import read_subject
from labelkeep.snapshots.keep_backup import forget_backup
from labelkeep.snapshots.models import Backup, Stray
from labelkeep.snapshots.named import named
from labelkeep.snapshots.prune import Pruned, prune, start_prune
from labelkeep.snapshots.restore import restore
from labelkeep.snapshots.restore_backup import start_restore
from labelkeep.store import keys, name_of
from labelkeep.store import prune as pruning
from labelkeep.store.needed import Needed

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _own_store(tmp_path: Path) -> Iterator[None]:
    """A store of its own: what other tests have left in the shared one is not in this test's database."""
    before = settings.DATA_DIR
    settings.DATA_DIR = tmp_path
    vault.reset()
    yield
    settings.DATA_DIR = before
    vault.reset()


@pytest.fixture
def project(alice: User) -> Project:
    made = a_project(alice)
    a_task(alice, project=made, frames=3)
    return made


def later(days: float) -> datetime:
    return clock.now() + days * DAY


def prune_twice(days: float = 10) -> Pruned:
    """Once to condemn, once when the grace is over."""
    prune(now=later(days))
    return prune(now=later(days + 1.1))


def content() -> dict[str, bytes]:
    """All that the catalog knows, read back."""
    names = StoredObject.objects.values_list("name", flat=True)
    return {name: vault.live().read_blob(name) for name in names}


def orphan(data: bytes = b"nobody's") -> str:
    with vault.live().ingest() as ingest:
        return ingest.add_bytes(data).name


def test_what_a_project_needs_stays(project: Project) -> None:
    before = content()
    prune_twice()
    assert content() == before


def test_what_nobody_needs_is_condemned_first_and_gone_a_day_later(project: Project) -> None:
    before, name = content(), orphan()
    first = prune(now=later(1))
    assert (first.unneeded, first.removed_objects) == (1, 0)
    assert name in content()
    early = prune(now=later(1.9))
    assert (early.due, early.removed_objects) == (0, 0)
    second = prune(now=later(2))
    assert (second.due, second.removed_objects, second.removed_bytes) == (1, 1, len(b"nobody's"))
    assert content() == before
    assert list(vault.live().backend.list("blobs/")) == []


def test_who_meets_condemned_content_again_rescues_it() -> None:
    name = orphan()
    prune(now=later(1))
    orphan()
    assert StoredObject.objects.get(pk=name).condemned_at is None
    prune(now=later(2.5))  # condemned anew
    assert vault.live().read_blob(name) == b"nobody's"
    prune(now=later(4))
    assert content() == {}


def test_a_backup_keeps_all_of_a_deleted_project_until_it_is_forgotten(project: Project, alice: User) -> None:
    actor = Actor.of(alice)
    backup = capture(actor=actor, kind="project", id=project.pk, now=NOW)
    delete_project(actor=actor, now=NOW, project=project)
    prune_twice()
    assert restore(actor=actor, manifest=backup.manifest, get=vault.live().get_document, now=NOW).kind == "project"
    subject = read_subject(backup.manifest, vault.live().get_document)
    assert all(name in content() for name, *_ in named(backup.manifest, subject, vault.live().get_document))
    for project in Project.objects.all():
        project.delete()
    for kept in Backup.objects.all():
        forget_backup(actor=actor, id=kept.pk)
    removed = prune_twice(20)
    assert removed.removed_bytes > 0
    assert content() == {}
    assert [entry.key for entry in vault.live().backend.list() if entry.key != keys.CONFIG] == []


def test_a_pack_of_which_most_is_unneeded_is_written_anew(alice: User) -> None:
    needed_task = a_task(alice, labels=["car"], frames=2)
    vault_before = content()
    with vault.live().ingest() as ingest:
        kept = [ingest.add_bytes(bytes([n]) * 500).name for n in range(2)]
        for n in range(2, 20):
            ingest.add_bytes(bytes([n]) * 500)
    Revision.objects.create(job=jobs_of(needed_task)[0], number=90, document=kept[0], created_date=NOW)
    Revision.objects.create(job=jobs_of(needed_task)[0], number=91, document=kept[1], created_date=NOW)
    old = StoredObject.objects.get(pk=kept[0]).pack
    removed = prune_twice()
    assert removed.repacked == 1
    assert removed.removed_bytes == 18 * 500
    assert content() == vault_before | {kept[0]: b"\0" * 500, kept[1]: b"\1" * 500}
    assert old not in {entry.key for entry in vault.live().backend.list()}
    assert list(vault.live().backend.list(keys.INGESTS)) == []


def test_a_pack_of_which_little_is_unneeded_stays_as_it_is(alice: User) -> None:
    task = a_task(alice, labels=["car"], frames=2)
    with vault.live().ingest() as ingest:
        kept = [ingest.add_bytes(bytes([n]) * 500).name for n in range(5)]
    for number, name in enumerate(kept[:3]):
        Revision.objects.create(job=jobs_of(task)[0], number=90 + number, document=name, created_date=NOW)
    removed = prune_twice()
    assert (removed.repacked, removed.removed_objects) == (0, 0)
    assert removed.due == 2


def test_nothing_goes_that_was_met_after_the_oldest_operation_under_way_began(alice: User) -> None:
    name = orphan()
    began = later(0.5)
    Operation.objects.create(key="x", kind="import:backup", status=Status.STARTED, created_date=NOW, started_date=began)
    prune(now=later(1))
    assert prune(now=later(9)).removed_objects == 0
    assert name in content()
    Operation.objects.all().delete()
    assert prune(now=later(9)).removed_objects == 1


def test_a_dry_run_says_what_would_go_and_changes_nothing(project: Project) -> None:
    orphan()
    told = prune(now=later(1), dry_run=True)
    assert (told.unneeded, told.unneeded_bytes, told.due, told.removed_objects) == (1, 8, 0, 0)
    assert not StoredObject.objects.exclude(condemned_at=None).exists()
    prune(now=later(1))
    assert prune(now=later(3), dry_run=True).due == 1
    assert prune(now=later(3)).removed_objects == 1


def test_a_manifest_without_a_row_counts_for_a_grace_and_then_goes(project: Project, alice: User) -> None:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)
    Backup.objects.all().delete()  # an old database was put in place
    Project.objects.all().delete()
    prune(now=later(1))
    assert Stray.objects.count() == 1
    assert backup.manifest in content()
    assert len(list(vault.live().list_manifests())) == 1
    assert prune(now=later(2.1)).stray_manifests == 1
    assert list(vault.live().list_manifests()) == []
    prune_twice(20)
    assert content() == {}


def test_a_manifest_whose_row_came_back_is_no_stray(project: Project, alice: User) -> None:
    backup = capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)
    Backup.objects.all().delete()
    strays.note(vault.live(), later(1))
    backup.save(force_insert=True)
    assert strays.remove(vault.live(), later(9)) == 0
    strays.note(vault.live(), later(9))
    assert not Stray.objects.exists()


def test_objects_that_the_catalog_forgot_are_found_and_go(project: Project) -> None:
    before, name = content(), orphan()
    StoredObject.objects.filter(pk=name).delete()  # as after a kill between the rows and the objects
    prune_twice()
    assert content() == before
    assert list(vault.live().backend.list("blobs/")) == []


def test_where_a_document_is_lost_nothing_is_removed_unless_forced(project: Project) -> None:
    document = project.tasks.get().sources_document
    place = StoredObject.objects.get(pk=document)
    StoredObject.objects.filter(pk=document).delete()
    orphan()
    stopped = prune_twice()
    assert (stopped.stopped, stopped.removed_objects) == (False, 1)  # sweep had found it again
    vault.live().backend.delete([place.pack, *([keys.index_of(place.pack)] if place.offset else [])])
    StoredObject.objects.filter(pack=place.pack).delete()
    orphan()
    prune(now=later(20))
    stopped = prune(now=later(22))
    assert stopped.stopped
    assert stopped.removed_objects == 0
    assert stopped.findings[0]["code"] == "missing"
    assert prune(now=later(22), force=True).removed_objects == 1


def test_every_column_that_holds_a_name_is_a_root() -> None:
    found = {f"{model._meta.label}.{field}" for model, field in needed.columns()}
    assert found >= {
        "projects.Task.sources_document",
        "projects.Task.frames_document",
        "projects.Job.document",
        "projects.Revision.document",
        "projects.Asset.blob",
        "snapshots.Backup.manifest",
        "snapshots.Rendering.layout",
    }


def test_only_the_owner_prunes_a_store() -> None:
    with pytest.raises(Conflict):
        pruning.own(vault.live(), "somebody else")
    pruning.own(vault.live(), vault.live().server)


def test_only_admins_may(alice: User, bob: User) -> None:
    with pytest.raises(Forbidden):
        start_prune(actor=Actor.of(bob), now=NOW)
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    alice.refresh_from_db()
    orphan()
    start_prune(actor=Actor.of(alice), now=NOW, grace=timedelta(0))
    (operation,) = run_queued()
    assert operation.status == "finished", operation.message
    assert operation.result["removed_objects"] == 1


def test_needed_names_are_followed_once() -> None:
    names = Needed()
    one, two = name_of(b"1"), name_of(b"2")
    names.follow([one])
    names.add([two])
    assert list(names.waiting()) == [one]
    names.follow([one, two])
    assert list(names.waiting()) == [two]
    assert names.holding([one, two, name_of(b"3")]) == {one, two}
    assert (len(names), set(names.names())) == (2, {one, two})


def test_a_restore_lifts_the_marks_of_what_it_will_name(project: Project, alice: User) -> None:
    actor = Actor.of(alice)
    backup = capture(actor=actor, kind="project", id=project.pk, now=NOW)
    StoredObject.objects.update(condemned_at=NOW)  # as a walk does that a writer has come before
    start_restore(actor=actor, now=NOW, id=backup.pk)
    (operation,) = run_queued()
    assert operation.status == "finished", operation.message
    assert not StoredObject.objects.exclude(condemned_at=None).exists()
