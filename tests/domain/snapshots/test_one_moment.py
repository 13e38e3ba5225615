"""A backup is one moment: it sees nothing of what is written while it reads, and keeps nobody from writing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.annotations import a_box
from tests.support.kinds import add, annotate, ids_of
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations import document
from labelkeep.media import vault
from labelkeep.projects.models import Job, Project, Task
from labelkeep.snapshots import capture, codec, rows
from labelkeep.snapshots.manifest import TaskManifest


@pytest.mark.django_db(transaction=True, databases=["default", "capture"])
def test_what_is_written_meanwhile_is_not_in_it_and_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = User.objects.create_user("alice")
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    read = rows._Reader._values

    def read_and_interfere(reader: Any, model: Any, *rest: Any) -> Any:
        found = read(reader, model, *rest)
        if model is Project:
            Task.objects.filter(project=project).update(name="renamed")
            Task.objects.create(project=project, name="another", created_date=NOW, updated_date=NOW)
        return found

    monkeypatch.setattr(rows._Reader, "_values", read_and_interfere)
    moment = rows.read("project", project.pk)
    assert [task["name"] for task in moment.tasks] == ["pictures"]
    assert {task.name for task in Task.objects.all()} == {"renamed", "another"}


def test_edits_that_come_between_folding_and_reading_are_in_it(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    task = a_task(alice, frames=2)
    cat = ids_of(task)["cat"]
    annotate(alice, task, shapes=[a_box(cat)])
    fold = capture._fold

    def fold_and_edit(kind: Any, id: int) -> None:
        fold(kind, id)
        add(alice, task, shapes=[a_box(cat, 1)])

    monkeypatch.setattr(capture, "_fold", fold_and_edit)
    backup = capture.capture(actor=Actor.of(alice), kind="task", id=task.pk, now=NOW)
    store = vault.live()
    manifest = codec.read_subject(backup.manifest, store.get_document)
    assert isinstance(manifest, TaskManifest)
    index = document.read_index(manifest.jobs[0].document, store.get_document)
    assert sum(part.count for part in index.parts) == 2
    assert Job.objects.get().delta_bytes, "the row is left alone: the next capture folds it"
    assert manifest.jobs[0].counts == jobs_of(task)[0].counts


def test_small_edits_are_folded_before_so_that_the_next_backup_costs_nothing(alice: User) -> None:
    task = a_task(alice, frames=2)
    annotate(alice, task, shapes=[a_box(ids_of(task)["cat"])])
    add(alice, task, shapes=[a_box(ids_of(task)["cat"], 1)])
    first = capture.capture(actor=Actor.of(alice), kind="task", id=task.pk, now=NOW)
    assert Job.objects.get().delta_bytes == 0
    second = capture.capture(actor=Actor.of(alice), kind="task", id=task.pk, now=NOW)
    assert second.manifest == first.manifest
    assert (first.new_bytes > 0, second.new_bytes) == (True, 0)


def test_a_backup_counts_what_it_holds(alice: User) -> None:
    project = a_project(alice)
    task = a_task(alice, project=project, frames=3, segment_size=2)
    annotate(alice, task, shapes=[a_box(ids_of(project)["cat"], frame) for frame in range(3)])
    backup = capture.capture(actor=Actor.of(alice), kind="project", id=project.pk, now=NOW)
    assert backup.counts == {"files": 3, "frames": 3, "issues": 0, "jobs": 2, "shapes": 3, "tasks": 1}
    assert backup.logical_size > sum(len(data) for data in [b""])
    assert list(vault.live().list_manifests(str(project.uuid))) != []
