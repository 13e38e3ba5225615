"""Saving where quality is measured: ground truth jobs that have some frames only, and pools shown by honeypots."""

from __future__ import annotations

import pytest
from tests.support.annotations import a_box, a_label, a_tag, a_task_with_jobs, a_track
from tests.support.projects import NOW, a_task
from tests.support.saves import patch, put, seen

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput
from labelkeep.projects.models import Job, Label, Task
from labelkeep.projects.queries.validation import Pool, pool_of

POOL = {"mode": "gt_pool", "frame_selection_method": "random_uniform", "frame_count": 2, "frames_per_job_count": 1}
TRACKS = "Tracks are not supported when task validation mode is gt_pool"
EDITS = "Annotations on validation frames can only be edited via task import or the GT job"


@pytest.fixture
def pooled(alice: User) -> Task:
    """Six pictures: four drawn on in two jobs, each with a honeypot more, and the pool of two at the end."""
    return a_task(alice, frames=6, params={"validation_params": POOL, "sorting_method": "random"}, segment_size=2)


@pytest.fixture
def pool(pooled: Task) -> Pool:
    found = pool_of(pooled)
    assert found is not None
    return found


def cat(task: Task) -> int:
    return Label.objects.get(task=task, name__in=["cat", "car"]).pk


def truth(task: Task) -> Job:
    return Job.objects.select_related("task__project").get(task=task, type=Job.Type.GROUND_TRUTH)


def frames_in(user: User, place: Job | Task, kind: str = "shapes") -> list[int]:
    return [item["frame"] for item in seen(user, place)[kind]]


def frames_of_jobs(user: User, task: Task, kind: str = "shapes") -> list[int]:
    """What the annotation jobs show, honeypots included."""
    return [frame for job in task.jobs.filter(type=Job.Type.ANNOTATION) for frame in frames_in(user, job, kind)]


# ---- a ground truth job with some of the task's frames -------------------------------------------------------------


@pytest.fixture
def chosen(alice: User) -> Job:
    """The ground truth job of a task: frames 2, 5 and 6 of ten."""
    task = a_task_with_jobs(alice, (0, 9))
    Job.objects.create(
        task=task, type=Job.Type.GROUND_TRUTH, start_frame=0, stop_frame=9, frames=[2, 5, 6],
        created_date=NOW, updated_date=NOW,
    )  # fmt: skip
    return truth(task)


def test_a_job_drops_what_stands_on_frames_that_it_does_not_have(alice: User, chosen: Job) -> None:
    label = cat(chosen.task)
    put(alice, chosen, shapes=[a_box(label, frame) for frame in range(12)], tags=[a_tag(label, 2), a_tag(label, 3)])
    assert frames_in(alice, chosen) == [2, 5, 6]
    assert frames_in(alice, chosen, "tags") == [2]
    made = patch(alice, chosen, "create", shapes=[a_box(label, 4), a_box(label, 5)])
    assert [shape["frame"] for shape in made["shapes"]] == [5]
    patch(alice, chosen, "update", shapes=[{**made["shapes"][0], "frame": 7}])
    assert frames_in(alice, chosen) == [2, 5, 6]


def test_a_track_stays_in_a_job_if_it_is_seen_on_one_of_its_frames(alice: User, chosen: Job) -> None:
    label = cat(chosen.task)
    kept = a_track(label, (1, [0, 0, 10, 10], False), (4, [30, 0, 40, 10], True))
    dropped = a_track(label, (3, [0, 0, 10, 10], False), (5, [20, 0, 30, 10], True))
    put(alice, chosen, tracks=[kept, dropped])
    tracks = seen(alice, chosen)["tracks"]
    assert [[key["frame"] for key in track["shapes"]] for track in tracks] == [[1, 4]]


def test_the_task_does_not_show_what_its_ground_truth_job_has(alice: User, chosen: Job) -> None:
    put(alice, chosen, shapes=[a_box(cat(chosen.task), 5)])
    assert frames_in(alice, chosen.task) == []
    put(alice, chosen.task, shapes=[a_box(cat(chosen.task), 6)])
    assert frames_in(alice, chosen) == [5]


