"""/api/jobs: listed, moved from stage to stage, and made where they measure quality."""

from __future__ import annotations

import numpy
import pytest
from tests.support import media
from tests.support.api import client_for
from tests.support.projects import a_project, a_task, jobs_of
from tests.support.sdk import parsed

from labelkeep.projects.models import Job, Project, Task


@pytest.fixture
def task(alice):
    return a_task(alice, project=a_project(alice), frames=6, segment_size=3)


def test_the_client_takes_jobs(alice, task):
    says = client_for(alice)
    page = parsed("PaginatedJobReadList", says.get(f"/api/jobs?task_id={task.pk}&sort=id").content)
    first, second = page.results
    assert (first.start_frame, first.stop_frame, first.frame_count) == (0, 2, 3)
    assert (second.start_frame, second.stop_frame) == (3, 5)
    assert (first.stage, first.state, first.status, first.type) == ("annotation", "new", "annotation", "annotation")
    assert (first.task_name, first.project_name, first.mode) == ("pictures", "zoo", "annotation")
    assert first.parent_job_id is first.assignee is first.guide_id is None
    assert (first.replicas_count, first.issues.count) == (0, 0)
    assert parsed("JobRead", says.get(f"/api/jobs/{first.id}").content).id == first.id


def test_an_assignee_sees_and_works_on_his_job_alone(alice, bob, charlie, task):
    first, second = jobs_of(task)
    assert client_for(alice).patch(f"/api/jobs/{first.pk}", {"assignee": bob.pk}).status_code == 200
    says = client_for(bob)
    assert [it["id"] for it in says.get("/api/jobs").json()["results"]] == [first.pk]
    assert says.get(f"/api/jobs/{first.pk}").json()["project_name"] is None
    assert says.patch(f"/api/jobs/{first.pk}", {"state": "in progress"}).json()["state"] == "in progress"
    assert says.patch(f"/api/jobs/{first.pk}", {"stage": "acceptance"}).status_code == 403
    assert says.patch(f"/api/jobs/{first.pk}", {"assignee": None}).status_code == 403
    assert says.get(f"/api/jobs/{second.pk}").status_code == 403
    assert says.get(f"/api/labels?job_id={first.pk}").json()["count"] == 2
    assert client_for(charlie).get("/api/jobs").json()["count"] == 0
    assert client_for(charlie).get(f"/api/jobs/{first.pk}").status_code == 403


def test_another_stage_begins_anew_unless_a_state_is_given(alice, task):
    job = jobs_of(task)[0]
    says, url = client_for(alice), f"/api/jobs/{job.pk}"
    says.patch(url, {"state": "completed"})
    body = says.patch(url, {"stage": "validation"}).json()
    assert (body["stage"], body["state"], body["status"]) == ("validation", "new", "validation")
    body = says.patch(url, {"stage": "acceptance", "state": "completed"}).json()
    assert (body["stage"], body["state"], body["status"]) == ("acceptance", "completed", "completed")
    body = says.patch(url, {"stage": "acceptance"}).json()
    assert body["state"] == "completed"


def test_status_rises_from_jobs_to_task_and_project(alice, task):
    says = client_for(alice)
    first, second = jobs_of(task)

    def statuses() -> tuple[str, str]:
        return Task.objects.get(pk=task.pk).status, Project.objects.get(pk=task.project_id).status

    says.patch(f"/api/jobs/{first.pk}", {"stage": "validation"})
    assert statuses() == ("validation", "validation")
    says.patch(f"/api/jobs/{first.pk}", {"stage": "acceptance", "state": "completed"})
    assert statuses() == ("annotation", "annotation")
    says.patch(f"/api/jobs/{second.pk}", {"stage": "acceptance", "state": "completed"})
    assert statuses() == ("completed", "completed")
    summary = says.get(f"/api/tasks/{task.pk}").json()["jobs"]
    assert (summary["count"], summary["completed"], summary["validation"]) == (2, 2, 0)
    a_task(alice, project=Project.objects.get(pk=task.project_id), frames=0)
    assert statuses() == ("completed", "annotation")


