"""Giving a task its frames: all of it or nothing, whatever arrives and whenever the work stops."""

from __future__ import annotations

import pytest
from django.db.models import F
from tests.support import media
from tests.support.projects import a_project, a_skeleton, a_task, an_attribute, attach, jobs_of, label, pictures, upload

from labelkeep.accounts.actor import Actor
from labelkeep.errors import AlreadyRunning, BadInput, Forbidden
from labelkeep.media import documents, vault
from labelkeep.media.ingest import DataParams
from labelkeep.media.models import Upload
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects import selection
from labelkeep.projects.actions.attach_data import attach_data
from labelkeep.projects.actions.start_data import start_data
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.models import Job, Label, Task
from labelkeep.projects.new_data import prepare


def frames_of(task: Task) -> list[str]:
    get = vault.live().get_document
    return [frame.path for frame in documents.read_frames(documents.read_index(task.frames_document, get), get)]


def test_a_task_has_frames_jobs_and_keys_at_once(alice, now):
    cat = label("cat")
    cat.attributes = [an_attribute("sex", "m", "f")]
    task = a_task(alice, labels=[cat, a_skeleton("pose", "head")], frames=7, segment_size=3, overlap=1)
    assert task.has_data
    assert (task.size, task.segment_size, task.overlap) == (7, 3, 1)
    assert (task.mode, task.dimension, task.media_type) == ("annotation", "2d", "image")
    assert frames_of(task) == [f"frame_{number:04}.png" for number in range(7)]
    assert [(job.start_frame, job.stop_frame) for job in jobs_of(task)] == [(0, 2), (2, 4), (4, 6)]
    labels = Label.objects.filter(task=task)
    assert set(task.label_keys["labels"]) == {str(it.pk) for it in labels}
    assert len(task.label_keys["attributes"]) == 1
    assert not Upload.objects.exists()


def test_files_name_the_jobs_where_the_client_says_so(alice):
    mapping = [["frame_0003.png"], ["frame_0000.png", "frame_0002.png"], ["frame_0001.png"]]
    task = a_task(alice, frames=4, params={"job_file_mapping": mapping}, segment_size=9)
    assert frames_of(task) == [name for names in mapping for name in names]
    assert [(job.start_frame, job.stop_frame) for job in jobs_of(task)] == [(0, 0), (1, 2), (3, 3)]
    assert (task.segment_size, task.overlap, task.custom_segments) == (0, 0, True)


def test_validation_frames_become_a_ground_truth_job(alice):
    chosen = {"mode": "gt", "frame_selection_method": "manual", "frames": ["frame_0004.png", "frame_0001.png"]}
    task = a_task(alice, frames=5, params={"validation_params": chosen}, segment_size=3)
    truth = Job.objects.get(task=task, type=Job.Type.GROUND_TRUTH)
    assert (truth.start_frame, truth.stop_frame, truth.frames) == (0, 4, [1, 4])
    assert Job.objects.filter(task=task).count() == 3


def test_honeypots_end_with_their_pool(alice):
    chosen = {
        "mode": "gt_pool",
        "frame_selection_method": "random_uniform",
        "frame_count": 2,
        "frames_per_job_count": 1,
    }
    params = {"validation_params": chosen, "sorting_method": "random"}
    task = a_task(alice, frames=6, params=params, segment_size=2)
    *others, truth = jobs_of(task)
    assert truth.type == Job.Type.GROUND_TRUTH
    assert (truth.start_frame, truth.stop_frame) == (6, 7)
    assert [(job.start_frame, job.stop_frame) for job in others] == [(0, 2), (3, 5)]
    assert task.validation_layout["mode"] == "gt_pool"
    assert task.validation_layout["frames"] == frames_of(task)[6:]
    assert (task.segment_size, task.custom_segments, task.size) == (0, True, 8)


