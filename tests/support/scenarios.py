"""What the sweep kills: how the work is queued in each scenario, and what can be seen of it later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from labelkeep import clock
from tests.support import scenarios_of_backups as backups
from tests.support import workers


@dataclass(frozen=True)
class Scenario:
    """`queue` is done once and returns the key of an operation, `first` by each process before it works as a worker;
    `seen` must be the same after every round."""

    queue: Callable[[], str]
    seen: Callable[[], Any]
    first: Callable[[], None] = lambda: None


def _queue_probe() -> str:
    return workers.queue("export:probe", steps=2)


def _probe_seen() -> Any:
    return workers.owner().last_name


def _queue_create() -> str:
    from labelkeep.accounts.actor import Actor
    from labelkeep.media.ingest import DataParams
    from labelkeep.projects.actions.attach_data import attach_data
    from tests.support import projects

    owner = workers.owner()
    task = projects.a_task(owner, frames=0, now=clock.now(), segment_size=2)
    ids = projects.upload(Actor.of(owner), task, projects.pictures(3), clock.now())
    params = DataParams(image_quality=70)
    return attach_data(actor=Actor.of(owner), now=clock.now(), task=task, params=params, upload_ids=ids).key


def _queue_export() -> str:
    from labelkeep.accounts.actor import Actor
    from labelkeep.operations.run import run_queued
    from labelkeep.snapshots.export_backup import export_backup
    from tests.support import projects

    owner = workers.owner()
    project = projects.a_project(owner, now=clock.now())
    projects.a_task(owner, project=project, frames=2, now=clock.now())
    run_queued()
    return export_backup(actor=Actor.of(owner), now=clock.now(), target=project).key


def _queue_import() -> str:
    from labelkeep.accounts.actor import Actor
    from labelkeep.media import uploads
    from labelkeep.snapshots.import_backup import import_backup
    from tests.support.archives import ARCHIVES

    actor = Actor.of(workers.owner())
    with uploads.Incoming(actor, "project-backup", clock.now()) as incoming:
        incoming.begin("backup.zip")
        incoming.receive((ARCHIVES / "project_org.zip").read_bytes())
        incoming.end()
        (upload,) = incoming.keep()
    return import_backup(actor=actor, now=clock.now(), kind="project", upload=upload).key


def rows_seen() -> Any:
    """How many there are of everything, and that every document and blob that is named is whole."""
    from labelkeep.media import vault
    from labelkeep.projects.models import Attribute, Guide, Issue, Job, Label, Project, Task
    from labelkeep.snapshots.models import Backup

    models = (Project, Task, Job, Label, Attribute, Issue, Guide, Backup)
    store = vault.live()
    for task in Task.objects.filter(has_data=True):
        store.get_document(task.frames_document)
        store.get_document(task.sources_document)
    for job in Job.objects.exclude(document=""):
        store.get_document(job.document)
    return {
        **{model.__name__: model.objects.count() for model in models},
        "counts": list(Job.objects.order_by("id").values_list("counts", flat=True)),
        "frames": list(Task.objects.order_by("id").values_list("size", flat=True)),
        "states": list(Backup.objects.values_list("state", flat=True)),
    }


SCENARIOS = {
    "probe": Scenario(_queue_probe, _probe_seen),
    "create": Scenario(_queue_create, rows_seen),
    "export": Scenario(_queue_export, rows_seen),
    "import": Scenario(_queue_import, rows_seen),
    "backup": Scenario(backups.queue_backup, backups.backups_seen),
    "restore": Scenario(backups.queue_restore, backups.backups_seen),
    "tick": Scenario(backups.queue_slot, backups.backups_seen, backups.tick_now),
    "retention": Scenario(backups.queue_after_retention, backups.backups_seen, backups.retain_now),
    "prune": Scenario(backups.queue_prune, backups.backups_seen),
}