@pytest.mark.parametrize(
    "body", [{"stage": "done"}, {"state": "in_progress"}, {"assignee": 99999}, {"assignee": "bob"}]
)
def test_a_value_that_there_is_not_is_refused(alice, task, body):
    answer = client_for(alice).patch(f"/api/jobs/{jobs_of(task)[0].pk}", body)
    assert answer.status_code == 400
    assert list(answer.json()) == list(body)


def test_a_ground_truth_job_has_the_frames_that_were_chosen(alice, task):
    says = client_for(alice)
    body = {"type": "ground_truth", "task_id": task.pk, "frame_selection_method": "manual", "frames": [4, 1]}
    answer = says.post("/api/jobs", body)
    assert answer.status_code == 201
    job = parsed("JobRead", answer.content)
    assert (job.type, job.frame_count, job.start_frame, job.stop_frame) == ("ground_truth", 2, 0, 5)
    assert Job.objects.get(pk=job.id).frames == [1, 4]
    assert says.get(f"/api/tasks/{task.pk}").json()["validation_mode"] == "gt"
    assert says.get("/api/tasks?validation_mode=gt").json()["count"] == 1
    again = says.post("/api/jobs", body)
    assert again.status_code == 400
    assert again.json() == ['Task with validation mode "gt" cannot have more than 1 GT job']
    assert says.delete(f"/api/jobs/{job.id}").status_code == 204
    assert says.get(f"/api/tasks/{task.pk}").json()["validation_mode"] is None
    assert says.post("/api/jobs", body).status_code == 201


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({"frame_selection_method": "random_uniform", "frame_count": 4, "random_seed": 1}, 4),
        ({"frame_selection_method": "random_uniform", "frame_share": 0.5}, 3),
        ({"frame_selection_method": "random_per_job", "frames_per_job_count": 2}, 4),
        ({"frame_selection_method": "random_per_job", "frames_per_job_share": 0.4}, 2),
    ],
)
def test_frames_of_a_ground_truth_job_may_be_drawn(alice, task, selection, count):
    answer = client_for(alice).post("/api/jobs", {"type": "ground_truth", "task_id": task.pk, **selection})
    assert answer.status_code == 201
    assert answer.json()["frame_count"] == count


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"frame_selection_method": "manual", "frames": [1, 1]}, "Frames must not repeat"),
        ({"frame_selection_method": "manual", "frames": [9]}, "The following frames do not exist in the task: 9"),
        (
            {"frame_selection_method": "random_uniform", "frame_count": 7},
            "The number of frames requested (7) must not be greater than the number of the task frames (6)",
        ),
    ],
)
def test_a_selection_that_cannot_be_made_is_refused(alice, task, body, sentence):
    answer = client_for(alice).post("/api/jobs", {"type": "ground_truth", "task_id": task.pk, **body})
    assert answer.status_code == 400
    assert answer.json() == [sentence]
    assert Job.objects.filter(task=task).count() == 2


@pytest.mark.parametrize("name", ["random_seed", "seed"])
def test_a_seed_draws_the_frames_that_it_draws_in_cvat(alice, name):
    task = a_task(alice, frames=20)
    body = {"type": "ground_truth", "task_id": task.pk, "frame_selection_method": "random_uniform", "frame_count": 6}
    answer = client_for(alice).post("/api/jobs", {**body, name: 5})
    chance = numpy.random.Generator(numpy.random.MT19937(seed=5))
    drawn = chance.choice(list(range(20)), size=6, shuffle=False, replace=False).tolist()
    assert Job.objects.get(pk=answer.json()["id"]).frames == sorted(drawn)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"type": "mine"}, {"type": ['"mine" is not a valid choice.']}),
        ({"type": "annotation"}, ["Unexpected job type 'annotation'"]),
        ({"frame_selection_method": "best"}, {"frame_selection_method": ['"best" is not a valid choice.']}),
        ({"frame_selection_method": "manual"}, {"non_field_errors": ['The "frames" field is required']}),
        ({"frame_selection_method": "manual", "frames": []}, {"frames": ["This list may not be empty."]}),
        (
            {"frame_selection_method": "random_uniform", "frames": [1], "frame_count": 1},
            {"non_field_errors": ['"frames" can only be used when "frame_selection_method" is "manual"']},
        ),
        (
            {"frame_selection_method": "random_uniform"},
            {"non_field_errors": ['One of the fields "frame_count", "frame_share" required']},
        ),
        (
            {"frame_selection_method": "random_per_job", "frames_per_job_count": 1, "frames_per_job_share": 0.5},
            {"non_field_errors": ['Only 1 of the fields "frames_per_job_count", "frames_per_job_share" can be used']},
        ),
        (
            {"frame_selection_method": "random_uniform", "frame_count": 1, "random_seed": -1},
            {"random_seed": ["Ensure this value is greater than or equal to 0."]},
        ),
        (
            {"frame_selection_method": "manual", "frames": [0], "stage": "done"},
            {"stage": ['"done" is not a valid choice.']},
        ),
        (
            {"frame_selection_method": "manual", "frames": [0], "assignee": 9**9},
            {"assignee": [f'Invalid pk "{9**9}" - object does not exist.']},
        ),
    ],
)
def test_a_ground_truth_job_that_cannot_be_made_says_why(alice, task, body, detail):
    answer = client_for(alice).post("/api/jobs", {"type": "ground_truth", "task_id": task.pk, **body})
    assert (answer.status_code, answer.json()) == (400, detail)
    assert Job.objects.filter(task=task).count() == 2


