"""Deleting a project: all of it or nothing, whatever fails; what was begun with it says so."""

from __future__ import annotations

import json

import pytest
from django.apps import apps
from django.db import OperationalError, connection
from tests.support.annotations import a_box
from tests.support.kinds import annotate, ids_of
from tests.support.projects import NOW, a_project, a_skeleton, a_task, jobs_of, picture, pictures, upload

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Forbidden
from labelkeep.media.ingest import DataParams
from labelkeep.media.models import Upload
from labelkeep.operations.models import Status
from labelkeep.operations.run import run_queued
from labelkeep.projects import saved
from labelkeep.projects.actions.attach_data import DELETED, attach_data
from labelkeep.projects.actions.create_asset import create_asset
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.actions.create_issue import create_issue
from labelkeep.projects.actions.delete_project import delete_project
from labelkeep.projects.models import Job, Project
from labelkeep.snapshots.export_backup import export_backup


class Broken(OperationalError):
    """The statement that was chosen to fail."""


def rows() -> dict[str, int]:
    """How many rows there are of each kind."""
    return {model.__name__: model._default_manager.count() for model in apps.get_app_config("projects").get_models()}


def statements_until(failing: int, function) -> int:
    """Call the function with its statement number `failing` (from 1) failing; how many statements there were."""
    seen = 0

    def count(execute, sql, params, many, context):
        nonlocal seen
        seen += 1
        if seen == failing:
            raise Broken(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        function()
    return seen


@pytest.fixture
def project(alice):
    """Something of everything that a project has."""
    actor = Actor.of(alice)
    project = a_project(alice, labels=["cat", a_skeleton("pose", "head", "tail")])
    task = a_task(alice, project=project, frames=4, segment_size=2)
    cat = ids_of(project)["cat"]
    annotate(alice, task, shapes=[a_box(cat, frame) for frame in range(4)])
    small = [("shapes", 0, json.dumps([a_box(cat)]).encode())]
    list(saved.patch(actor, jobs_of(task)[0], "create", small, now=NOW))
    create_issue(actor=actor, now=NOW, job=jobs_of(task)[0], frame=0, position=[1, 2], message="look")
    guide = create_guide(actor=actor, now=NOW, home=project)
    create_asset(actor=actor, now=NOW, guide=guide, filename="a.png", content=picture())
    return project


def delete(owner, project) -> None:
    delete_project(actor=Actor.of(owner), now=NOW, project=project)


def test_it_goes_wholly_or_not_at_all_whichever_statement_fails(alice, project):
    saved.fold([job.pk for job in Job.objects.all()])  # as the safety backup would, before anything is removed
    before, failing = rows(), 0
    while Project.objects.filter(pk=project.pk).exists():
        failing += 1
        try:
            statements_until(failing, lambda: delete(alice, project))
        except Broken:
            assert rows() == before, f"statement {failing} failed, and something is gone"
    assert failing > 10
    assert {name: count for name, count in rows().items() if count} == {}


def test_others_keep_what_is_theirs(alice, bob, project):
    other = a_project(bob)
    a_task(bob, project=other, frames=1)
    delete(alice, project)
    assert rows()["Project"] == rows()["Task"] == rows()["Job"] == 1


def test_what_was_sent_for_its_tasks_goes_too_whoever_sent_it(alice, bob, project):
    mine = a_task(alice, project=project, frames=0)
    his = a_task(alice, project=project, frames=0, assignee_id=bob.pk)
    elsewhere = a_task(alice, frames=0)
    upload(Actor.of(alice), mine, pictures(1))
    upload(Actor.of(bob), his, pictures(1))
    (kept,) = upload(Actor.of(alice), elsewhere, pictures(1))
    delete(alice, project)
    assert [it.pk for it in Upload.objects.all()] == [kept]


def test_work_that_was_begun_with_it_says_that_it_is_gone(alice, project):
    actor = Actor.of(alice)
    empty = a_task(alice, project=project, frames=0)
    sent = upload(actor, empty, pictures(1))
    making = attach_data(actor=actor, now=NOW, task=empty, params=DataParams(), upload_ids=sent)
    exporting = export_backup(actor=actor, now=NOW, target=project)
    delete(alice, project)
    run_queued()
    for operation, message in (
        (making, DELETED),
        (exporting, "The project was deleted before its backup was made"),
    ):
        operation.refresh_from_db()
        assert (operation.status, operation.message) == (Status.FAILED, message)
    assert not Upload.objects.exists()


def test_only_its_owner_deletes_it(alice, bob, charlie, project):
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    project.refresh_from_db()
    for somebody in (bob, charlie):
        with pytest.raises(Forbidden):
            delete(somebody, project)
    assert Project.objects.filter(pk=project.pk).exists()
