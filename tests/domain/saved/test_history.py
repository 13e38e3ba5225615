"""Who changed one object and when; who changed what stands on a frame last; and one object put back as it was."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q
from tests.support.annotations import NOW, a_box, a_tag, a_task_with_jobs, a_track, sent
from tests.support.saves import first_job, seen

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.annotations import deltas
from labelkeep.annotations.wire import job_and_number
from labelkeep.errors import Conflict, Forbidden, NotFound
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Label, Revision

Json = dict[str, Any]


@pytest.fixture
def job(alice: User, bob: User) -> Job:
    """Alice's, assigned to Bob."""
    job = first_job(a_task_with_jobs(alice, (0, 9)))
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    return first_job(job.task)


@pytest.fixture
def four(alice: User, bob: User, job: Job) -> list[User]:
    """Alice, Bob, and two admins."""
    return [
        alice,
        bob,
        *(User.objects.create_superuser(name, f"{name}@x.org", "pass word 1") for name in ("eve", "dan")),
    ]


def label(job: Job, name: str = "car") -> int:
    return Label.objects.get(task=job.task, name=name).pk


def patch(user: User, job: Job, action: Any, minute: int = 0, **lists: Any) -> Json:
    """A save; what was affected."""
    pieces = saved.patch(Actor.of(user), job, action, sent(lists), now=NOW + timedelta(minutes=minute))
    return dict(json.loads(b"".join(pieces)))


def drawn(user: User, job: Job, frame: int = 0, **more: Any) -> Json:
    """A new rectangle, as the wire has it."""
    return dict(patch(user, job, "create", shapes=[a_box(label(job), frame, **more)])["shapes"][0])


def number_of(shape: Json) -> int:
    return job_and_number(shape["id"])[1]


def told(job: Job, number: int) -> list[tuple[int, str, Any]]:
    """Revision, who, and the left edge; None where it is gone."""
    return [
        (version.revision, version.save["actor__username"], version.item and version.item.points[0])  # type: ignore[union-attr]
        for version in saved.versions(job.pk, [number])[number]
    ]


def moved(user: User, job: Job, shape: Json, left: float, minute: int = 0) -> None:
    shape = {**shape, "points": [left, 2, 90, 40]}
    patch(user, job, "update", minute, shapes=[shape])


def test_twenty_versions_by_four_people_are_told_exactly(four: list[User], job: Job, monkeypatch: Any) -> None:
    monkeypatch.setattr(deltas, "BOUND", 1_000)  # so that edits go into documents on the way, too
    shape, other = drawn(four[0], job), drawn(four[1], job, frame=3)
    expected = [(1, "alice", 1.0)]
    for turn in range(19):
        who = four[turn % 4]
        moved(four[(turn + 1) % 4], job, other, 50 + turn)  # somebody else works on something else in between
        moved(who, job, shape, 2.0 + turn, minute=turn)
        expected.append((4 + 2 * turn, who.username, 2.0 + turn))
        if turn % 7 == 3:
            saved.fold([job.pk])
    assert told(job, number_of(shape)) == expected
    assert len(expected) == 20
    assert all(version.is_exact for version in saved.versions(job.pk, [number_of(shape)])[number_of(shape)])


def test_what_a_save_leaves_as_it_was_is_no_version(alice: User, bob: User, job: Job) -> None:
    shape = drawn(alice, job)
    patch(bob, job, "update", shapes=[{**shape, "attributes": []}])
    saved.replace(Actor.of(bob), job, sent({"shapes": [a_box(label(job)), a_box(label(job), 5)]}), now=NOW)
    assert told(job, number_of(shape)) == [(1, "alice", 1.0)]


def test_an_object_that_was_removed_and_put_in_documents_is_followed(alice: User, bob: User, job: Job) -> None:
    shape = drawn(alice, job)
    saved.fold([job.pk])
    patch(bob, job, "update", shapes=[{**shape, "frame": 7}])
    saved.replace(Actor.of(alice), job, sent({"shapes": []}), now=NOW)
    drawn(bob, job)
    assert told(job, number_of(shape)) == [(1, "alice", 1.0), (2, "bob", 1.0), (3, "alice", None)]


