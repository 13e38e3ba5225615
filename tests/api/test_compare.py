"""/api/backups/{id}/diff: what has changed between two backups, or since one; who may ask, in pages, as text."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.support.annotations import NOW, a_box, a_tag, a_track, sent
from tests.support.api import Client, client_for
from tests.support.projects import a_project, a_skeleton, a_task
from tests.support.saves import first_job

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.restore import restore

Json = dict[str, Any]


@pytest.fixture
def project(alice: User) -> Project:
    """Two tasks, the first with a few objects."""
    made = a_project(alice, labels=["cat", "dog", a_skeleton("pose", "head", "tail")])
    for name in ("first", "second"):
        a_task(alice, name, project=made, frames=4)
    job = job_of(made)
    save(alice, job, "create", shapes=[a_box(label(made), frame, [2, 2, 20, 20]) for frame in range(3)])
    return made


def job_of(project: Project) -> Job:
    return first_job(Task.objects.filter(project=project).order_by("id")[0])


def label(project: Project, name: str = "cat") -> int:
    return Label.objects.get(project=project, name=name).pk


def save(user: User, job: Job, action: Any, **lists: Any) -> Json:
    return dict(json.loads(b"".join(saved.patch(Actor.of(user), job, action, sent(lists), now=NOW))))


def backed_up(user: User, project: Project, minute: int = 0) -> Backup:
    return capture(actor=Actor.of(user), kind="project", id=project.pk, now=NOW + timedelta(minutes=minute))


def diff(client: Client, backup: Backup, query: str = "") -> Json:
    answer = client.get(f"/api/backups/{backup.pk}/diff{query}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def edited(user: User, project: Project) -> None:
    """One of the first task's objects moved, one relabelled, one removed, a tag and a track drawn; the task renamed."""
    job = job_of(project)
    moved, relabelled, removed = seen(user, job)["shapes"]
    save(user, job, "update", shapes=[{**moved, "points": [5, 5, 25, 25]}])
    save(user, job, "update", shapes=[{**relabelled, "label_id": label(project, "dog"), "attributes": []}])
    save(user, job, "delete", shapes=[removed])
    save(user, job, "create", tags=[a_tag(label(project), 3)])
    save(user, job, "create", tracks=[a_track(label(project), (1, [1, 1, 9, 9], False), (3, [3, 3, 12, 12], False))])
    Task.objects.filter(pk=job.task_id).update(name="renamed")


def seen(user: User, job: Job) -> Json:
    return dict(json.loads(b"".join(saved.view_job(Actor.of(user), job))))