def test_clouds_have_no_ground_truth(alice):
    clouds = a_task(alice, files={"a.pcd": media.pcd_bytes()})
    body = {"type": "ground_truth", "task_id": clouds.pk, "frame_selection_method": "manual", "frames": [0]}
    answer = client_for(alice).post("/api/jobs", body)
    assert answer.json() == ["Ground Truth jobs can only be added in 2d tasks"]


def test_a_task_without_data_has_no_ground_truth(alice):
    empty = a_task(alice, frames=0)
    body = {"type": "ground_truth", "task_id": empty.pk, "frame_selection_method": "manual", "frames": [0]}
    answer = client_for(alice).post("/api/jobs", body)
    assert answer.json() == ["This task has no data attached yet. Please set up task data and try again"]


def test_other_jobs_come_and_go_with_their_task(alice, bob, charlie, task):
    says = client_for(alice)
    assert says.post("/api/jobs", {"type": "annotation", "task_id": task.pk}).status_code == 400
    job = jobs_of(task)[0]
    refused = says.delete(f"/api/jobs/{job.pk}")
    assert refused.status_code == 400
    assert refused.json() == ["Only ground truth jobs can be removed"]
    job.assignee = bob
    job.save()
    truth = {"type": "ground_truth", "task_id": task.pk, "frame_selection_method": "manual", "frames": [0]}
    assert client_for(bob).post("/api/jobs", truth).status_code == 403
    assert client_for(charlie).post("/api/jobs", truth).status_code == 403


def test_the_list_is_filtered(alice, bob, task):
    first, second = jobs_of(task)
    Job.objects.filter(pk=first.pk).update(assignee=bob, stage="validation")
    says = client_for(alice)

    def ids(query: str) -> list[int]:
        return [it["id"] for it in says.get(f"/api/jobs?sort=id&{query}").json()["results"]]

    assert ids("") == [first.pk, second.pk]
    assert ids("assignee=bob") == [first.pk]
    assert ids("stage=annotation") == [second.pk]
    assert ids(f"project_id={task.project_id}&dimension=2d&type=annotation") == [first.pk, second.pk]
    assert ids("search=pictures") == [first.pk, second.pk]
    assert ids('filter={"!":{"var":"assignee"}}') == [second.pk]


def test_replicas_follow_their_job(alice):
    task = a_task(alice, frames=2, consensus_replicas=2)
    says = client_for(alice)
    assert says.get(f"/api/tasks/{task.pk}").json()["initial_replicas"] == 2
    jobs = says.get(f"/api/jobs?task_id={task.pk}&sort=id").json()["results"]
    assert [(it["type"], it["parent_job_id"], it["replicas_count"]) for it in jobs] == [
        ("annotation", None, 2),
        ("replica", jobs[0]["id"], 0),
        ("replica", jobs[0]["id"], 0),
    ]
    assert says.get(f"/api/jobs?parent_job_id={jobs[0]['id']}").json()["count"] == 2
