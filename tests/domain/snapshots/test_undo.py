"""What was deleted comes back as the very same rows, and nothing goes without a safety backup."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from tests.support.annotations import a_box
from tests.support.api import organization_of
from tests.support.kinds import KINDS, LATER, annotate, ids_of
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Conflict, Gone, NotFound
from labelkeep.media import vault
from labelkeep.media.models import StoredObject
from labelkeep.projects import hooks
from labelkeep.projects.actions.delete_job import delete_job
from labelkeep.projects.actions.delete_label import delete_label
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.actions.delete_task import delete_task
from labelkeep.projects.actions.move_task import move_task
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.projects.queries.subjects import kind_of
from labelkeep.snapshots import rows, safety
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.keep_backup import forget_backup
from labelkeep.snapshots.models import Backup, Removal
from labelkeep.snapshots.rows import Rows
from labelkeep.snapshots.undo import undo

SOON = LATER + timedelta(days=1)


def all_rows(thing: Project | Task) -> Rows:
    """Everything that the database holds of it; small edits are folded first, as a removal does."""
    capture(actor=Actor.of(User.objects.get(username="alice")), kind=kind_of(thing), id=thing.pk, now=NOW)
    return rows.read(kind_of(thing), thing.pk)


def differences(one: Rows, other: Rows) -> dict[str, tuple[object, object]]:
    """Column by column, so that a failure can be read."""
    for row in (*one.tasks, *other.tasks):
        row["label_keys"] = row["label_keys"] or {"labels": {}, "attributes": {}, "next": 1}  # the same, written out
    pairs = zip([one.subject, *one.tasks], [other.subject, *other.tasks], strict=True)
    found = {f"{a['id']} {name}": (a[name], b[name]) for a, b in pairs for name in a if a[name] != b[name]}
    rest = [it.name for it in fields(Rows) if it.name not in ("subject", "tasks")]
    return found | {it: (getattr(one, it), getattr(other, it)) for it in rest if getattr(one, it) != getattr(other, it)}


def manifests(thing: Project | Task) -> list[str]:
    return list(vault.live().list_manifests(str(thing.uuid)))


def delete(actor: Actor, thing: Project | Task) -> Removal:
    if isinstance(thing, Project):
        delete_project(actor=actor, now=LATER, project=thing)
    else:
        delete_task(actor=actor, now=LATER, task=thing)
    return Removal.objects.latest("id")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_deleted_project_or_task_comes_back_row_for_row(kind, alice, bob):
    thing = KINDS[kind](alice, bob)
    type(thing).objects.filter(pk=thing.pk).update(origin={"server": "s"}, source_storage={"location": "cloud_storage"})
    before = all_rows(thing)
    removal = delete(Actor.of(alice), thing)
    assert not type(thing).objects.filter(pk=thing.pk).exists()
    undo(actor=Actor.of(alice), now=SOON, id=removal.pk)
    assert differences(rows.read(kind_of(thing), thing.pk), before) == {}


def test_a_task_without_data_and_one_in_a_project_come_back(alice):
    project = a_project(alice)
    for task in (a_task(alice, project=project, frames=0), a_task(alice, project=project, frames=2)):
        annotated = task.has_data
        if annotated:
            annotate(alice, task, shapes=[a_box(ids_of(project)["cat"])])
        before = all_rows(task)
        removal = delete(Actor.of(alice), Task.objects.get(pk=task.pk))
        undo(actor=Actor.of(alice), now=SOON, id=removal.pk)
        assert differences(rows.read("task", task.pk), before) == {}
    assert Label.objects.filter(project=project).count() == 2
    assert not Label.objects.filter(project=None).exists()


def test_a_task_waits_for_its_project(alice):
    project = a_project(alice)
    task = a_task(alice, project=project, frames=1)
    before = all_rows(task)
    of_task = delete(Actor.of(alice), task)
    of_project = delete(Actor.of(alice), project)
    with pytest.raises(Conflict, match="Bring that back first"):
        undo(actor=Actor.of(alice), now=SOON, id=of_task.pk)
    undo(actor=Actor.of(alice), now=SOON, id=of_project.pk)
    undo(actor=Actor.of(alice), now=SOON, id=of_task.pk)
    assert differences(rows.read("task", task.pk), before) == {}


def test_a_ground_truth_job_comes_back_and_the_rest_of_the_task_stays_as_it_is_now(alice, bob):
    task = KINDS["ground_truth"](alice, bob)
    job = task.jobs.get(type=Job.Type.GROUND_TRUTH)
    before = all_rows(task)
    delete_job(actor=Actor.of(alice), now=LATER, job=job)
    other = task.jobs.first()
    update_job(actor=Actor.of(alice), now=LATER, job=other, stage="validation")
    undo(actor=Actor.of(alice), now=SOON, id=Removal.objects.get().pk)
    after = rows.read("task", task.pk)
    assert [row for row in after.jobs[task.pk] if row["id"] == job.pk] == [
        row for row in before.jobs[task.pk] if row["id"] == job.pk
    ]
    assert after.issues == before.issues
    assert after.subject["validation_layout"] == before.subject["validation_layout"]
    assert Job.objects.get(pk=other.pk).stage == "validation"


def test_a_second_ground_truth_job_is_in_the_way_of_the_first(alice, bob):
    task = KINDS["ground_truth"](alice, bob)
    job = task.jobs.get(type=Job.Type.GROUND_TRUTH)
    delete_job(actor=Actor.of(alice), now=LATER, job=job)
    Job.objects.create(
        task=task, type=Job.Type.GROUND_TRUTH, start_frame=0, stop_frame=1, created_date=NOW, updated_date=NOW
    )
    with pytest.raises(Conflict, match="another ground truth job"):
        undo(actor=Actor.of(alice), now=SOON, id=Removal.objects.get().pk)


def counts(task: Task) -> dict[str, int]:
    """Shapes by the name of their label, those of deleted labels too."""
    keys = {str(key): int(id) for id, key in Task.objects.get(pk=task.pk).label_keys["labels"].items()}
    found: dict[str, int] = {}
    for job in jobs_of(task):
        for key, kinds in job.counts.items():
            name = Label.objects.get(pk=keys[key]).name
            found[name] = found.get(name, 0) + sum(kinds.values())
    return found


@pytest.mark.parametrize("meanwhile", ["nothing", "another object is saved", "all is replaced", "all is cleared"])
def test_a_labels_shapes_come_back_with_it_whatever_was_saved_meanwhile(alice, meanwhile):
    project = a_project(alice)
    task = a_task(alice, project=project, frames=4, segment_size=2)
    cat, dog = (ids_of(project)[name] for name in ("cat", "dog"))
    annotate(alice, task, shapes=[a_box(cat, 0), a_box(cat, 3), a_box(dog, 0)])
    first = jobs_of(task)[0]
    delete_label(actor=Actor.of(alice), now=LATER, label=Label.objects.get(pk=cat))
    if meanwhile == "another object is saved":
        annotate(alice, first, shapes=[a_box(dog, 0), a_box(dog, 1)])
    elif meanwhile == "all is replaced":
        annotate(alice, task, shapes=[a_box(dog, 2, points=[0, 0, 5, 5])])
    elif meanwhile == "all is cleared":
        annotate(alice, task)
    dogs = counts(task).get("dog", 0)
    undo(actor=Actor.of(alice), now=SOON, id=Removal.objects.get().pk)
    assert counts(task) == {"cat": 2, "dog": dogs} if dogs else {"cat": 2}
    assert Label.objects.get(pk=cat).deleted_at is None


def test_a_label_does_not_come_back_beside_another_of_its_name(alice):
    project = a_project(alice)
    cat = Label.objects.get(project=project, name="cat")
    delete_label(actor=Actor.of(alice), now=LATER, label=cat)
    Label.objects.filter(project=project, name="dog").update(name="cat")
    with pytest.raises(Conflict, match="another label named 'cat'"):
        undo(actor=Actor.of(alice), now=SOON, id=Removal.objects.get().pk)
    assert Removal.objects.get().undone_date is None


def test_whose_it_was_last_it_is_again_when_an_organization_is_gone(alice, bob):
    acme = organization_of(bob, supervisor=alice)
    project = a_project(alice, organization=acme)
    removal = delete(Actor.of(alice), project)
    acme.delete()
    undo(actor=Actor.of(alice), now=SOON, id=removal.pk)
    back = Project.objects.get(pk=project.pk)
    assert (back.owner, back.organization) == (alice, None)


def test_who_takes_the_name_of_somebody_gone_gets_nothing_of_his(alice, bob):
    task = KINDS["issues_stages_and_people"](alice, bob)
    removal = delete(Actor.of(alice), task)
    bob.delete()
    User.objects.create_user("bob", "other@example.com", "correct horse battery")
    undo(actor=Actor.of(alice), now=SOON, id=removal.pk)
    assert not Job.objects.filter(task_id=task.pk).exclude(assignee=None).exclude(assignee=alice).exists()


def test_it_comes_back_once(alice):
    removal = delete(Actor.of(alice), a_project(alice))
    undo(actor=Actor.of(alice), now=SOON, id=removal.pk)
    with pytest.raises(Conflict, match="already"):
        undo(actor=Actor.of(alice), now=SOON, id=removal.pk)


def test_after_the_window_it_is_gone_and_so_is_its_safety_backup(alice, bob, charlie):
    project = a_project(alice)
    removal = delete(Actor.of(alice), project)
    late = removal.until
    assert late - LATER == timedelta(days=14)
    assert safety.let_go(late - timedelta(seconds=1)) == 0
    with pytest.raises(Gone, match="That time has passed"):
        undo(actor=Actor.of(alice), now=late, id=removal.pk)
    assert safety.let_go(late) == 1
    assert not Backup.objects.exists()
    assert not manifests(project)
    with pytest.raises(Gone, match="That time has passed"):
        undo(actor=Actor.of(alice), now=late, id=removal.pk)
    with pytest.raises(NotFound):
        undo(actor=Actor.of(charlie), now=late, id=removal.pk)


def test_the_only_good_backup_of_what_lives_is_not_let_go(alice):
    project = a_project(alice)
    delete_label(actor=Actor.of(alice), now=NOW, label=Label.objects.get(project=project, name="cat"))
    after = NOW + timedelta(days=15)
    assert safety.let_go(after) == 0
    capture(actor=Actor.of(alice), kind="project", id=project.pk, now=LATER)
    assert safety.let_go(after) == 1
    assert Backup.objects.get().trigger == Backup.Trigger.MANUAL


def test_without_its_safety_backup_nothing_comes_back(alice):
    removal = delete(Actor.of(alice), a_project(alice))
    forget_backup(actor=Actor.of(alice), id=Backup.objects.get().pk)
    with pytest.raises(Gone, match="safety backup has been deleted"):
        undo(actor=Actor.of(alice), now=SOON, id=removal.pk)


def test_what_cannot_be_backed_up_is_not_removed(alice):
    task = a_task(alice, frames=1)
    StoredObject.objects.filter(kind="blob").delete()
    with pytest.raises(Conflict, match="Nothing was removed"):
        delete(Actor.of(alice), task)
    with pytest.raises(Conflict, match="Nothing was removed"):
        delete_label(actor=Actor.of(alice), now=NOW, label=Label.objects.get(task=task, name="cat"))
    assert Task.objects.filter(pk=task.pk).exists()
    assert not Removal.objects.exists()
    assert not Backup.objects.exists()


def test_what_changes_while_it_is_backed_up_is_backed_up_again(alice, monkeypatch):
    project = a_project(alice)
    kept = safety.keep
    times = []

    def slow(*args, **kwargs):
        if not times:
            Project.objects.filter(pk=project.pk).update(name="changed meanwhile")
        times.append(1)
        return kept(*args, **kwargs)

    monkeypatch.setattr(safety, "keep", slow)
    removal = delete(Actor.of(alice), project)
    assert len(times) == 2
    assert removal.backup.source_name == "changed meanwhile"
    assert len(manifests(project)) == 1  # that of the first try is taken back


def test_a_removal_that_fails_leaves_no_backup(alice):
    project = a_project(alice)

    def refuse(**removal):
        raise Conflict("not now")

    forget = hooks.before_removal(refuse)
    try:
        with pytest.raises(Conflict):
            delete(Actor.of(alice), project)
    finally:
        forget()
    assert not Backup.objects.exists()
    assert not manifests(project)


def test_a_task_that_loses_labels_by_a_move_is_backed_up_first_and_another_is_not(alice):
    task = a_task(alice, frames=1)
    annotate(alice, task, shapes=[a_box(ids_of(task)["cat"])])
    move_task(actor=Actor.of(alice), now=LATER, task=task, project=a_project(alice))
    assert not Backup.objects.exists()
    task = move_task(actor=Actor.of(alice), now=LATER, task=task, project=a_project(alice, labels=["cow"]))
    backup = Backup.objects.get()
    assert (backup.trigger, backup.source_uuid, backup.counts["shapes"]) == ("safety", task.uuid, 1)
    assert not Removal.objects.exists()
