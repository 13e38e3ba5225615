"""`labelkeep undo`."""

from __future__ import annotations

import pytest
from tests.support.api import client_for
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Conflict, Forbidden
from labelkeep.projects.models import Project


@pytest.fixture
def cats(alice: User) -> int:
    """The id of a project that was deleted."""
    project = a_project(alice, "cats")
    a_task(alice, project=project, frames=1)
    assert client_for(alice).delete(f"/api/projects/{project.pk}").status_code == 204
    return int(project.pk)


def test_what_was_deleted_is_listed_and_comes_back_as_it_was(alice: User, cats: int) -> None:
    (removal,) = rows("undo", "--list", as_user="alice")
    assert (removal["what"], removal["name"], removal["subject_id"]) == ("project", "cats", cats)
    assert f"project {cats}" in told("undo", "--list", as_user="alice")
    assert told("undo", str(removal["id"]), as_user="alice") == f"Brought back project cats: {cats}\n"
    assert Project.objects.get().pk == cats
    assert isinstance(run("undo", str(removal["id"]), as_user="alice").exception, Conflict)


def test_it_is_for_those_who_may(alice: User, charlie: User, cats: int) -> None:
    (removal,) = rows("undo", "--list", as_user="alice")
    assert told("undo", "--list", as_user="charlie") == ""
    assert isinstance(run("undo", str(removal["id"]), as_user="charlie").exception, Forbidden)
    assert not Project.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["1", "--list"]])
def test_it_wants_one_thing_to_be_said(alice: User, arguments: list[str]) -> None:
    assert isinstance(run("undo", *arguments, as_user="alice").exception, BadInput)