def test_what_changed_since_a_backup_is_told(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    edited(alice, project)
    Label.objects.filter(project=project, name="pose").update(name="posture")
    told = diff(client_for(alice), backup)
    assert told["objects"] == {
        "tags": {"added": 1},
        "shapes": {"moved": 1, "relabelled": 1, "removed": 1},
        "tracks": {"added": 1},
    }
    assert told["objects_by_label"] == {"cat": {"added": 2, "moved": 1, "removed": 1}, "dog": {"relabelled": 1}}
    assert [(change["field"], change["before"], change["after"]) for change in told["fields"]] == [
        ("name", "first", "renamed")
    ]
    assert ("pose", ["name"], "posture") in [
        (change["label"], change["changes"], change["renamed_to"]) for change in told["labels"]
    ]
    (task,) = told["tasks"]
    assert task["task"]["name"] == "first"
    assert task["jobs"]["changed"] == 1
    assert (told["count"], told["is_same"], told["results"]) == (5, False, [])
    assert (told["backup"]["id"], told["other"]["id"]) == (str(backup.pk), None)


def test_nothing_has_changed_costs_no_reading_of_annotations(
    alice: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = backed_up(alice, project), backed_up(alice, project, 1)
    read: list[str] = []
    store = vault.live()
    get = store.get_document
    monkeypatch.setattr(store, "get_document", lambda name: read.append(name) or get(name))
    told = diff(client_for(alice), first, f"?with={second.pk}")
    assert told["is_same"]
    assert read == [first.manifest, first.manifest]


def test_single_objects_come_in_pages_with_names_and_values(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    edited(alice, project)
    client, query = client_for(alice), "?details=true&page_size=2"
    pages = [diff(client, backup, f"{query}&page={page}") for page in (1, 2, 3)]
    assert [len(page["results"]) for page in pages] == [2, 2, 1]
    assert pages[0]["next"].endswith("page=2")
    rows = {(row["kind"], *row["changes"]): row for page in pages for row in page["results"]}
    moved = rows["shapes", "moved"]
    assert moved["before"]["points"] == [2.0, 2.0, 20.0, 20.0]
    assert moved["after"]["points"] == [5.0, 5.0, 25.0, 25.0]
    assert (moved["label"], moved["frame"], moved["by"]) == ("cat", 0, "number")
    relabelled = rows["shapes", "relabelled"]
    assert (relabelled["before"]["label"], relabelled["after"]["label"]) == ("cat", "dog")
    assert rows["tracks", "added"]["frames"] == [1, 3]
    assert client.get(f"/api/backups/{backup.pk}/diff{query}&page=4").status_code == 404


def test_one_task_or_frame_can_be_asked_for_alone(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    edited(alice, project)
    client, task = client_for(alice), job_of(project).task
    on_three = diff(client, backup, f"?frame=3&details=true&task={task.uuid}")
    assert [(row["kind"], row["changes"]) for row in on_three["results"]] == [
        ("tags", ["added"]),
        ("tracks", ["added"]),
    ]
    assert diff(client, backup, f"?task={task.pk + 1}")["count"] == 0


def test_tasks_that_came_and_went_and_deleted_frames_are_told(alice: User, project: Project) -> None:
    first = backed_up(alice, project)
    Task.objects.get(project=project, name="first").delete()
    a_task(alice, "third", project=project, frames=2)
    Task.objects.filter(project=project, name="second").update(deleted_frames=[1, 2])
    told = diff(client_for(alice), first)
    tasks = {task["task"]["name"]: task for task in told["tasks"]}
    assert (tasks["first"]["change"], tasks["first"]["objects"]) == ("removed", {"shapes": 3})
    assert (tasks["third"]["change"], tasks["third"]["frames"]) == ("added", {"added": 2})
    assert tasks["second"]["deleted_frames"] == [1, 2]


def test_a_restored_copy_is_compared_with_its_original_by_name_and_overlap(alice: User, project: Project) -> None:
    first = backed_up(alice, project)
    made = restore(actor=Actor.of(alice), manifest=first.manifest, get=vault.live().get_document, now=NOW)
    copy = Project.objects.get(pk=made.id)
    save(alice, job_of(copy), "update", shapes=[{**seen(alice, job_of(copy))["shapes"][0], "points": [4, 2, 22, 20]}])
    second = backed_up(alice, copy)
    told = diff(client_for(alice), first, f"?with={second.pk}&details=true")
    assert told["objects"] == {"shapes": {"moved": 1}}
    assert [row["by"] for row in told["results"]] == ["overlap"]
    assert told["labels"] == []
    assert told["tasks"][0]["jobs"] == {"added": 0, "removed": 0, "changed": 1}


def test_objects_of_a_deleted_label_are_gone(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    Label.objects.filter(project=project, name="cat").update(deleted_at=NOW)
    told = diff(client_for(alice), backup)
    assert told["objects"] == {"shapes": {"removed": 3}}
    assert [(change["label"], change["changes"]) for change in told["labels"]] == [("cat", ["removed"])]


def test_people_may_have_it_as_text(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    edited(alice, project)
    answer = client_for(alice).get(f"/api/backups/{backup.pk}/diff/text?details=true")
    text = b"".join(answer.streaming_content).decode()
    assert "name 'first' → 'renamed'" in text
    assert "shapes: 1 moved, 1 relabelled, 1 removed" in text
    assert "frame 0: shape 1 cat moved" in text


def test_who_may_see_the_backup_may_compare_it(alice: User, bob: User, charlie: User, project: Project) -> None:
    backup = backed_up(alice, project)
    other = backed_up(charlie, a_project(charlie))
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    assert client_for(charlie).get(f"/api/backups/{backup.pk}/diff").status_code == 403
    assert client_for(alice).get(f"/api/backups/{backup.pk}/diff?with={other.pk}").status_code == 403
    assert client_for().get(f"/api/backups/{backup.pk}/diff").status_code == 401
    assert client_for(alice, personal=True, read_only=True).get(f"/api/backups/{backup.pk}/diff").status_code == 200


def test_what_cannot_be_compared_is_refused(alice: User, project: Project) -> None:
    backup = backed_up(alice, project)
    task = capture(actor=Actor.of(alice), kind="task", id=job_of(project).task_id, now=NOW)
    client, address = client_for(alice), f"/api/backups/{backup.pk}/diff"
    assert client.get(f"{address}?with={task.pk}").status_code == 400
    assert client.get(f"{address}?with=yesterday").status_code == 400
    assert client.get(f"{address}?match=magic").status_code == 400
    project.delete()
    assert client.get(address).status_code == 410
