"""Changing which frames the honeypots of a task show: documents, annotations, dates; by hand, by chance, at once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from tests.support.annotations import a_box, a_tag
from tests.support.kinds import add, annotate, ids_of
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput, Forbidden, NotFound
from labelkeep.media import documents, vault
from labelkeep.projects import saved
from labelkeep.projects.actions.delete_job import delete_job
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.actions.update_job_validation_layout import update_job_validation_layout
from labelkeep.projects.actions.update_validation_layout import update_validation_layout
from labelkeep.projects.models import Job, Project, Task
from labelkeep.projects.queries.validation import Layout, layout_of, pool_of

LATER = NOW + timedelta(days=1)
POOL = {
    "mode": "gt_pool",
    "frame_selection_method": "random_uniform",
    "frame_count": 3,
    "frames_per_job_count": 1,
    "random_seed": 5,
}


@pytest.fixture
def task(alice):
    return a_task(
        alice,
        project=a_project(alice),
        frames=12,
        segment_size=3,
        params={"sorting_method": "random", "validation_params": POOL},
    )


def fresh(task: Task) -> Task:
    return Task.objects.get(pk=task.pk)


def layout(task: Task) -> Layout:
    return layout_of(fresh(task))


def frames_of(task: Task) -> list[documents.Frame]:
    get = vault.live().get_document
    return list(documents.read_frames(documents.read_index(fresh(task).frames_document, get), get))


def others_than(task: Task) -> list[int]:
    """For each honeypot, the next frame of the pool."""
    now = layout(task)
    return [now.validation[(now.validation.index(real) + 1) % len(now.validation)] for real in now.honeypots.real]


def boxes(alice, job: Job) -> list[int]:
    return [shape["frame"] for shape in json.loads(b"".join(saved.view_job(Actor.of(alice), job)))["shapes"]]


def test_honeypots_show_the_frames_that_are_named(alice, task):
    before, wanted = frames_of(task), others_than(task)
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=wanted)
    after = frames_of(task)
    assert layout(task).honeypots.real == wanted
    honeypots = layout(task).honeypots.frames
    assert [after[frame] for frame in honeypots] == [before[real] for real in wanted]
    unchanged = [number for number in range(len(before)) if number not in honeypots]
    assert [after[number] for number in unchanged] == [before[number] for number in unchanged]


def test_chunks_jobs_task_and_project_move_in_date(alice, task):
    wanted = layout(task).honeypots.real
    first = jobs_of(task)[0]
    wanted = [others_than(task)[0], *wanted[1:]]
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=wanted)
    held = fresh(task)
    assert (held.chunks_updated_date, held.updated_date) == (LATER, LATER)
    assert Project.objects.get(pk=task.project_id).updated_date == LATER
    assert [job.pk for job in jobs_of(task) if job.updated_date == LATER] == [first.pk]


def test_naming_what_is_shown_changes_nothing(alice, task):
    before = fresh(task)
    real = layout(task).honeypots.real
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=real)
    after = fresh(task)
    assert (after.frames_document, after.updated_date) == (before.frames_document, before.updated_date)


def test_what_was_drawn_on_a_honeypot_goes_when_it_shows_another_frame(alice, task):
    cat = ids_of(task.project)["cat"]
    first, second = jobs_of(task)[:2]
    for job in (first, second):
        frames = range(job.start_frame, job.stop_frame + 1)
        annotate(alice, job, shapes=[a_box(cat, frame) for frame in frames], tags=[a_tag(cat, job.start_frame)])
        add(alice, job, shapes=[a_box(cat, frame, [1, 1, 9, 9]) for frame in frames])
    now = layout(task)
    (honeypot,) = now.honeypots.within(first.start_frame, first.stop_frame).frames
    wanted = [others_than(task)[0], *now.honeypots.real[1:]]
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=wanted)
    left = [frame for frame in range(first.start_frame, first.stop_frame + 1) if frame != honeypot]
    assert boxes(alice, first) == sorted(left * 2)
    assert boxes(alice, second) == sorted([*range(second.start_frame, second.stop_frame + 1)] * 2)


def test_replicas_lose_it_too(alice, task):
    cat = ids_of(task.project)["cat"]
    first = jobs_of(task)[0]
    (honeypot,) = layout(task).honeypots.within(first.start_frame, first.stop_frame).frames
    twin = Job.objects.create(
        task=task,
        parent=first,
        type=Job.Type.REPLICA,
        start_frame=first.start_frame,
        stop_frame=first.stop_frame,
        created_date=NOW,
        updated_date=NOW,
    )
    annotate(alice, twin, shapes=[a_box(cat, honeypot)])
    update_job_validation_layout(
        actor=Actor.of(alice), now=LATER, job=first, method="manual", real_frames=others_than(task)[:1]
    )
    assert boxes(alice, twin) == []
    assert boxes(alice, jobs_of(task)[-1]) == []


def test_chance_deals_every_frame_of_the_pool_as_often_and_none_twice_in_a_job(alice):
    params = {"sorting_method": "random", "validation_params": {**POOL, "frame_count": 4, "frames_per_job_count": 2}}
    task = a_task(alice, frames=12, segment_size=2, params=params)
    seen = set()
    for _ in range(4):
        update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="random_uniform")
        now = layout(task)
        assert set(Counter(now.honeypots.real).values()) == {2}
        for job in jobs_of(task)[:-1]:
            assert len(set(now.honeypots.within(job.start_frame, job.stop_frame).real)) == 2
        seen.add(tuple(now.honeypots.real))
    assert len(seen) > 1


def test_a_job_is_dealt_the_frames_that_the_task_shows_least(alice, task):
    jobs = jobs_of(task)
    now = layout(task)
    rare = now.validation[0]
    common = [now.validation[1]] * len(now.honeypots.frames)
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=common)
    # two frames are unused now; leaving one out of validation leaves one choice
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, disabled_frames=[now.validation[2]])
    update_job_validation_layout(actor=Actor.of(alice), now=LATER, job=jobs[1], method="random_uniform")
    assert layout(task).honeypots.within(jobs[1].start_frame, jobs[1].stop_frame).real == [rare]
    assert layout(task).honeypots.within(jobs[0].start_frame, jobs[0].stop_frame).real == [now.validation[1]]


def test_a_frame_left_out_of_validation_is_deleted_with_the_honeypots_that_show_it(alice, task):
    now = layout(task)
    ordinary = next(frame for frame in range(now.validation[0]) if frame not in now.honeypots.frames)
    update_data_meta(actor=Actor.of(alice), now=NOW, of=task, deleted_frames=[ordinary])
    real = now.honeypots.real[0]
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, disabled_frames=[real])
    assert layout(task).disabled == [real]
    assert fresh(task).deleted_frames == sorted([ordinary, real, *now.honeypots.showing(real)])
    update_data_meta(actor=Actor.of(alice), now=LATER, of=jobs_of(task)[-1], deleted_frames=[])
    assert layout(task).disabled == []
    assert fresh(task).deleted_frames == [ordinary]


def test_a_deleted_honeypot_is_restored_when_it_shows_another_frame(alice, task):
    now = layout(task)
    update_data_meta(actor=Actor.of(alice), now=NOW, of=task, deleted_frames=now.honeypots.frames[:2])
    wanted = [others_than(task)[0], *now.honeypots.real[1:]]
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=wanted)
    assert fresh(task).deleted_frames == now.honeypots.frames[1:2]


def test_who_comes_second_sees_what_the_first_has_made(alice, task, monkeypatch):
    """Between reading and writing somebody else saves: the second decides again from the newer frames."""
    from labelkeep.projects import validation_changes

    wanted, real = others_than(task), validation_changes._document
    calls = []

    def document(held, before, shown):
        calls.append(dict(shown))
        if len(calls) == 1:
            update_job_validation_layout(
                actor=Actor.of(alice), now=LATER, job=jobs_of(task)[0], method="manual", real_frames=wanted[:1]
            )
        return real(held, before, shown)

    monkeypatch.setattr(validation_changes, "_document", document)
    update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="manual", real_frames=wanted)
    assert layout(task).honeypots.real == wanted
    assert [len(shown) for shown in calls] == [len(wanted), 1, len(wanted) - 1]


def test_pages_without_a_change_are_shared(alice, task, monkeypatch):
    store, frames = vault.live(), frames_of(task)
    monkeypatch.setattr(documents, "PAGE", 4)
    name = documents.write("frames", frames, store.put_document)
    before, other = documents.read_index(name, store.get_document), frames[0]
    changed = documents.replaced(name, {5: other, 6: other}, store.get_document, store.put_document)
    after = documents.read_index(changed, store.get_document)
    assert [one == two for one, two in zip(before.pages, after.pages, strict=True)].count(False) == 1
    shown = list(documents.read_frames(after, store.get_document))
    assert [shown[5].path, shown[6].path] == [other.path] * 2
    assert after.size == sum(frame.size for frame in shown)


def test_only_those_who_look_after_the_task_may(alice, bob, charlie, task):
    job = jobs_of(task)[0]
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    job.refresh_from_db()
    for person in (bob, charlie):
        with pytest.raises(Forbidden):
            update_validation_layout(actor=Actor.of(person), now=LATER, task=task, method="random_uniform")
        with pytest.raises(Forbidden):
            update_job_validation_layout(actor=Actor.of(person), now=LATER, job=job, method="random_uniform")


def test_the_rule_for_annotations_of_a_task_with_honeypots(task, alice):
    pool = pool_of(task)
    assert pool is not None
    frame = pool.first
    assert pool.refuses("create", [0], tracks=True) == "Tracks are not supported when task validation mode is gt_pool"
    assert pool.refuses("update", [0, frame], tracks=False).startswith("Annotations on validation frames can only")
    assert pool.refuses("delete", [pool.last], tracks=False) == pool.refuses("update", [frame], tracks=False)
    assert pool.refuses("replace", [frame], tracks=False) == pool.refuses("create", [frame], tracks=False) == ""
    assert pool.refuses("update", [frame - 1], tracks=False) == ""
    assert sorted(it for real in range(frame, pool.last + 1) for it in pool.honeypots.showing(real)) == sorted(
        pool.honeypots.frames
    )
    assert pool_of(a_task(alice, frames=2)) is None


def test_a_task_with_too_few_frames_left_cannot_be_dealt(alice, task):
    update_validation_layout(actor=Actor.of(alice), now=NOW, task=task, disabled_frames=layout(task).validation)
    with pytest.raises(BadInput, match=r"the remaining number of validation frames \(0\) is less than .* job \(1\)"):
        update_validation_layout(actor=Actor.of(alice), now=LATER, task=task, method="random_uniform")


def test_a_ground_truth_job_that_is_removed_meanwhile_leaves_nothing_behind(alice, monkeypatch):
    from labelkeep.projects import validation_changes

    task = a_task(alice, frames=4, params={"validation_params": {"mode": "gt", "frame_count": 2}})
    truth, real = jobs_of(task)[-1], validation_changes._write

    def write(actor, now, held, before, change):
        if Job.objects.filter(pk=truth.pk).exists():
            delete_job(actor=Actor.of(alice), now=LATER, job=Job.objects.get(pk=truth.pk))
        real(actor, now, held, before, change)

    monkeypatch.setattr(validation_changes, "_write", write)
    with pytest.raises(NotFound):
        update_data_meta(actor=Actor.of(alice), now=LATER, of=truth, deleted_frames=truth.frames[:1])
    assert fresh(task).validation_layout is None
