"""A part of a backup is restored as it was planned: labels, frames, jobs and tasks; the rest does not come."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from tests.support.annotations import a_box, a_tag, a_track
from tests.support.kinds import KINDS, LATER, annotate, ids_of
from tests.support.projects import a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations.document import iterate, read_index
from labelkeep.errors import BadInput
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
from labelkeep.projects.models import Job, Project, Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.contents import contents_of
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.plan import Plan
from labelkeep.snapshots.restore import Restored, apply, prepare
from labelkeep.snapshots.selection import Selection, choose

Json = dict[str, Any]


def backup_of(owner: User, thing: Project | Task) -> Backup:
    kind = "project" if isinstance(thing, Project) else "task"
    return capture(actor=Actor.of(owner), kind=kind, id=thing.pk, now=LATER)  # type: ignore[arg-type]


def planned(owner: User, backup: Backup, now: datetime, selection: Selection, **how: Any) -> Plan:
    get = vault.live().get_document
    return prepare(
        actor=Actor.of(owner), manifest=backup.manifest, get=get, now=now, origin={}, selection=selection, **how
    )


def restored(owner: User, backup: Backup, now: datetime, selection: Selection) -> Restored:
    plan = planned(owner, backup, now, selection, put=vault.live().put_document)
    with transaction.atomic():
        return apply(plan)


def shapes_of(job: Job) -> list[Any]:
    store = vault.live()
    index = read_index(job.document, store.get_document)
    return [item for part in iterate(index, "shapes", store.get_document) for item in part]


@pytest.fixture
def project(alice: User) -> Project:
    """Two tasks: 6 frames in jobs of 3 with cats everywhere, dogs on the odd ones, a track; and one without shapes."""
    made = a_project(alice, labels=["cat", "dog", "owl"])
    first = a_task(alice, "first", project=made, frames=6, segment_size=3)
    a_task(alice, "second", project=made, frames=2)
    ids = ids_of(made)
    boxes = [a_box(ids["cat"], frame) for frame in range(6)] + [a_box(ids["dog"], frame) for frame in (1, 3, 5)]
    track = a_track(ids["owl"], (0, [0, 0, 10, 10], False), (5, [50, 50, 60, 60], False))
    annotate(alice, first, shapes=boxes, tags=[a_tag(ids["dog"], 2)], tracks=[track])
    return made


SELECTIONS: dict[str, Selection] = {
    "everything": Selection(),
    "one label": Selection(labels=["cat"]),
    "the first frames": Selection(frames=[(0, 1)]),
    "frames here and there": Selection(frames=[(4, 4), (1, 2), (2, 2)]),
    "a label on some frames": Selection(labels=["cat"], frames=[(1, 90)]),
}


@pytest.mark.parametrize("selection", SELECTIONS.values(), ids=SELECTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planned_is_what_comes(kind: str, selection: Selection, alice: User, bob: User, now: datetime) -> None:
    backup = backup_of(alice, KINDS[kind](alice, bob))
    get = vault.live().get_document
    try:
        plan = planned(alice, backup, now, selection)
    except BadInput:
        subject = choose(backup.manifest, get, Selection()).subject
        assert "cat" not in [label.name for label in subject.labels if not label.deleted_at]
        return
    made = restored(alice, backup, now, selection)
    copy = backup_of(alice, (Project if made.kind == "project" else Task).objects.get(pk=made.id))
    again = choose(copy.manifest, get, Selection())
    found = contents_of(again.subject, again.tasks, get)
    assert plan.contents.counts == made.contents.counts == found.counts == copy.counts
    assert plan.contents.labels == found.labels
    assert plan.contents.size == found.size
    assert list(plan.contents.tasks.values()) == list(found.tasks.values())


def test_a_plan_writes_nothing(alice: User, project: Project, now: datetime) -> None:
    backup = backup_of(alice, project)
    selection = Selection(labels=["cat"], frames=[(1, 2)])
    known = StoredObject.objects.count()
    planned(alice, backup, now, selection)
    assert (StoredObject.objects.count(), Project.objects.count()) == (known, 1)
    restored(alice, backup, now, selection)
    assert StoredObject.objects.count() > known


def test_all_frames_and_all_labels_are_the_very_same_documents(alice: User, project: Project, now: datetime) -> None:
    backup = backup_of(alice, project)
    before = [job.document for job in Job.objects.filter(task__project=project).order_by("id")]
    made = restored(alice, backup, now, Selection(labels=["cat", "dog", "owl"], frames=[(0, 99)]))
    after = [job.document for job in Job.objects.filter(task__project=made.id).order_by("id")]
    assert after == before


def test_a_label_comes_alone(alice: User, project: Project, now: datetime) -> None:
    made = restored(alice, backup_of(alice, project), now, Selection(labels=["dog"]))
    copy = Project.objects.get(pk=made.id)
    assert list(copy.labels.values_list("name", flat=True)) == ["dog"]
    assert made.contents.labels == {"dog": {"shapes": 3, "tags": 1}}
    assert [len(shapes_of(job)) for job in Job.objects.filter(task__project=copy).order_by("id")] == [1, 2, 0]


def test_labels_are_named_by_id_too(alice: User, project: Project, now: datetime) -> None:
    made = restored(alice, backup_of(alice, project), now, Selection(labels=[ids_of(project)["cat"]]))
    assert made.contents.labels == {"cat": {"shapes": 6}}


def test_a_chosen_job_comes_and_the_others_of_its_task_are_empty(alice: User, project: Project, now: datetime) -> None:
    first, second = jobs_of(Task.objects.get(project=project, name="first"))
    Job.objects.filter(pk=first.pk).update(stage="acceptance", state="completed")
    made = restored(alice, backup_of(alice, project), now, Selection(jobs=[second.pk]))
    (task,) = Task.objects.filter(project=made.id)
    assert task.name == "first"
    empty, full = jobs_of(task)
    assert (empty.start_frame, empty.stop_frame) == (first.start_frame, first.stop_frame)
    assert (empty.document, empty.counts, empty.stage, empty.state) == ("", {}, "annotation", "new")
    assert full.document == second.document
    assert set(made.ids["jobs"]) == {str(first.pk), str(second.pk)}


def test_tasks_come_whole_beside_single_jobs_of_others(alice: User, project: Project, now: datetime) -> None:
    first, second = Task.objects.filter(project=project).order_by("id")
    made = restored(alice, backup_of(alice, project), now, Selection(tasks=[second.pk], jobs=[jobs_of(first)[0].pk]))
    assert made.contents.counts["tasks"] == 2
    assert made.contents.counts["shapes"] == 4
    alone = restored(alice, backup_of(alice, project), now, Selection(tasks=[second.pk]))
    assert alone.contents.counts == {"tasks": 1, "jobs": 1, "frames": 2, "files": 2, "issues": 0}


def test_a_track_is_cut_at_the_frames_that_are_chosen(alice: User, now: datetime) -> None:
    task = a_task(alice, frames=6, labels=["owl"])
    owl = ids_of(task)["owl"]
    annotate(alice, task, tracks=[a_track(owl, (0, [0, 0, 10, 10], False), (5, [50, 50, 60, 60], False))])
    made = restored(alice, backup_of(alice, task), now, Selection(frames=[(1, 2), (4, 4)]))
    (job,) = jobs_of(Task.objects.get(pk=made.id))
    store = vault.live()
    index = read_index(job.document, store.get_document)
    (found,) = list(iterate(index, "tracks", store.get_document))
    told = [[(shape.frame, shape.points[0], shape.outside) for shape in track.shapes] for track in found]  # type: ignore[union-attr]
    assert told == [[(1, 10, False), (2, 20, False), (3, 20, True)], [(4, 40, False), (5, 40, True)]]
    assert len({track.number for track in found}) == 2
    assert job.next_number > max(track.number for track in found)


@pytest.mark.parametrize(
    "selection",
    [Selection(tasks=[10**9]), Selection(jobs=[10**9]), Selection(labels=["bird"]), Selection(frames=[(3, 1)])],
    ids=["tasks", "jobs", "labels", "frames"],
)
def test_a_part_that_is_not_there_is_refused_by_name(
    selection: Selection, alice: User, project: Project, now: datetime
) -> None:
    with pytest.raises(BadInput) as refused:
        planned(alice, backup_of(alice, project), now, selection)
    (field,) = refused.value.detail
    assert getattr(selection, field)
