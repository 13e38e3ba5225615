"""`labelkeep transfer`."""

from __future__ import annotations

import json

import pytest
from tests.support.annotations import a_box
from tests.support.api import client_for
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task, jobs_of

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Forbidden
from labelkeep.projects.models import Task


@pytest.fixture
def task(alice: User) -> Task:
    return a_task(alice, project=a_project(alice, "cats", labels=["cat"]), frames=2)


@pytest.fixture
def backup(alice: User, task: Task) -> str:
    """One with a box that is not there any more."""
    (job,) = jobs_of(task)
    client, label = client_for(alice), task.project.labels.get()  # type: ignore[union-attr]
    path = f"/api/jobs/{job.pk}/annotations"
    drawn = {"version": 0, "tags": [], "shapes": [a_box(label.pk)], "tracks": []}
    assert client.put(path, drawn).status_code == 200
    made = told("backup", "cats", as_user="alice").split()[-1]
    assert client.delete(path).status_code == 204
    return made


def shapes(alice: User, task: Task) -> int:
    answer = client_for(alice).get(f"/api/tasks/{task.pk}/annotations")
    return len(json.loads(b"".join(answer.streaming_content))["shapes"])


def test_what_is_missing_comes_back_and_a_second_time_changes_nothing(alice: User, task: Task, backup: str) -> None:
    into = ["transfer", backup, "--project", "cats"]
    (planned,) = rows(*into, "--plan", as_user="alice")
    assert planned["added"]["shapes"] == 1
    assert shapes(alice, task) == 0
    assert "add 1 shape" in told(*into, "--yes", as_user="alice")
    assert shapes(alice, task) == 1
    told(*into, "--yes", as_user="alice")
    assert shapes(alice, task) == 1


def test_it_is_asked_for_and_for_those_who_may(alice: User, charlie: User, task: Task, backup: str) -> None:
    into = ["transfer", backup, "--project", str(task.project_id)]
    assert isinstance(run(*into, as_user="alice").exception, BadInput)
    assert isinstance(run(*into, "--yes", as_user="charlie").exception, Forbidden)
    assert shapes(alice, task) == 0