@pytest.mark.parametrize(
    ("files", "params", "sentence"),
    [
        ({"a.txt": b"words"}, {}, "No media data found"),
        ({"a.png": b"no picture"}, {}, "a.png"),
        (pictures(2), {"start_frame": 5}, "No media data found"),
        (pictures(2), {"job_file_mapping": [["frame_0000.png"], ["nothing.png"]]}, "nothing.png"),
        (
            pictures(2),
            {"validation_params": {"mode": "gt", "frame_selection_method": "manual", "frames": ["nothing.png"]}},
            "Unknown validation frames requested: nothing.png",
        ),
        (
            pictures(2),
            {"validation_params": {"mode": "gt", "frame_selection_method": "random_uniform", "frame_count": 3}},
            "requested (3) is greater that the number of task frames (2)",
        ),
    ],
)
def test_what_cannot_become_frames_leaves_the_task_without_and_says_why(alice, files, params, sentence):
    task = a_task(alice, frames=0)
    operation = attach(Actor.of(alice), task, files, params=params)
    assert operation.status == Status.FAILED
    assert sentence in operation.message
    task.refresh_from_db()
    assert not task.has_data
    assert task.size is None
    assert task.data_started
    assert not Job.objects.exists()
    assert not Upload.objects.exists()


def test_after_a_failure_the_data_may_be_sent_again(alice):
    task = a_task(alice, frames=0)
    assert attach(Actor.of(alice), task, {"a.txt": b"x"}).status == Status.FAILED
    task.refresh_from_db()
    assert attach(Actor.of(alice), task, pictures(2)).status == Status.FINISHED
    assert Operation.objects.count() == 1


def test_more_jobs_than_allowed_are_refused_whole(alice, monkeypatch):
    monkeypatch.setattr("labelkeep.projects.segments.MAX_JOBS", 3)
    task = a_task(alice, frames=0, segment_size=1)
    operation = attach(Actor.of(alice), task, pictures(4))
    assert operation.message.startswith("Too many jobs would be created for the task")
    assert not Job.objects.exists()


def test_a_task_that_is_deleted_meanwhile_stays_deleted(alice, now):
    task = a_task(alice, frames=0)
    ids = upload(Actor.of(alice), task, pictures(1))
    attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)
    Task.objects.filter(pk=task.pk).delete()
    (operation,) = run_queued()
    assert operation.status == Status.FAILED
    assert "deleted" in operation.message
    assert not Upload.objects.exists()


def test_a_worker_whose_work_was_given_away_writes_nothing(alice, now, monkeypatch):
    task = a_task(alice, frames=0)
    ids = upload(Actor.of(alice), task, pictures(2))
    operation = attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)

    def given_away(*arguments):
        Operation.objects.filter(pk=operation.pk).update(generation=F("generation") + 1)
        return prepare(*arguments)

    monkeypatch.setattr("labelkeep.projects.actions.attach_data.prepare", given_away)
    run_queued()
    task.refresh_from_db()
    assert not task.has_data
    assert not Job.objects.exists()
    assert Upload.objects.filter(pk__in=ids).count() == 2, "the next worker needs them"


def test_data_are_attached_once(alice, now):
    task = a_task(alice, frames=1)
    ids = upload(Actor.of(alice), task, pictures(1))
    with pytest.raises(BadInput, match="Adding more data is not supported"):
        attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)
    with pytest.raises(BadInput, match="Adding more data is not supported"):
        start_data(actor=Actor.of(alice), now=now, task=task)


def test_a_second_start_while_the_first_waits_is_told_so(alice, now):
    task = a_task(alice, frames=0)
    ids = upload(Actor.of(alice), task, pictures(1))
    attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)
    with pytest.raises(AlreadyRunning) as raised:
        attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)
    assert raised.value.key == f"action=create&target=task&target_id={task.pk}"


def test_nothing_sent_is_nothing_to_attach(alice, now):
    with pytest.raises(BadInput, match="No media data found"):
        attach_data(actor=Actor.of(alice), now=now, task=a_task(alice, frames=0), params=DataParams())


def test_only_people_of_the_task_bring_data(alice, bob, charlie, now):
    task = a_task(alice, frames=0, assignee_id=bob.pk)
    start_data(actor=Actor.of(bob), now=now, task=task)
    assert Task.objects.get(pk=task.pk).data_started
    for verb in (start_data, attach_data):
        extra = {"params": DataParams(), "upload_ids": ["x"]} if verb is attach_data else {}
        with pytest.raises(Forbidden):
            verb(actor=Actor.of(charlie), now=now, task=task, **extra)


