"""/api/tasks|jobs/{id}/validation_layout."""

from __future__ import annotations

import json

from tests.support.api import client_for
from tests.support.projects import NOW, a_task, jobs_of
from tests.support.sdk import parsed

from labelkeep.accounts.actor import Actor
from labelkeep.projects.actions.update_data_meta import update_data_meta
from labelkeep.projects.models import Job

POOL = {"mode": "gt_pool", "frame_selection_method": "random_uniform", "frame_count": 2, "frames_per_job_count": 1}


def test_a_task_without_validation_says_so(alice, charlie):
    task = a_task(alice, frames=2)
    body = client_for(alice).get(f"/api/tasks/{task.pk}/validation_layout").json()
    assert body["mode"] is None
    assert body["validation_frames"] == body["honeypot_frames"] == []
    assert client_for(charlie).get(f"/api/tasks/{task.pk}/validation_layout").status_code == 403
    assert client_for(charlie).get(f"/api/jobs/{jobs_of(task)[0].pk}/validation_layout").status_code == 403
    assert client_for(alice).patch(f"/api/tasks/{task.pk}/validation_layout", {}).status_code == 405


def test_frames_of_the_ground_truth_job_are_shown(alice):
    chosen = {"mode": "gt", "frame_selection_method": "manual", "frames": ["frame_0001.png", "frame_0003.png"]}
    task = a_task(alice, frames=4, params={"validation_params": chosen})
    truth = Job.objects.get(task=task, type=Job.Type.GROUND_TRUTH)
    update_data_meta(actor=Actor.of(alice), now=NOW, of=truth, deleted_frames=[3])
    layout = parsed(
        "TaskValidationLayoutRead", client_for(alice).get(f"/api/tasks/{task.pk}/validation_layout").content
    )
    assert layout.mode.value == "gt"
    assert (layout.validation_frames, layout.disabled_frames, layout.honeypot_count) == ([1, 3], [3], 0)
    assert client_for(alice).get(f"/api/tasks/{task.pk}").json()["validation_mode"] == "gt"


def test_honeypots_are_shown_with_what_they_show(alice):
    says = client_for(alice)
    task = a_task(alice, frames=6, params={"validation_params": POOL, "sorting_method": "random"}, segment_size=2)
    layout = parsed("TaskValidationLayoutRead", says.get(f"/api/tasks/{task.pk}/validation_layout").content)
    assert layout.mode.value == "gt_pool"
    assert (layout.frames_per_job_count, layout.honeypot_count) == (1, 2)
    assert layout.validation_frames == [6, 7]
    assert set(layout.honeypot_real_frames) <= {6, 7}
    meta = json.loads(says.get(f"/api/tasks/{task.pk}/data/meta").getvalue())
    names = [frame["name"] for frame in meta["frames"]]
    pairs = zip(layout.honeypot_frames, layout.honeypot_real_frames, strict=True)
    assert all(names[shown] == names[real] for shown, real in pairs)
    for job in jobs_of(task)[:-1]:
        own = parsed("JobValidationLayoutRead", says.get(f"/api/jobs/{job.pk}/validation_layout").content)
        assert own.honeypot_count == 1
        assert job.start_frame <= own.honeypot_frames[0] <= job.stop_frame
