"""/api/jobs/{id}/revisions: every save stays known, whoever made it and wherever its content is by now."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.support.annotations import NOW, a_box, a_task_with_jobs, sent
from tests.support.projects import a_task

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations import deltas
from labelkeep.media import vault
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.restore import restore


@pytest.fixture
def job(alice: User, bob: User) -> Job:
    """Alice's, assigned to Bob."""
    job = Job.objects.get(task=a_task_with_jobs(alice, (0, 9)))
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    return Job.objects.select_related("task__project").get(pk=job.pk)


def draw(user: User, job: Job, minute: int) -> None:
    """A small save."""
    boxes = sent({"shapes": [a_box(Label.objects.get(task=job.task, name="car").pk)]})
    list(saved.patch(Actor.of(user), job, "create", boxes, now=NOW + timedelta(minutes=minute)))


def put(user: User, job: Job, minute: int) -> None:
    """A save that writes everything."""
    boxes = sent({"shapes": [a_box(Label.objects.get(task=job.task, name="car").pk, minute)]})
    saved.replace(Actor.of(user), job, boxes, now=NOW + timedelta(minutes=minute))


def ask(user: User, job: int, query: str = "") -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/api/jobs/{job}/revisions{query}")


def listed(user: User, job: Job, query: str = "") -> list[tuple[int, str, str, bool]]:
    """Number, who, the minute, whether it was small."""
    return [
        (row["number"], row["actor"]["username"], row["created_date"][14:16], row["size"] is not None)
        for row in json.loads(ask(user, job.pk, query).content)["results"]
    ]


def test_every_save_is_listed_the_last_one_first(alice: User, bob: User, job: Job) -> None:
    put(alice, job, 1)
    draw(bob, job, 2)
    draw(alice, job, 3)
    assert listed(alice, job) == [(3, "alice", "03", True), (2, "bob", "02", True), (1, "alice", "01", False)]


def test_a_save_stays_known_when_its_content_goes_into_a_document(alice: User, bob: User, job: Job) -> None:
    draw(alice, job, 1)
    draw(bob, job, 2)
    before = ask(alice, job.pk).content
    saved.fold([job.pk])
    assert ask(alice, job.pk).content == before
    draw(bob, job, 3)
    put(alice, job, 4)
    saved.clear(Actor.of(bob), job, now=NOW + timedelta(minutes=5))
    assert [(who, minute) for _, who, minute, _ in listed(alice, job)] == [
        ("bob", "05"), ("alice", "04"), ("bob", "03"), ("bob", "02"), ("alice", "01"),
    ]  # fmt: skip


def test_saves_that_cross_the_bound_of_deltas_stay_known(
    alice: User, bob: User, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deltas, "BOUND", 400)
    for minute in range(8):
        draw((alice, bob)[minute % 2], job, minute)
    assert [(number, who) for number, who, _, _ in listed(alice, job)] == [
        (number, ("bob", "alice")[number % 2]) for number in range(8, 0, -1)
    ]


def test_a_restored_job_begins_with_one_save_by_who_restored_it(alice: User, bob: User, charlie: User) -> None:
    job = Job.objects.select_related("task__project").get(task=a_task(alice, frames=2))
    cat = Label.objects.get(task=job.task, name="cat").pk
    for frame in (0, 1):
        list(saved.patch(Actor.of(alice), job, "create", sent({"shapes": [a_box(cat, frame)]}), now=NOW))
    backup = capture(actor=Actor.of(alice), kind="task", id=job.task_id, now=NOW)
    made = restore(
        actor=Actor.of(charlie), manifest=backup.manifest, get=vault.live().get_document, now=NOW + timedelta(minutes=9)
    )
    assert listed(charlie, Job.objects.get(task=made.id)) == [(2, "charlie", "09", False)]


def test_pages_never_overlap(alice: User, job: Job) -> None:
    for minute in range(3):
        draw(alice, job, minute)
    saved.fold([job.pk])
    for minute in range(3, 5):
        draw(alice, job, minute)
    first = json.loads(ask(alice, job.pk, "?page_size=2").content)
    assert first["count"] == 5
    assert first["next"].endswith("?page_size=2&page=2")
    numbers = [number for page in (1, 2, 3) for number, *_ in listed(alice, job, f"?page_size=2&page={page}")]
    assert numbers == [5, 4, 3, 2, 1]
    assert ask(alice, job.pk, "?page=9").status_code == 404


def test_a_page_costs_the_same_however_many_saves_there_are(alice: User, job: Job) -> None:
    client = Client()
    client.force_login(alice)
    counts = []
    for saves in (1, 20):
        for minute in range(saves):
            draw(alice, job, minute)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/jobs/{job.pk}/revisions?page_size=all")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_who_may_see_the_annotations_may_see_who_saved_them(alice: User, bob: User, charlie: User, job: Job) -> None:
    put(alice, job, 1)
    assert len(listed(bob, job)) == 1
    assert ask(charlie, job.pk).status_code == 403
    assert ask(alice, job.pk + 999).status_code == 404
    assert Client().get(f"/api/jobs/{job.pk}/revisions").status_code == 401


def test_a_save_of_somebody_who_is_gone_stays(alice: User, bob: User, job: Job) -> None:
    draw(bob, job, 1)
    saved.fold([job.pk])
    draw(bob, job, 2)
    bob.delete()
    rows = json.loads(ask(alice, job.pk).content)["results"]
    assert [(row["number"], row["actor"]) for row in rows] == [(2, None), (1, None)]
