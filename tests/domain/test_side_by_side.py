"""Two at the same moment: each decides by what the other has left, nobody waits for ever, nothing is lost.

On SQLite one waits for the other anyway; on PostgreSQL both run, and what is held, compared or constrained decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from tests.support.annotations import NOW, a_box, a_project_of, a_task_with_jobs, received, sent
from tests.support.operations import an_operation
from tests.support.projects import a_task, label
from tests.support.threads import at_once, failures

from labelkeep.accounts import tokens
from labelkeep.accounts.actions.delete_user import delete_user
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import AccessToken, User
from labelkeep.errors import AlreadyRunning, BadInput, Cancelled, Conflict, NotFound
from labelkeep.media.catalog import DatabaseCatalog
from labelkeep.media.models import StoredObject
from labelkeep.operations import claims
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.work import Work
from labelkeep.projects import saved
from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.actions.create_issue import create_issue
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.actions.move_task import move_task
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.actions.update_task import update_task
from labelkeep.projects.actions.upsert_labels import upsert_labels
from labelkeep.projects.models import AnnotationDelta, Guide, Issue, Job, Label, Project, Revision, Task
from labelkeep.store.catalog import Location

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")
ROUNDS = 4


@pytest.fixture
def project(alice: User) -> Project:
    """A project with one label."""
    made = a_project_of(alice)
    Label.objects.create(project=made, name="car", color="#102030")
    return made


def draw(user: User, place: Job | Task, *frames: int) -> dict[str, Any]:
    task = place.task if isinstance(place, Job) else place
    car = Label.objects.get(project=task.project_id, name="car").pk
    shapes = [a_box(car, frame) for frame in frames]
    return received(saved.patch(Actor.of(user), place, "create", sent({"shapes": shapes}), now=NOW))


def test_the_same_label_is_made_once(alice: User, project: Project) -> None:
    def make() -> None:
        upsert_labels(actor=Actor.of(alice), now=NOW, home=project, labels=[label("tree")])

    results = at_once(*[make] * 4)
    assert [type(error) for error in failures(results)] == [BadInput] * 3
    assert Label.objects.filter(project=project, name="tree").count() == 1


def test_the_last_two_jobs_completed_at_once_complete_task_and_project(alice: User, project: Project) -> None:
    for _ in range(ROUNDS):
        task = a_task_with_jobs(alice, (0, 4), (5, 9), (10, 14), project=project)

        def complete(job: Job) -> Callable[[], Any]:
            return lambda: update_job(actor=Actor.of(alice), now=NOW, job=job, stage="acceptance", state="completed")

        results = at_once(*map(complete, task.jobs.select_related("task__project")))
        assert failures(results) == []
        task.refresh_from_db()
        project.refresh_from_db()
        assert (task.status, project.status) == ("completed", "completed")


def test_a_task_has_one_ground_truth_job_however_many_are_asked_for(alice: User, project: Project) -> None:
    task = a_task_with_jobs(alice, (0, 9), project=project)
    chosen = Selection(method="random_uniform", frame_count=2, seed=1)
    results = at_once(*[lambda: create_ground_truth_job(actor=Actor.of(alice), now=NOW, task=task, chosen=chosen)] * 3)
    assert [type(error) for error in failures(results)] == [BadInput] * 2
    assert Job.objects.filter(task=task, type=Job.Type.GROUND_TRUTH).count() == 1


def test_a_project_has_one_guide(alice: User, project: Project) -> None:
    results = at_once(*[lambda: create_guide(actor=Actor.of(alice), now=NOW, home=project)] * 3)
    assert [type(error) for error in failures(results)] == [BadInput] * 2
    assert Guide.objects.count() == 1


def test_saves_of_a_task_and_of_its_jobs_lose_nothing(alice: User, project: Project) -> None:
    task = a_task_with_jobs(alice, (0, 9), (10, 19), project=project)
    first, second = Job.objects.filter(task=task).select_related("task__project").order_by("start_frame")

    def many(place: Job | Task, *frames: int) -> Callable[[], None]:
        def run() -> None:
            for frame in frames:
                draw(alice, place, frame)
            saved.fold([first.pk, second.pk])

        return run

    results = at_once(many(task, 0, 19, 1, 18), many(second, 10, 11, 12), many(first, 2, 3, 4), many(task, 17, 5))
    assert failures(results) == []
    shapes = received(saved.view_task(Actor.of(alice), task))["shapes"]
    assert [shape["frame"] for shape in shapes] == [0, 1, 2, 3, 4, 5, 10, 11, 12, 17, 18, 19]
    assert len({shape["id"] for shape in shapes}) == len(shapes)


def until_it_is_gone(act: Callable[[int], Any]) -> Callable[[], None]:
    def run() -> None:
        for number in itertools.count():
            try:
                act(number % 100)
            except (NotFound, ObjectDoesNotExist):
                return

    return run


@pytest.mark.parametrize("again", range(ROUNDS))
def test_a_project_goes_wholly_while_others_draw_and_write(alice: User, project: Project, again: int) -> None:
    task = a_task(alice, project=project, frames=100)  # what is deleted is backed up first, so its data are real
    job = task.jobs.select_related("task__project").get()
    actor = Actor.of(alice)

    def remark(frame: int) -> None:
        create_issue(actor=actor, now=NOW, job=job, frame=frame, position=[1, 2], message="look")

    def remove() -> None:
        draw(alice, job, 0)
        delete_project(actor=actor, now=NOW, project=project)

    results = at_once(until_it_is_gone(lambda frame: draw(alice, job, frame)), until_it_is_gone(remark), remove)
    assert failures(results) == []
    left = (Project, Task, Job, AnnotationDelta, Revision, Issue, Label)
    assert {model.__name__: model.objects.count() for model in left} == {model.__name__: 0 for model in left}


@pytest.mark.parametrize("again", range(ROUNDS))
def test_a_task_made_in_a_project_that_goes_is_refused_or_goes_too(alice: User, project: Project, again: int) -> None:
    actor = Actor.of(alice)
    results = at_once(
        *[lambda: create_task(actor=actor, now=NOW, name="late", project=project)] * 3,
        lambda: delete_project(actor=actor, now=NOW, project=project),
    )
    assert [error for error in failures(results) if not isinstance(error, NotFound)] == []
    assert results[-1] is None
    assert not Task.objects.exists()


def test_tasks_that_change_places_do_not_wait_for_each_other_for_ever(alice: User) -> None:
    one, other = a_project_of(alice), a_project_of(alice)
    here, there = (a_task_with_jobs(alice, (0, 9), project=project) for project in (one, other))
    actor = Actor.of(alice)

    def wander(task: Task, *places: Project) -> Callable[[], None]:
        def run() -> None:
            held = Task.objects.select_related("project").get(pk=task.pk)
            for place in places * ROUNDS:
                held = move_task(actor=actor, now=NOW, task=held, project=place)
                update_task(actor=actor, now=NOW, task=held, name=f"in {place.pk}")

        return run

    def rename(task: Task) -> Callable[[], None]:
        return lambda: [  # type: ignore[return-value,func-returns-value]
            update_job(actor=actor, now=NOW, job=task.jobs.select_related("task__project").get(), state="in progress")
            for _ in range(ROUNDS)
        ]

    results = at_once(wander(here, other, one), wander(there, one, other), rename(here), rename(there))
    assert failures(results) == []
    assert {it.pk: it.project_id for it in Task.objects.all()} == {here.pk: one.pk, there.pk: other.pk}


def test_the_same_operation_is_started_once(alice: User, now: datetime) -> None:
    for _ in range(ROUNDS):
        results = at_once(*[lambda: an_operation(alice, now)] * 4)
        assert [type(error) for error in failures(results)] == [AlreadyRunning] * 3
        Operation.objects.update(status=Status.FINISHED)  # the next round replaces it


def test_of_many_workers_each_gets_other_work(alice: User, now: datetime) -> None:
    for number in range(24):
        an_operation(alice, now, f"action=export&target=task&target_id={number}")

    def work(name: str) -> Callable[[], list[str]]:
        def run() -> list[str]:
            mine: list[str] = []
            for _ in range(200):
                if claimed := claims.claim_next(name, now):
                    mine.append(claimed.key)
                elif not claims.due(now).exists():
                    break
            return mine

        return run

    results = at_once(*[work(f"w{index}") for index in range(6)])
    claimed = sorted(itertools.chain(*results))
    assert len(claimed) == len(set(claimed)) == 24
    assert set(Operation.objects.values_list("status", "attempts", "generation")) == {(Status.STARTED, 1, 1)}


def test_what_is_cancelled_while_it_publishes_is_either_published_or_cancelled(alice: User, now: datetime) -> None:
    for number in range(ROUNDS * 2):
        an_operation(alice, now, f"action=export&target=task&target_id={number}")
        held = claims.claim_next("w", now)
        assert held is not None
        User.objects.update(last_name="")

        def publish(held: Operation = held) -> str:
            with Work(held).publish() as publication:
                User.objects.filter(pk=alice.pk).update(last_name="Published")
                publication.finish({})
            return "published"

        done, cancelled = at_once(publish, lambda held=held: claims.cancel(held, now))
        alice.refresh_from_db()
        held.refresh_from_db()
        if cancelled:
            assert isinstance(done, Cancelled)
            assert (held.status, alice.last_name) == (Status.CANCELLED, "")
        else:
            assert done == "published"
            assert (held.status, alice.last_name) == (Status.FINISHED, "Published")


def test_a_server_keeps_an_admin(alice: User, bob: User) -> None:
    User.objects.update(is_superuser=True)
    users = User.objects.order_by("pk")
    pairs = [(Actor.of(users[0]), users[1].pk), (Actor.of(users[1]), users[0].pk)]
    results = at_once(*[lambda actor=actor, pk=pk: delete_user(actor=actor, pk=pk) for actor, pk in pairs])
    assert [type(error) for error in failures(results)] == [Conflict]
    assert User.objects.filter(is_superuser=True).count() == 1


def test_nobody_has_more_tokens_than_he_may_and_one_login_key(
    alice: User, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAXIMUM", 2)
    results = at_once(*[lambda: tokens.issue(alice, "script", tokens.Kind.PERSONAL, now)] * 5)
    assert [type(error) for error in failures(results)] == [BadInput] * 3
    keys = at_once(*[lambda: tokens.issue(alice, "", tokens.Kind.LOGIN, now)[1]] * 4)
    assert len(set(keys)) == 1
    assert AccessToken.objects.filter(kind=tokens.Kind.LOGIN).count() == 1


def test_writers_of_the_same_documents_do_not_wait_for_each_other_for_ever() -> None:
    places = [Location(f"b3:{number:064x}", "blob", 1, 1, 0, "pack", number) for number in range(600)]
    for start in range(ROUNDS):
        some = places[start * 100 :]
        results = at_once(
            lambda some=some: DatabaseCatalog().record(some), lambda some=some: DatabaseCatalog().record(some[::-1])
        )
        assert failures(results) == []
        assert StoredObject.objects.count() == len(some)
        StoredObject.objects.all().delete()
