"""What people do with the stock `cvat-sdk` to check annotators: ground truth, honeypots, remarks, a guide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cvat_sdk import Client, models
from cvat_sdk.api_client.exceptions import ApiException
from cvat_sdk.core.proxies.tasks import ResourceType, Task

from tests.support import media


def make_task(client: Client, pictures: list[Path], segment_size: int, **params: Any) -> Task:
    labels = [models.PatchedLabelRequest(name="cat")]
    spec = models.TaskWriteRequest(name="checked", labels=labels, segment_size=segment_size)
    return client.tasks.create_from_data(
        spec, pictures, resource_type=ResourceType.LOCAL, data_params=params, status_check_period=0.1
    )


def test_a_ground_truth_job_is_drawn_staged_and_removed(client: Client, tmp_path: Path) -> None:
    task = make_task(client, media.pictures(tmp_path / "pictures", 8), 4)
    api = client.api_client.jobs_api
    wanted = models.JobWriteRequest(
        type="ground_truth", task_id=task.id, frame_selection_method="random_per_job", frames_per_job_count=1
    )
    truth, _ = api.create(wanted)
    assert truth.frame_count == 2
    meta, _ = api.retrieve_data_meta(truth.id)
    assert [frame.name == "placeholder.jpg" for frame in meta.frames].count(False) == 2
    with pytest.raises(ApiException, match="cannot have more than 1 GT job"):
        api.create(wanted)
    changed, _ = api.partial_update(
        truth.id,
        patched_job_write_request=models.PatchedJobWriteRequest(
            stage=models.JobStage("acceptance"), state=models.OperationStatus("completed")
        ),
    )
    assert changed.status == "completed"
    assert [job.type for job in client.jobs.list(task_id=task.id, type="ground_truth")] == ["ground_truth"]
    api.destroy(truth.id)
    assert {str(job.type) for job in task.get_jobs()} == {"annotation"}


def test_honeypots_show_other_frames(client: Client, tmp_path: Path) -> None:
    pool = {"mode": "gt_pool", "frame_selection_method": "random_uniform", "random_seed": 3}
    params = {**pool, "frame_count": 3, "frames_per_job_count": 1}
    pictures = media.pictures(tmp_path / "pictures", 9)
    task = make_task(client, pictures, 2, sorting_method="random", validation_params=params)
    tasks, jobs = client.api_client.tasks_api, client.api_client.jobs_api
    layout, _ = tasks.retrieve_validation_layout(task.id)
    assert layout.honeypot_count == 3
    pick = layout.validation_frames
    other = [pick[(pick.index(real) + 1) % len(pick)] for real in layout.honeypot_real_frames]
    before = [task.get_frame(frame, quality="original").read() for frame in layout.honeypot_frames]
    changed, _ = tasks.partial_update_validation_layout(
        task.id,
        patched_task_validation_layout_write_request=models.PatchedTaskValidationLayoutWriteRequest(
            frame_selection_method="manual", honeypot_real_frames=other
        ),
    )
    assert changed.honeypot_real_frames == other
    after = [task.get_frame(frame, quality="original").read() for frame in layout.honeypot_frames]
    assert after == [task.get_frame(frame, quality="original").read() for frame in other]
    assert all(one != two for one, two in zip(before, after, strict=True))
    job = next(job for job in task.get_jobs() if str(job.type) == "annotation")
    dealt, _ = jobs.partial_update_validation_layout(
        job.id,
        patched_job_validation_layout_write_request=models.PatchedJobValidationLayoutWriteRequest(
            frame_selection_method="random_uniform"
        ),
    )
    assert dealt.honeypot_count == 1


def test_a_remark_is_answered_and_a_guide_shows_a_picture(client: Client, tmp_path: Path) -> None:
    (picture,) = media.pictures(tmp_path / "pictures", 1)
    task = make_task(client, [picture], 0)
    (job,) = task.get_jobs()
    issue = client.issues.create(
        models.IssueWriteRequest(frame=0, position=[1.0, 2.5], job=job.id, message="no cat", resolved=False)
    )
    client.comments.create(models.CommentWriteRequest(issue.id, message="there is one"))
    issue.update(models.PatchedIssueWriteRequest(resolved=True))
    assert [comment.message for comment in issue.get_comments()] == ["there is one", "no cat"]
    assert [remark.resolved for remark in job.get_issues()] == [True]
    wanted = models.AnnotationGuideWriteRequest(task_id=task.id, markdown="# How")
    guide, _ = client.api_client.guides_api.create(annotation_guide_write_request=wanted)
    with picture.open("rb") as file:
        asset, _ = client.api_client.assets_api.create(guide_id=guide.id, file=file)
    assert asset.filename == picture.name
    task.fetch()
    assert task.guide_id == guide.id
