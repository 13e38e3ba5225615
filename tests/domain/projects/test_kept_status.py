"""A status that somebody set is kept and shown until stage or state of a job change, then derived again."""

from __future__ import annotations

import pytest
from tests.support.projects import NOW, a_project, a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput, Forbidden
from labelkeep.projects.actions.delete_task import delete_task
from labelkeep.projects.actions.update_job import update_job
from labelkeep.projects.actions.update_project import update_project
from labelkeep.projects.actions.update_task import update_task
from labelkeep.projects.models import Project, Task


def say(owner, thing, status: str) -> None:
    if isinstance(thing, Project):
        update_project(actor=Actor.of(owner), now=NOW, project=thing, status=status)
    else:
        update_task(actor=Actor.of(owner), now=NOW, task=thing, status=status)


def shown(*things: Project | Task) -> list[str]:
    return [type(thing).objects.get(pk=thing.pk).status for thing in things]


@pytest.fixture
def project(alice):
    return a_project(alice)


@pytest.fixture
def task(alice, project):
    return a_task(alice, project=project, frames=4, segment_size=2)


def test_what_was_said_is_shown_and_the_jobs_stay_as_they_are(alice, project, task):
    say(alice, project, "completed")
    say(alice, task, "validation")
    assert shown(project, task) == ["completed", "validation"]
    assert {job.status for job in jobs_of(task)} == {"annotation"}


def test_a_project_follows_what_was_said_of_its_task(alice, project, task):
    say(alice, task, "validation")
    assert shown(project, task) == ["validation", "validation"]


def test_tasks_that_come_move_and_go_do_not_change_it(alice, project, task):
    say(alice, project, "completed")
    other = a_task(alice, project=project, frames=2)
    moved = a_task(alice, frames=2)
    update_task(actor=Actor.of(alice), now=NOW, task=moved, project=project)
    delete_task(actor=Actor.of(alice), now=NOW, task=other)
    assert shown(project) == ["completed"]


def test_data_that_arrive_do_not_change_it(alice):
    task = a_task(alice, frames=0)
    say(alice, task, "validation")
    from tests.support.projects import attach, pictures

    attach(Actor.of(alice), task, pictures(2))
    assert shown(task) == ["validation"]


@pytest.mark.parametrize(
    ("change", "status"),
    [({"state": "completed"}, "annotation"), ({"stage": "validation"}, "validation")],
)
def test_a_change_of_a_job_ends_it_for_task_and_project(alice, project, task, change, status):
    say(alice, project, "completed")
    say(alice, task, "completed")
    update_job(actor=Actor.of(alice), now=NOW, job=jobs_of(task)[0], **change)
    assert shown(project, task) == [status, status]
    assert not Task.objects.filter(status_kept=True).exists()
    assert not Project.objects.filter(status_kept=True).exists()


def test_what_was_said_of_another_task_of_the_project_stays(alice, project, task):
    other = a_task(alice, project=project, frames=2)
    say(alice, other, "validation")
    update_job(actor=Actor.of(alice), now=NOW, job=jobs_of(task)[0], state="completed")
    assert shown(project, task, other) == ["validation", "annotation", "validation"]


def test_another_assignee_of_a_job_does_not_end_it(alice, bob, project, task):
    say(alice, project, "completed")
    job = jobs_of(task)[0]
    update_job(actor=Actor.of(alice), now=NOW, job=job, assignee_id=bob.pk)
    update_job(actor=Actor.of(alice), now=NOW, job=job, stage="annotation", state="new")  # what it has already
    assert shown(project) == ["completed"]


def test_only_a_status_that_there_is_can_be_said(alice, project):
    with pytest.raises(BadInput):
        say(alice, project, "done")
    assert shown(project) == ["annotation"]


def test_only_who_may_change_it_says_it(alice, bob, charlie, project, task):
    with pytest.raises(Forbidden):
        say(charlie, project, "completed")
    with pytest.raises(Forbidden):
        say(bob, task, "completed")
    update_task(actor=Actor.of(alice), now=NOW, task=task, assignee_id=bob.pk)
    say(bob, Task.objects.get(pk=task.pk), "completed")
    assert shown(task) == ["completed"]