def test_deleted_frames_are_set_for_a_task_and_within_the_range_of_a_job(alice, now):
    task = a_task(alice, frames=6, segment_size=3)
    actor = Actor.of(alice)
    update_data_meta(actor=actor, now=now, of=task, deleted_frames=[5, 1])
    assert task.deleted_frames == Task.objects.get(pk=task.pk).deleted_frames == [1, 5]
    first, second = jobs_of(task)
    update_data_meta(actor=actor, now=now, of=second, deleted_frames=[3])
    assert Task.objects.get(pk=task.pk).deleted_frames == [1, 3]
    update_data_meta(actor=actor, now=now, of=first, deleted_frames=[])
    assert Task.objects.get(pk=task.pk).deleted_frames == [3]
    for of, frame in ((task, 6), (first, 3), (task, -1)):
        with pytest.raises(BadInput):
            update_data_meta(actor=actor, now=now, of=of, deleted_frames=[frame])


def test_a_ground_truth_job_leaves_frames_out_of_validation_only(alice, now):
    chosen = {"mode": "gt", "frame_selection_method": "random_uniform", "frame_count": 2, "random_seed": 4}
    task = a_task(alice, frames=5, params={"validation_params": chosen})
    truth = Job.objects.get(task=task, type=Job.Type.GROUND_TRUTH)
    update_data_meta(actor=Actor.of(alice), now=now, of=truth, deleted_frames=truth.frames[:1])
    task.refresh_from_db()
    assert task.deleted_frames == []
    assert task.validation_layout["disabled_frames"] == truth.frames[:1]
    other = min(set(range(5)) - set(truth.frames))
    with pytest.raises(BadInput):
        update_data_meta(actor=Actor.of(alice), now=now, of=truth, deleted_frames=[other])


def test_a_stranger_deletes_no_frames(alice, charlie, now):
    task = a_task(alice, frames=2)
    for of in (task, jobs_of(task)[0]):
        with pytest.raises(Forbidden):
            update_data_meta(actor=Actor.of(charlie), now=now, of=of, deleted_frames=[0])


def test_a_project_holds_tasks_of_one_dimension(alice):
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    cloud = (
        b"VERSION .7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 1\nHEIGHT 1\n"
        b"VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 1\nDATA ascii\n0 0 0\n"
    )
    alone = a_task(alice, files={"a.pcd": cloud})
    assert (alone.dimension, alone.media_type) == ("3d", "point_cloud")
    inside = a_task(alice, project=project, frames=0)
    operation = attach(Actor.of(alice), inside, {"a.pcd": cloud})
    assert operation.status == Status.FAILED
    assert operation.message == "The project holds tasks that are not 3d"


@pytest.mark.parametrize(
    ("method", "sentence"),
    [
        ({"frame_selection_method": "manual", "frames": ["a"]}, "only available for image-based tasks"),
        ({"frame_selection_method": "random_per_job", "frames_per_job_count": 9}, "greater than the segment size (5)"),
    ],
)
def test_validation_frames_of_a_video_cannot_be_named_or_too_many(alice, method, sentence):
    task = a_task(alice, frames=0)
    clip = {"clip.mp4": media.video_bytes(5)}
    operation = attach(Actor.of(alice), task, clip, params={"validation_params": {"mode": "gt", **method}})
    assert operation.status == Status.FAILED
    assert sentence in operation.message


def test_a_job_is_not_checked_whole(alice):
    chosen = {"mode": "gt", "frame_selection_method": "random_per_job", "frames_per_job_count": 3}
    task = a_task(alice, frames=0, segment_size=3)
    operation = attach(Actor.of(alice), task, pictures(6), params={"validation_params": chosen})
    assert operation.message == "Validation frame count per job cannot be greater than segment size"


def test_a_task_with_honeypots_has_no_overlap(alice):
    pool = {"mode": "gt_pool", "frame_count": 1, "frames_per_job_count": 1}
    task = a_task(alice, frames=0, segment_size=3, overlap=1)
    params = {"validation_params": pool, "sorting_method": "random"}
    operation = attach(Actor.of(alice), task, pictures(6), params=params)
    assert operation.message == 'validation mode "gt_pool" cannot be used with "overlap"'


def test_a_seed_chooses_the_frames_of_a_new_task_too(alice):
    chosen = {"mode": "gt", "frame_selection_method": "random_uniform", "frame_count": 4, "random_seed": 3}
    task = a_task(alice, frames=12, params={"validation_params": chosen})
    truth = Job.objects.get(task=task, type=Job.Type.GROUND_TRUTH)
    assert truth.frames == selection.uniform(12, count=4, share=None, seed=3)
