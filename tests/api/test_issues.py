"""/api/issues and /api/comments: people of a job talk about a place on a frame."""

from __future__ import annotations

import pytest
from tests.support.api import client_for
from tests.support.projects import a_task, jobs_of
from tests.support.sdk import parsed

from labelkeep.projects.models import Comment, Issue, Job


@pytest.fixture
def job(alice, bob):
    job = jobs_of(a_task(alice, frames=3))[0]
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    return job


def remark(job, **changes):
    return {"job": job.pk, "frame": 1, "position": [1, 2.5, 30, 40], "message": "not a cat", **changes}


def test_the_client_takes_an_issue_and_its_first_comment(alice, job):
    says = client_for(alice)
    answer = says.post("/api/issues", remark(job))
    assert answer.status_code == 201
    issue = parsed("IssueRead", answer.content)
    assert (issue.frame, issue.position, issue.job, issue.resolved) == (1, [1, 2.5, 30, 40], job.pk, False)
    assert issue.owner.username == "alice"
    assert issue.assignee is None
    assert issue.comments.count == 1
    page = parsed("PaginatedCommentReadList", says.get(f"/api/comments?issue_id={issue.id}").content)
    assert [(it.message, it.owner.username) for it in page.results] == [("not a cat", "alice")]
    assert says.get(f"/api/jobs/{job.pk}").json()["issues"]["count"] == 1
    assert parsed("PaginatedIssueReadList", says.get(f"/api/issues?job_id={job.pk}").content).count == 1
    assert parsed("IssueRead", says.get(f"/api/issues/{issue.id}").content).id == issue.id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"frame": 3}, "frame"),
        ({"frame": -1}, "frame"),
        ({"message": " "}, "message"),
        ({"position": "here"}, "position"),
        ({"position": []}, "position"),
        ({"assignee": 99999}, "assignee"),
    ],
)
def test_a_remark_that_cannot_be_kept_says_why(alice, job, changes, field):
    answer = client_for(alice).post("/api/issues", remark(job, **changes))
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Issue.objects.exists()


def test_the_annotator_of_the_job_takes_part_and_a_stranger_does_not(alice, bob, charlie, job):
    issue = client_for(alice).post("/api/issues", remark(job)).json()
    answer = client_for(bob).post("/api/comments", {"issue": issue["id"], "message": "it is"})
    assert answer.status_code == 201
    assert parsed("CommentRead", answer.content).issue == issue["id"]
    assert client_for(bob).patch(f"/api/issues/{issue['id']}", {"resolved": True}).json()["resolved"] is True
    assert client_for(bob).delete(f"/api/issues/{issue['id']}").status_code == 403
    says = client_for(charlie)
    assert says.get("/api/issues").json()["count"] == says.get("/api/comments").json()["count"] == 0
    for path in (f"/api/issues/{issue['id']}", f"/api/comments/{answer.json()['id']}"):
        assert says.get(path).status_code == 403
        assert says.patch(path, {}).status_code == 403
        assert says.delete(path).status_code == 403
    assert says.post("/api/issues", remark(job)).status_code == 403
    assert says.post("/api/comments", {"issue": issue["id"], "message": "x"}).status_code == 403


def test_an_issue_is_moved_assigned_and_settled(alice, bob, job):
    says = client_for(alice)
    issue = says.post("/api/issues", remark(job)).json()
    url = f"/api/issues/{issue['id']}"
    changed = says.patch(url, {"position": [5, 6], "assignee": bob.pk, "resolved": True}).json()
    assert (changed["position"], changed["assignee"]["username"], changed["resolved"]) == ([5, 6], "bob", True)
    assert changed["updated_date"] > issue["updated_date"]
    assert says.patch(url, {"assignee": None}).json()["assignee"] is None
    assert says.get("/api/issues?resolved=true").json()["count"] == 1
    assert says.get("/api/issues?resolved=false").json()["count"] == 0
    assert says.get("/api/issues?frame_id=1&owner=alice").json()["count"] == 1
    assert says.get(f"/api/issues?task_id={job.task_id}").json()["count"] == 1


def test_a_comment_is_reworded_and_removed_by_those_who_take_part(alice, bob, charlie, job):
    issue = client_for(alice).post("/api/issues", remark(job)).json()
    first = Comment.objects.get().pk
    mine = client_for(bob).post("/api/comments", {"issue": issue["id"], "message": "it is"}).json()
    url = f"/api/comments/{mine['id']}"
    assert client_for(bob).patch(url, {"message": "it is one"}).json()["message"] == "it is one"
    assert client_for(bob).patch(url, {"message": ""}).status_code == 400
    assert client_for(charlie).delete(url).status_code == 403
    assert client_for(bob).delete(url).status_code == 204
    assert [it.pk for it in Comment.objects.all()] == [first]
    assert client_for(bob).delete(f"/api/comments/{first}").status_code == 204  # the annotator of the job takes part


def test_an_issue_goes_with_its_comments(alice, job):
    issue = client_for(alice).post("/api/issues", remark(job)).json()
    assert client_for(alice).delete(f"/api/issues/{issue['id']}").status_code == 204
    assert not Comment.objects.exists()


def test_what_is_not_there_is_not_found(alice):
    says = client_for(alice)
    assert says.get("/api/issues/1").status_code == 404
    assert says.get("/api/comments/1").status_code == 404
    assert says.post("/api/comments", {"issue": 1, "message": "x"}).status_code == 404
    body = {"job": 1, "frame": 0, "position": [], "message": "x"}
    assert says.post("/api/issues", body).status_code == 404


def test_a_remark_in_a_ground_truth_job_is_about_one_of_its_frames(alice):
    chosen = {"mode": "gt", "frame_selection_method": "manual", "frames": ["frame_0001.png"]}
    truth = jobs_of(a_task(alice, frames=3, params={"validation_params": chosen}))[-1]
    says = client_for(alice)
    assert says.post("/api/issues", remark(truth, frame=1)).status_code == 201
    refused = says.post("/api/issues", remark(truth, frame=2))
    assert refused.json() == {"frame": ["Frame 2 is not one of those that the job has"]}


def test_an_issue_always_has_a_place(alice, job):
    says = client_for(alice)
    url = f"/api/issues/{says.post('/api/issues', remark(job)).json()['id']}"
    assert says.patch(url, {"position": []}).json() == {"position": ["This list may not be empty."]}
    assert says.get(url).json()["position"] == [1, 2.5, 30, 40]