# ---- a pool and its honeypots --------------------------------------------------------------------------------------


def test_tracks_are_refused_whichever_way_they_come(alice: User, pooled: Task) -> None:
    track = a_track(cat(pooled), (0, [1, 1, 5, 5], False))
    for place in (pooled, truth(pooled), Job.objects.select_related("task__project").filter(task=pooled)[0]):
        with pytest.raises(BadInput, match=TRACKS):
            put(alice, place, tracks=[track])
        with pytest.raises(BadInput, match=TRACKS):
            patch(alice, place, "create", shapes=[a_box(cat(pooled))], tracks=[track])
    assert set(Job.objects.filter(task=pooled).values_list("revision", flat=True)) == {0}


def test_what_a_task_puts_on_the_pool_stands_on_the_honeypots_that_show_it(
    alice: User, pooled: Task, pool: Pool
) -> None:
    label, body = cat(pooled), pool.honeypots.frames
    real = pool.honeypots.real[0]
    put(alice, pooled, shapes=[a_box(label, real), a_box(label, body[0], [7, 7, 9, 9])], tags=[a_tag(label, real)])
    assert frames_in(alice, truth(pooled)) == frames_in(alice, truth(pooled), "tags") == [real]
    assert sorted(frames_of_jobs(alice, pooled)) == pool.honeypots.showing(real)
    assert sorted(frames_of_jobs(alice, pooled, "tags")) == pool.honeypots.showing(real)
    assert frames_in(alice, pooled) == [real]  # honeypots are no annotations of the task


def test_elements_of_a_skeleton_go_with_it_onto_honeypots(alice: User, pooled: Task, pool: Pool) -> None:
    skeleton = a_label(pooled, "body", type="skeleton")
    head = a_label(pooled, "head", type="points", parent=skeleton)
    real = pool.honeypots.real[0]
    element = {"type": "points", "label_id": head.pk, "frame": real, "points": [1, 2]}
    put(alice, pooled, shapes=[{"type": "skeleton", "label_id": skeleton.pk, "frame": real, "elements": [element]}])
    for job in pooled.jobs.filter(type=Job.Type.ANNOTATION):
        for shape in seen(alice, job)["shapes"]:
            assert [part["frame"] for part in shape["elements"]] == [shape["frame"]]


def test_what_is_added_through_the_task_leaves_honeypots_alone_where_the_pool_is_annotated(
    alice: User, pooled: Task, pool: Pool
) -> None:
    label, honeypot, real = cat(pooled), pool.honeypots.frames[0], pool.honeypots.real[0]
    patch(alice, pooled, "create", shapes=[a_box(label, honeypot)])
    assert frames_of_jobs(alice, pooled) == [honeypot]
    patch(alice, pooled, "create", shapes=[a_box(label, honeypot, [50, 50, 60, 60]), a_box(label, real)])
    assert sorted(frames_of_jobs(alice, pooled)) == sorted([honeypot, *pool.honeypots.showing(real)])


def test_the_pool_is_edited_through_its_job_only(alice: User, pooled: Task, pool: Pool) -> None:
    put(alice, truth(pooled), shapes=[a_box(cat(pooled), pool.first), a_box(cat(pooled), pool.last)])
    shapes = seen(alice, pooled)["shapes"]
    for action in ("update", "delete"):
        with pytest.raises(BadInput, match=EDITS):
            patch(alice, pooled, action, shapes=shapes[:1])
    patch(alice, truth(pooled), "delete", shapes=shapes[:1])
    assert frames_in(alice, pooled) == [pool.last]


def test_other_frames_are_edited_through_the_task_as_ever(alice: User, pooled: Task, pool: Pool) -> None:
    free = next(frame for frame in range(pool.first) if frame not in pool.honeypots.frames)
    put(alice, pooled, shapes=[a_box(cat(pooled), free)])
    shape = seen(alice, pooled)["shapes"][0]
    patch(alice, pooled, "update", shapes=[{**shape, "points": [3, 3, 4, 4]}])
    assert seen(alice, pooled)["shapes"][0]["points"] == [3, 3, 4, 4]
    patch(alice, pooled, "delete", shapes=[shape])
    assert frames_in(alice, pooled) == []
