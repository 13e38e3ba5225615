"""Scenarios of the sweep about backups that are kept: made, restored, scheduled, let go, pruned.

Each begins with a project that has three backups, no two alike. What is `seen` afterwards holds by itself already:
every backup is read back and restores equal, no content is damaged, retention works, and once prune has been there
nothing is in the store that nobody needs.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from labelkeep import clock

DAY = timedelta(days=1)


def queue_backup() -> str:
    """A backup of what has changed since the last one."""
    from labelkeep.snapshots.capture import Reason
    from labelkeep.snapshots.make_backup import start_backup

    project, actor = _a_project_with_backups()
    return start_backup(reason=Reason(actor), now=clock.now(), target=project).key


def queue_restore() -> str:
    """The oldest backup, restored as a new project."""
    from labelkeep.snapshots.models import Backup
    from labelkeep.snapshots.restore_backup import start_restore

    _, actor = _a_project_with_backups()
    oldest = Backup.objects.earliest("created_date")
    return start_restore(actor=actor, now=clock.now(), id=oldest.pk).key


def queue_slot() -> str:
    """Nothing is queued: that is what the tick is for."""
    from labelkeep.operations import keys
    from labelkeep.schedules.models import Schedule
    from labelkeep.schedules.tick import tick

    project, _ = _a_project_with_backups()
    Schedule.objects.create(cron="0 0 1 1 *", frequency="cron", zone="UTC")  # so that no slot comes while this runs
    tick(clock.now() - 400 * DAY)
    return keys.make_backup("project", project.pk, None)


def tick_now() -> None:
    """What an idle worker does."""
    from labelkeep.schedules.tick import tick

    tick(clock.now())


def queue_after_retention() -> str:
    """Two of the backups are to be let go, and one is to be made."""
    from labelkeep.schedules.models import Schedule
    from labelkeep.schedules.tick import tick

    key = queue_backup()
    Schedule.objects.create(enabled=False, retention={"last": 1})
    tick(clock.now())
    return key


def retain_now() -> None:
    """What an idle worker does."""
    from labelkeep.schedules.retain import retain_all

    retain_all(clock.now())


def queue_prune() -> str:
    """A backup was forgotten and its content condemned long ago."""
    from labelkeep.operations.start import start
    from labelkeep.snapshots.keep_backup import drop
    from labelkeep.snapshots.models import Backup
    from labelkeep.snapshots.prune import KEY, KIND, prune

    _a_project_with_backups()
    drop(Backup.objects.earliest("created_date"))
    prune(now=clock.now())
    params = {"dry_run": False, "grace": 0.0, "force": False}
    return start(kind=KIND, key=KEY, actor=None, now=clock.now(), target="store", params=params).key


def backups_seen() -> Any:
    """What must be the same after every accident; what must hold after each is asserted."""
    from labelkeep.media import vault
    from labelkeep.projects.models import Project
    from labelkeep.snapshots.models import Backup
    from tests.support.scenarios import rows_seen

    store = vault.live()
    _retention_works()
    rows = rows_seen()
    for project in Project.objects.exclude(origin={}):
        assert _differences(project, Backup.objects.get(pk=project.origin["backup"]).manifest) == []
    found = {**rows, "backups": _all_restore(store), "slots": Backup.objects.exclude(slot=None).count()}
    _nothing_is_left_over(store)
    _nothing_is_damaged(store)
    return found


def _a_project_with_backups() -> tuple[Any, Any]:
    from labelkeep.accounts.actor import Actor
    from labelkeep.snapshots.capture import capture
    from tests.support import kinds, projects
    from tests.support.annotations import a_box
    from tests.support.workers import owner

    alice, now = owner(), clock.now()
    project = projects.a_project(alice, now=now)
    task = projects.a_task(alice, project=project, frames=2, now=now)
    cat = kinds.ids_of(project)["cat"]
    for age in (9, 6, 3):
        kinds.annotate(alice, task, shapes=[a_box(cat, age % 2)] * (12 - age))
        capture(actor=Actor.of(alice), kind="project", id=project.pk, now=now - age * DAY)
    kinds.annotate(alice, task, shapes=[a_box(cat)] * 10)
    return project, Actor.of(alice)


def _all_restore(store: Any) -> list[str]:
    """Read every backup to its last bit, as an archive, and restore it; digests of the archives, oldest first."""
    from labelkeep.accounts.actor import Actor
    from labelkeep.projects.models import Project
    from labelkeep.snapshots.models import Backup
    from labelkeep.snapshots.render import archive
    from labelkeep.snapshots.restore import restore
    from tests.support.workers import owner

    digests = []
    for backup in Backup.objects.order_by("created_date"):
        digests.append(_digest(archive.plan(backup.manifest, store, clock.now()).stream()))
        actor = Actor.of(owner())
        made = restore(actor=actor, manifest=backup.manifest, get=store.get_document, now=clock.now())
        project = Project.objects.get(pk=made.id)
        assert _differences(project, backup.manifest) == []
        project.delete()
    return digests


def _digest(pieces: Any) -> str:
    import hashlib

    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _differences(project: Any, manifest: str) -> list[Any]:
    from labelkeep.media import vault
    from labelkeep.snapshots.capture import freeze
    from labelkeep.snapshots.compare import compare

    frozen = freeze(actor=None, kind="project", id=project.pk)
    return compare(manifest, frozen.name, vault.live().get_document)


def _retention_works() -> None:
    from labelkeep.schedules.retain import retain_all
    from labelkeep.schedules.tick import tick
    from labelkeep.snapshots.models import Backup

    tick(clock.now())  # without it nobody knows of sources
    retain_all(clock.now() + 2 * DAY)
    assert Backup.objects.filter(state="complete").exists()


def _nothing_is_left_over(store: Any) -> None:
    from labelkeep.snapshots.models import Backup
    from labelkeep.snapshots.prune import prune
    from labelkeep.store import keys

    for days in (3, 6, 9):  # a stray manifest is noted, then removed and what it names condemned, then that is gone too
        prune(now=_later(days))
    left = prune(now=_later(12), dry_run=True)
    assert (left.unneeded, left.stray_manifests, left.findings) == (0, 0, [])
    kept = {keys.backup_in(key) for key in store.list_manifests()}
    assert kept == {str(pk) for pk in Backup.objects.values_list("pk", flat=True)}


def _later(days: int) -> datetime:
    return clock.now() + days * DAY


def _nothing_is_damaged(store: Any) -> None:
    from labelkeep.media.models import StoredObject
    from labelkeep.store import check, check_manifests

    names = list(StoredObject.objects.values_list("name", flat=True))
    assert [*check(store, names), *check_manifests(store)] == []
