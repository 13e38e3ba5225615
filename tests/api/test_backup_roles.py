"""Backups are for owners: what LABELKEEP_BACKUP_ROLES means over HTTP, on routes of today, old ones and download links.

Expected is what docs/reference/configuration.md says of each word, not the table that decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from tests.support.api import client_for
from tests.support.kept import kept
from tests.support.matrix import Person, World, undone, worlds
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project

ROLES = [
    ("owner", "organization owner", "admin"),  # the default
    ("owner",),
    ("assignee",),
    ("organization owner",),
    ("organization maintainer", "admin"),
    ("admin",),
]
PEOPLE = [Person(relation) for relation in ("project_owner", "project_assignee", "task_owner", "job_assignee")]
PEOPLE += [Person("project_owner", "none"), Person("project_owner", read_only=True), Person("stranger", admin=True)]
MEMBERS = [replace(person, role="worker") for person in PEOPLE]
MEMBERS += [Person("stranger", "user", role) for role in ("supervisor", "maintainer", "owner")]
MEMBERS += [Person("stranger", "worker", "owner"), Person("project_owner")]
CASES = [("sandbox", person) for person in [*PEOPLE, Person("stranger")]] + [("organization", it) for it in MEMBERS]


@pytest.fixture(scope="module")
def both(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, World]]:
    with kept(django_db_blocker):
        yield worlds()


def named(roles: tuple[str, ...], person: Person) -> bool:
    """Whether the role that a person has in the organization is one of them."""
    chief = "organization maintainer" in roles and person.at_least("user", "maintainer")
    return chief or ("organization owner" in roles and person.at_least("user", "owner"))


def may_make(roles: tuple[str, ...], person: Person, where: str) -> bool:
    if person.admin:
        return True
    if where == "organization" and person.role is None:
        return False
    whose = {"owner": {"project_owner"}, "assignee": {"project_owner", "project_assignee"}}
    own = any(person.relation in whose.get(role, ()) for role in roles)
    return own or (where == "organization" and named(roles, person))


def may_restore(roles: tuple[str, ...], person: Person, where: str) -> bool:
    """Who restores owns the result: an owner's right is everybody's who may create a project there."""
    if person.admin or person.read_only:
        return person.admin
    if "owner" in roles or "assignee" in roles:
        return person.at_least("user", "supervisor" if where == "organization" else None)
    return where == "organization" and named(roles, person)


@pytest.mark.parametrize("roles", ROLES, ids=", ".join)
def test_whom_the_operator_names_makes_sees_and_restores_backups_and_nobody_else(
    roles: tuple[str, ...], both: dict[str, World], settings: Any
) -> None:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, backup_roles=roles)
    for where, person in CASES:
        world = both[where]
        with world.coming(person) as client:
            found, expected = {}, {}
            for request, status in {
                "POST /api/projects/{project}/backup/export": 202,
                "POST /api/tasks/{task}/backup/export": 202,  # a task in a project follows its project
                "GET /api/projects/{project}/backup": 202,
                "GET /api/tasks/{task}/backup": 202,
                "GET /api/projects/{project}/backup-schedule": 200,
            }.items():
                method, address = request.format(**world.ids).split(" ")
                with undone():
                    found[request] = getattr(client, method.lower())(address).status_code
                expected[request] = status if may_make(roles, person, where) else 403
            for kind in ("projects", "tasks"):
                with undone():
                    start = client.post(f"/api/{kind}/backup/?org={world.ids['org']}", HTTP_UPLOAD_START="")
                found[f"restore {kind}"] = start.status_code
                expected[f"restore {kind}"] = 202 if may_restore(roles, person, where) else 403
        assert found == expected, (where, str(person))


def linked(owner: User, project: Project) -> str:
    """The link of a backup that somebody has made."""
    answer = client_for(owner).post(f"/api/projects/{project.pk}/backup/export")
    assert answer.status_code == 202
    run_queued()
    return f"/api/projects/{project.pk}/backup/download?rq_id={quote(answer.json()['rq_id'], safe='')}"


@pytest.mark.parametrize("roles", [("owner", "admin"), ("assignee",)], ids=", ".join)
def test_a_download_link_is_for_whoever_started_it_as_long_as_he_may(
    roles: tuple[str, ...], alice: User, bob: User, charlie: User, settings: Any
) -> None:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, backup_roles=roles)
    project = a_project(alice, assignee_id=bob.pk)
    a_task(alice, project=project, frames=1)
    link = linked(alice, project)
    assert client_for(alice).get(link).status_code == 200
    assert client_for(alice, read_only=True).get(link).status_code == 200
    assert client_for(User.objects.create_superuser("root")).get(link).status_code == 200
    for other in (bob, charlie):  # of whom Bob may make one himself where assignees may
        assert client_for(other).get(link).status_code == 403
    assert client_for().get(link).status_code == 401
    Project.objects.filter(pk=project.pk).update(owner=charlie)
    assert client_for(alice).get(link).status_code == 403
    assert client_for(charlie).get(link).status_code == 403  # the project is his, the request is not
    assert client_for(charlie).get(linked(charlie, project)).status_code == 200