def test_of_edits_whose_content_was_not_kept_the_range_is_told(alice: User, bob: User, job: Job) -> None:
    shape = drawn(alice, job)
    moved(bob, job, shape, 7)
    moved(alice, job, shape, 8)
    saved.fold([job.pk])
    Revision.objects.filter(~Q(log="")).update(log="")
    moved(bob, job, shape, 9)
    found = saved.versions(job.pk, [number_of(shape)])[number_of(shape)]
    assert [(version.since, version.revision, version.is_exact) for version in found] == [(1, 3, False), (4, 4, True)]


def test_blame_names_the_last_editor_of_each_object_on_the_frame(four: list[User], job: Job) -> None:
    alice, bob, eve, dan = four
    shape = drawn(alice, job, frame=4)
    drawn(bob, job, frame=5)
    patch(eve, job, "create", tags=[a_tag(label(job), 4)])
    patch(bob, job, "create", tracks=[a_track(label(job), (1, [1, 2, 3, 4], False), (8, [1, 2, 3, 4], True))])
    patch(bob, job, "create", tracks=[a_track(label(job), (1, [1, 2, 3, 4], False), (3, [1, 2, 3, 4], True))])
    saved.fold([job.pk])
    moved(dan, job, shape, 30)
    lines = [(version.kind, version.save["actor__username"]) for version in saved.blame(job.pk, 4)]
    assert lines == [("tags", "eve"), ("shapes", "dan"), ("tracks", "bob")]


def everything(user: User, job: Job) -> dict[int, Json]:
    view = seen(user, job)
    return {item["id"]: item for kind in ("tags", "shapes", "tracks") for item in view[kind]}


def test_reverting_an_object_changes_nothing_else(four: list[User], job: Job) -> None:
    chance = random.Random(5)
    shapes = [drawn(chance.choice(four), job, frame=chance.randrange(10)) for _ in range(12)]
    states = []
    for turn in range(40):
        moved(chance.choice(four), job, chance.choice(shapes), turn)
        states.append((turn + 13, everything(four[0], job)))
    for revision, then in chance.sample(states, 8):
        shape = chance.choice(shapes)
        before = everything(four[0], job)
        saved.revert(Actor.of(four[1]), job, number_of(shape), revision, now=NOW)
        assert everything(four[0], job) == before | {shape["id"]: then[shape["id"]]}


def test_what_was_removed_comes_back_with_its_number_and_history_goes_on(alice: User, bob: User, job: Job) -> None:
    shape = drawn(alice, job)
    patch(bob, job, "delete", shapes=[shape])
    versions = saved.revert(Actor.of(bob), job, number_of(shape), 1, now=NOW)
    assert [version.revision for version in versions] == [1, 2, 3]
    assert [item["id"] for item in seen(alice, job)["shapes"]] == [shape["id"]]
    saved.revert(Actor.of(bob), job, number_of(shape), 2, now=NOW)
    assert seen(alice, job)["shapes"] == []


def test_reverting_to_what_it_is_saves_nothing(alice: User, job: Job) -> None:
    shape = drawn(alice, job)
    saved.revert(Actor.of(alice), job, number_of(shape), 1, now=NOW)
    assert Job.objects.get(pk=job.pk).revision == 1


def test_what_cannot_be_put_back_is_refused(alice: User, bob: User, charlie: User, job: Job) -> None:
    shape = drawn(alice, job)
    moved(alice, job, shape, 5)
    number = number_of(shape)
    with pytest.raises(Forbidden):
        saved.revert(Actor.of(charlie), job, number, 1, now=NOW)
    with pytest.raises(NotFound):
        saved.revert(Actor.of(bob), job, number + 1, 1, now=NOW)
    with pytest.raises(NotFound):
        saved.revert(Actor.of(bob), job, number, 0, now=NOW)
    Label.objects.filter(task=job.task, name="car").update(deleted_at=NOW)
    with pytest.raises(Conflict, match="label"):
        saved.revert(Actor.of(bob), job, number, 1, now=NOW)
