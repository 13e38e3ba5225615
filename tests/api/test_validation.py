"""/api/tasks|jobs/{id}/validation_layout."""

from __future__ import annotations

import json

import pytest
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


@pytest.fixture
def task(alice):
    params = {"validation_params": POOL, "sorting_method": "random"}
    return a_task(alice, frames=6, params=params, segment_size=2)


def test_the_client_changes_the_layout_of_a_task(alice, task):
    says, url = client_for(alice), f"/api/tasks/{task.pk}/validation_layout"
    before = says.get(f"/api/tasks/{task.pk}/data/meta").getvalue()
    answer = says.patch(url, {"frame_selection_method": "manual", "honeypot_real_frames": [7, 7]})
    assert answer.status_code == 200
    assert parsed("TaskValidationLayoutRead", answer.content).honeypot_real_frames == [7, 7]
    answer = says.patch(url, {"frame_selection_method": "random_uniform", "disabled_frames": [7]})
    layout = parsed("TaskValidationLayoutRead", answer.content)
    assert (layout.honeypot_real_frames, layout.disabled_frames) == ([6, 6], [7])
    meta = json.loads(says.get(f"/api/tasks/{task.pk}/data/meta").getvalue())
    names = [frame["name"] for frame in meta["frames"]]
    assert [names[frame] for frame in layout.honeypot_frames] == [names[6]] * 2
    assert meta["deleted_frames"] == [7]
    assert meta["chunks_updated_date"] > json.loads(before)["chunks_updated_date"]


def test_the_client_changes_the_layout_of_a_job(alice, bob, charlie, task):
    job, truth = jobs_of(task)[0], jobs_of(task)[-1]
    url = f"/api/jobs/{job.pk}/validation_layout"
    says = client_for(alice)
    for real in ([6], [7]):
        answer = says.patch(url, {"frame_selection_method": "manual", "honeypot_real_frames": real})
        assert parsed("JobValidationLayoutRead", answer.content).honeypot_real_frames == real
    assert says.patch(url, {"frame_selection_method": "random_uniform"}).json()["honeypot_count"] == 1
    assert says.get(f"/api/jobs/{truth.pk}/validation_layout").json()["honeypot_count"] == 0
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    for person in (bob, charlie):
        assert client_for(person).get(url).status_code == 403
        assert client_for(person).patch(url, {"frame_selection_method": "random_uniform"}).status_code == 403
        assert client_for(person).patch(f"/api/tasks/{task.pk}/validation_layout", {}).status_code == 403


def test_chunks_and_previews_show_the_other_frame_at_once(alice, task):
    says = client_for(alice)
    layout = says.get(f"/api/tasks/{task.pk}/validation_layout").json()
    job = next(job for job in jobs_of(task) if job.start_frame <= layout["honeypot_frames"][0] <= job.stop_frame)
    frame, real = layout["honeypot_frames"][0], layout["honeypot_real_frames"][0]
    other = 13 - real

    def seen(url: str) -> bytes:
        return says.get(url).getvalue()

    chunk = f"/api/jobs/{job.pk}/data?type=chunk&quality=compressed&index=0"
    picture = f"/api/tasks/{task.pk}/data?type=frame&quality=original&number="
    before = seen(chunk), seen(f"{picture}{frame}")
    body = {"frame_selection_method": "manual", "honeypot_real_frames": [other]}
    assert says.patch(f"/api/jobs/{job.pk}/validation_layout", body).status_code == 200
    after = seen(chunk), seen(f"{picture}{frame}")
    assert before[0] != after[0]
    assert before[1] != after[1] == seen(f"{picture}{other}")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"frame_selection_method": "manual"},
            {"non_field_errors": ['The "honeypot_real_frames" field is required']},
        ),
        (
            {"honeypot_real_frames": [6, 7]},
            {"non_field_errors": ['"honeypot_real_frames" can only be used when "frame_selection_method" is "manual"']},
        ),
        (
            {"frame_selection_method": "random_per_job"},
            {"frame_selection_method": ['"random_per_job" is not a valid choice.']},
        ),
        (
            {"frame_selection_method": "manual", "honeypot_real_frames": [6]},
            ["Invalid size of 'honeypot_real_frames' array, expected 2"],
        ),
        (
            {"frame_selection_method": "manual", "honeypot_real_frames": [0, 7]},
            ["Could not update honeypot frames: frames 0 are not from the validation pool"],
        ),
        (
            {"frame_selection_method": "manual", "honeypot_real_frames": [6, 7], "disabled_frames": [7]},
            ["Could not update honeypot frames: frames 7 are disabled. Restore them in the validation pool first"],
        ),
        (
            {"disabled_frames": [0, 6]},
            ["Unknown frames requested for exclusion from the validation set: 0"],
        ),
        ({"disabled_frames": [-1]}, {"disabled_frames": {"0": ["Ensure this value is greater than or equal to 0."]}}),
        ({"disabled_frames": "all"}, {"disabled_frames": ['Expected a list of items but got type "str".']}),
    ],
)
def test_a_layout_that_cannot_be_is_refused_whole(alice, task, body, detail):
    says, url = client_for(alice), f"/api/tasks/{task.pk}/validation_layout"
    before = says.get(url).json()
    answer = says.patch(url, body)
    assert (answer.status_code, answer.json()) == (400, detail)
    assert says.get(url).json() == before


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, {"frame_selection_method": ["This field is required."]}),
        (
            {"frame_selection_method": "manual", "honeypot_real_frames": []},
            {"honeypot_real_frames": ["This list may not be empty."]},
        ),
        (
            {"frame_selection_method": "manual", "honeypot_real_frames": [6, 7]},
            ["Could not update honeypot frames: the number of honeypots must remain the same. Requested 2, current 1"],
        ),
    ],
)
def test_a_layout_of_a_job_that_cannot_be_is_refused(alice, task, body, detail):
    answer = client_for(alice).patch(f"/api/jobs/{jobs_of(task)[0].pk}/validation_layout", body)
    assert (answer.status_code, answer.json()) == (400, detail)


