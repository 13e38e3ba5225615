"""Every verb: where it lies, how it is called, and that a stranger may not."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.api import organization_of
from tests.support.projects import NOW, a_project, a_task, jobs_of, picture, pictures, upload

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Forbidden, NotFound
from labelkeep.media.ingest import DataParams
from labelkeep.projects import actions
from labelkeep.projects.actions.attach_data import attach_data
from labelkeep.projects.actions.create_asset import create_asset
from labelkeep.projects.actions.create_ground_truth_job import Selection, create_ground_truth_job
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.actions.create_issue import create_issue
from labelkeep.projects.actions.create_project import create_project
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Comment, Job, Label

VERBS = sorted(module.name for module in pkgutil.iter_modules(actions.__path__))


def verb(name: str) -> Callable[..., Any]:
    """The function that the file is there for."""
    return getattr(importlib.import_module(f"labelkeep.projects.actions.{name}"), name)


@pytest.fixture
def world(alice: User) -> dict[str, Any]:
    """One of everything, alice's."""
    actor = Actor.of(alice)
    project = a_project(alice)
    task = a_task(alice, project=project, frames=2)
    job = jobs_of(task)[0]
    issue = create_issue(actor=actor, now=NOW, job=job, frame=0, position=[1, 2], message="look")
    guide = create_guide(actor=actor, now=NOW, home=project)
    truth = create_ground_truth_job(actor=actor, now=NOW, task=task, chosen=Selection(method="manual", frames=[0]))
    return {
        "project": project,
        "task": task,
        "empty": a_task(alice, frames=0),
        "job": job,
        "truth": truth,
        "issue": issue,
        "comment": Comment.objects.get(issue=issue),
        "guide": guide,
        "asset": create_asset(actor=actor, now=NOW, guide=guide, filename="a.png", content=picture()),
        "label": Label.objects.filter(project=project).first(),
    }


ARGUMENTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "attach_data": lambda it: {"task": it["empty"], "params": DataParams(), "upload_ids": ["x"]},
    "create_asset": lambda it: {"guide": it["guide"], "filename": "a.png", "content": picture()},
    "create_comment": lambda it: {"issue": it["issue"], "message": "x"},
    "create_ground_truth_job": lambda it: {"task": it["task"], "chosen": Selection(method="manual", frames=[0])},
    "create_guide": lambda it: {"home": it["empty"]},
    "create_issue": lambda it: {"job": it["job"], "frame": 0, "position": [], "message": "x"},
    "create_task": lambda it: {"project": it["project"], "name": "x"},
    "delete_asset": lambda it: {"asset": it["asset"]},
    "delete_comment": lambda it: {"comment": it["comment"]},
    "delete_guide": lambda it: {"guide": it["guide"]},
    "delete_issue": lambda it: {"issue": it["issue"]},
    "delete_job": lambda it: {"job": it["truth"]},
    "delete_label": lambda it: {"label": it["label"]},
    "delete_project": lambda it: {"project": it["project"]},
    "delete_task": lambda it: {"task": it["task"]},
    "move_task": lambda it: {"task": it["empty"], "project": it["project"]},
    "set_quota": lambda it: {"of": it["project"].owner, "projects": 1, "bytes": None},
    "start_data": lambda it: {"task": it["empty"]},
    "transfer_project": lambda it: {"project": it["project"], "organization_id": None},
    "transfer_task": lambda it: {"task": it["empty"], "organization_id": None},
    "update_comment": lambda it: {"comment": it["comment"], "message": "x"},
    "update_data_meta": lambda it: {"of": it["task"], "deleted_frames": [0]},
    "update_guide": lambda it: {"guide": it["guide"], "markdown": "x"},
    "update_issue": lambda it: {"issue": it["issue"], "resolved": True},
    "update_job": lambda it: {"job": it["job"], "state": "completed"},
    "update_job_validation_layout": lambda it: {"job": it["job"], "method": "random_uniform"},
    "update_label": lambda it: {"label": it["label"], "given": LabelInput(name="x")},
    "update_project": lambda it: {"project": it["project"]},
    "update_task": lambda it: {"task": it["task"]},
    "update_validation_layout": lambda it: {"task": it["task"], "disabled_frames": []},
    "upsert_labels": lambda it: {"home": it["project"], "labels": [LabelInput(name="x")]},
}
ANYBODYS = {"create_project"}  # a stranger may have projects of his own


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_keyword_only_and_knows_its_actor_first(name):
    parameters = list(inspect.signature(verb(name)).parameters.values())
    assert parameters[0].name == "actor"
    assert all(it.kind is inspect.Parameter.KEYWORD_ONLY for it in parameters)


@pytest.mark.parametrize("name", [name for name in VERBS if name not in ANYBODYS])
def test_a_stranger_may_not(world, charlie, name):
    function = verb(name)
    arguments = ARGUMENTS[name](world)
    if "now" in inspect.signature(function).parameters:
        arguments["now"] = NOW
    with pytest.raises(Forbidden):
        function(actor=Actor.of(charlie), **arguments)


@pytest.mark.parametrize("name", [name for name in VERBS if name not in ANYBODYS])
def test_a_read_only_token_may_not(world, alice, name):
    function = verb(name)
    arguments = ARGUMENTS[name](world)
    if "now" in inspect.signature(function).parameters:
        arguments["now"] = NOW
    with pytest.raises(Forbidden):
        function(actor=Actor(alice, read_only=True), **arguments)


def test_a_worker_of_an_organization_makes_nothing_there(alice, bob):
    organization = organization_of(alice, worker=bob)
    project = a_project(alice, organization=organization)
    actor = Actor.of(bob, organization)
    with pytest.raises(Forbidden):
        create_project(actor=actor, now=NOW, name="x")
    with pytest.raises(Forbidden):
        create_task(actor=actor, now=NOW, name="x")
    with pytest.raises(Forbidden):
        create_task(actor=actor, now=NOW, name="x", project=project)


def test_a_maintainer_of_the_organization_may_what_its_owner_may(alice, bob):
    organization = organization_of(alice, maintainer=bob)
    task = a_task(alice, organization=organization, frames=2)
    verb("update_task")(actor=Actor.of(bob), now=NOW, task=task, name="ours", assignee_id=bob.pk)
    verb("update_job")(actor=Actor.of(bob), now=NOW, job=jobs_of(task)[0], stage="acceptance")
    verb("delete_task")(actor=Actor.of(bob), now=NOW, task=task)
    assert not Job.objects.exists()


def test_nobody_makes_data_of_what_somebody_else_sent(alice, bob):
    task = a_task(alice, frames=0, assignee_id=bob.pk)
    (sent,) = upload(Actor.of(alice), task, pictures(1))
    with pytest.raises(NotFound):
        attach_data(actor=Actor.of(bob), now=NOW, task=task, params=DataParams(), upload_ids=[sent])


def test_nobody_makes_data_of_what_was_sent_for_another_task(alice):
    task, other = a_task(alice, frames=0), a_task(alice, frames=0)
    (sent,) = upload(Actor.of(alice), other, pictures(1))
    with pytest.raises(NotFound):
        attach_data(actor=Actor.of(alice), now=NOW, task=task, params=DataParams(), upload_ids=[sent])
