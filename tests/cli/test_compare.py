"""`labelkeep diff`, `history`, `blame` and `revert`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.annotations import NOW, a_box, sent
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task
from tests.support.saves import first_job

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Conflict, Forbidden, NotFound
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label
from labelkeep.snapshots.capture import capture


@pytest.fixture
def job(alice: User) -> Job:
    return first_job(a_task(alice, project=a_project(alice, "cats"), frames=2))


@pytest.fixture
def shape(alice: User, job: Job) -> int:
    """The id of an object that a backup has, and that was moved since."""
    box = a_box(Label.objects.get(project=job.task.project, name="cat").pk)
    made = json.loads(b"".join(saved.patch(Actor.of(alice), job, "create", sent({"shapes": [box]}), now=NOW)))
    capture(actor=Actor.of(alice), kind="project", id=job.task.project_id, now=NOW)
    moved = {**made["shapes"][0], "points": [1, 2, 35, 40]}
    b"".join(saved.patch(Actor.of(alice), job, "update", sent({"shapes": [moved]}), now=NOW))
    return int(moved["id"])


@pytest.fixture
def backup(shape: int) -> str:
    return str(rows("backups", "list", as_user="alice")[0]["id"])


def test_what_changed_since_a_backup_is_told_in_lines(backup: str, shape: int) -> None:
    lines = told("diff", backup, as_user="alice").splitlines()
    assert "shapes: 1 moved" in lines
    assert "frame 0: shape 1 cat moved" in told("diff", backup, "--details", as_user="alice")
    assert told("diff", backup, backup, as_user="alice") == "nothing has changed\n"


def test_json_is_what_the_api_says(backup: str) -> None:
    (summary,) = rows("diff", backup, as_user="alice")
    assert summary["objects"] == {"shapes": {"moved": 1}}
    (item,) = rows("diff", backup, "--details", "--frame", "0", as_user="alice")
    assert item["changes"] == ["moved"]
    assert rows("diff", backup, "--details", "--frame", "1", as_user="alice") == []


def test_a_frame_is_drawn_into_a_file(backup: str, job: Job, tmp_path: Path) -> None:
    target = tmp_path / "frame.png"
    said = told("diff", backup, "--task", str(job.task_id), "--frame", "0", "--picture", str(target), as_user="alice")
    assert said == f"Drawn: {target}\n"
    assert target.read_bytes().startswith(b"\x89PNG")
    assert isinstance(run("diff", backup, "--picture", str(target), as_user="alice").exception, BadInput)


def test_history_and_blame_name_people_and_revert_puts_back(job: Job, shape: int) -> None:
    heads, first, second = told("history", str(job.pk), str(shape), as_user="alice").splitlines()
    assert heads.split() == ["revision", "date", "by", "what", "in", "backups"]
    assert first.split()[-3:] == ["alice", "added", "1"]
    assert second.split()[-2:] == ["alice", "moved"]
    assert [line["revision"] for line in rows("blame", str(job.pk), "0", as_user="alice")] == [2]
    said = told("revert", str(job.pk), str(shape), "1", as_user="alice")
    assert said == f"Object {shape} is as it was after revision 1; this is revision 3\n"
    assert [line["revision"] for line in rows("history", str(job.pk), str(shape), as_user="alice")] == [1, 2, 3]


def test_failures_are_of_their_own_kinds(backup: str, job: Job, shape: int, charlie: User) -> None:
    assert isinstance(run("diff", backup, as_user="charlie").exception, Forbidden)
    assert isinstance(run("diff", backup, "yesterday", as_user="alice").exception, BadInput)
    assert isinstance(run("blame", str(job.pk), "0", as_user="charlie").exception, Forbidden)
    assert isinstance(run("history", str(job.pk), str(shape + 1), as_user="alice").exception, NotFound)
    assert isinstance(run("revert", str(job.pk), str(shape), "1", as_user="charlie").exception, Forbidden)
    Label.objects.filter(name="cat").update(deleted_at=NOW)
    assert isinstance(run("revert", str(job.pk), str(shape), "1", as_user="alice").exception, Conflict)