def test_tasks_without_honeypots_have_none_to_change(alice, task):
    says, drawn = client_for(alice), {"frame_selection_method": "random_uniform"}
    sentence = "Honeypots can only be modified if the task validation mode is 'gt_pool'"
    bare = a_task(alice, frames=2)
    url = f"/api/tasks/{bare.pk}/validation_layout"
    assert says.patch(url, {}).json() == says.patch(url, drawn).json() == ["Validation is not configured in the task"]
    assert says.patch(f"/api/jobs/{jobs_of(bare)[0].pk}/validation_layout", drawn).json() == [sentence]
    checked = a_task(alice, frames=4, params={"validation_params": {"mode": "gt", "frame_count": 2}})
    url = f"/api/tasks/{checked.pk}/validation_layout"
    assert says.patch(url, drawn).json() == [sentence]
    first = says.get(url).json()["validation_frames"][0]
    assert says.patch(url, {"disabled_frames": [first]}).json()["disabled_frames"] == [first]
    refused = says.patch(f"/api/jobs/{jobs_of(task)[-1].pk}/validation_layout", drawn)
    assert refused.json() == ["Honeypots cannot exist in ground_truth jobs"]


def test_the_ground_truth_of_honeypots_cannot_be_removed(alice, task):
    answer = client_for(alice).delete(f"/api/jobs/{jobs_of(task)[-1].pk}")
    assert answer.json() == ['GT jobs cannot be removed when task validation mode is "gt_pool"']
    body = {"type": "ground_truth", "task_id": task.pk, "frame_selection_method": "manual", "frames": [0]}
    answer = client_for(alice).post("/api/jobs", body)
    assert answer.json() == ['Task with validation mode "gt_pool" cannot have more than 1 GT job']


def test_frames_are_deleted_with_cvats_sentences(alice, task):
    says = client_for(alice)
    job = jobs_of(task)[0]
    of_task, of_job = f"/api/tasks/{task.pk}/data/meta", f"/api/jobs/{job.pk}/data/meta"

    def refusal(url: str, frames: list[int]) -> object:
        answer = says.patch(url, {"deleted_frames": frames})
        assert answer.status_code == 400
        return answer.json()

    assert refusal(of_task, [1, 1]) == {"deleted_frames": ["Deleted frames cannot repeat"]}
    assert refusal(of_task, [8, 99]) == {"deleted_frames": ["Unknown frames 8, 99 requested for removal"]}
    assert refusal(of_task, [6])["deleted_frames"][0].startswith("When task validation mode is gt_pool, GT frames can")
    assert refusal(of_job, [job.stop_frame + 1]) == [f"Frames {job.stop_frame + 1} do not belong to the job"]
    assert refusal(of_task, [-1]) == {"deleted_frames": ["Unknown frames -1 requested for removal"]}
