"""Schemathesis sends what the OpenAPI document allows, and what it does not, and holds each answer against it.

As whoever: an admin who owns everything that is there, a member, a stranger, nobody. Half of the requests are about
things that exist. What is sent wrong need not be refused: CVAT takes numbers that are texts, and so do we.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import schemathesis
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.api import client_for, organization_of
from tests.support.projects import a_project, a_skeleton, a_task, jobs_of, picture

from labelkeep.accounts.models import Membership, User
from labelkeep.api.openapi import document

TAGS = sorted({operation["tags"][0] for path in document()["paths"].values() for operation in path.values()})
_ALWAYS = [not_a_server_error, status_code_conformance, response_headers_conformance]
_OF_BODIES = [content_type_conformance, response_schema_conformance]
_UPLOAD_KINDS = {"Upload-Start", "Upload-Multiple", "Upload-Length", "Upload-Finish"}

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@dataclass
class World:
    """Who may ask (by the header that says so), and things that are there, by the step of a path before their key."""

    people: list[dict[str, str]]
    keys: Mapping[str, Any]

    def keys_of(self, path: str) -> dict[str, Any]:
        """Values for the parameters of a path, of things that exist."""
        steps = path.strip("/").split("/")
        return {
            step.strip("{}"): self.keys.get(before, "unknown")
            for before, step in pairwise(steps)
            if step.startswith("{")
        }


@contextmanager
def one_connection() -> Iterator[None]:
    """A server drops a connection that is in a transaction, which that of a test always is: not here."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def world(alice: User, bob: User, charlie: User) -> World:
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)
    alice.refresh_from_db()
    organization = organization_of(alice, worker=bob)
    project = a_project(alice, labels=["cat", a_skeleton("pose", "head", "tail")], organization=organization)
    task = a_task(alice, project=project, frames=3, assignee_id=bob.pk)
    job = jobs_of(task)[0]
    says = client_for(alice)

    def made(path: str, body: Any, **kwargs: Any) -> Any:
        answer = says.post(path, body, **kwargs)
        assert answer.status_code in (201, 202), answer.content
        return answer.json()

    issue = made("/api/issues", {"frame": 0, "position": [1, 2], "job": job.pk, "message": "Here"})
    guide = made("/api/guides", {"project_id": project.pk, "markdown": "Draw."})
    invited = {"email": "new@example.com", "role": "worker"}
    file = picture_file()
    asset = made("/api/assets", {"file": file, "guide_id": guide["id"]}, format="multipart")
    keys = {
        "projects": project.pk,
        "tasks": task.pk,
        "jobs": job.pk,
        "labels": project.labels.first().pk,
        "issues": issue["id"],
        "comments": says.get("/api/comments").json()["results"][0]["id"],
        "guides": guide["id"],
        "assets": asset["uuid"],
        "organizations": organization.pk,
        "memberships": Membership.objects.get(organization=organization, user=bob).pk,
        "invitations": made(f"/api/invitations?org_id={organization.pk}", invited)["key"],
        "users": bob.pk,
        "access_tokens": made("/api/auth/access_tokens", {"name": "mine"})["id"],
        "requests": made(f"/api/projects/{project.pk}/backup/export", None)["rq_id"],
        "swagger": "start.js",
    }
    return World([credentials(who) for who in (alice, bob, charlie, None)], keys)


def picture_file() -> Any:
    return SimpleUploadedFile("cat.png", picture(), "image/png")


def credentials(who: User | None) -> dict[str, str]:
    told = client_for(who)._credentials
    return {"Authorization": told["HTTP_AUTHORIZATION"]} if told else {}


def operations(tag: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/schema/?scheme=json", get_wsgi_application())
    for found in schema.get_all_operations():
        operation = found.ok()
        if tag in operation.definition.raw["tags"]:
            yield operation


def ask_all(world: World, tag: str, examples: int) -> None:
    with one_connection():
        for operation in operations(tag):
            is_slow = "annotations" in operation.path  # making up annotations takes schemathesis a second each
            ask(operation, world, examples // 3 if is_slow else examples)


def ask(operation: Any, world: World, examples: int) -> None:
    """Send this many requests, each of which sees what the ones before left; then undo what they did."""
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    there = world.keys_of(operation.path)
    strategies = [operation.as_strategy(mode) for mode in modes]
    strategies += [operation.as_strategy(mode, path_parameters=there) for mode in modes if there]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(strategies), who=st.sampled_from(world.people))
    def each(case: Any, who: dict[str, str]) -> None:
        response = case.call(base_url="http://testserver", headers={**who, "Accept-Encoding": "identity"})
        case.validate_response(response, checks=_ALWAYS + (_OF_BODIES if speaks(case, response) else []))

    with transaction.atomic():
        each()
        transaction.set_rollback(True)


def speaks(case: Any, response: Any) -> bool:
    """Whether there is a body to look at: some steps of an upload are answered without one."""
    return bool(response.content) or not _UPLOAD_KINDS & set(case.headers)


@pytest.mark.parametrize("tag", TAGS)
def test_every_answer_is_as_the_document_says(world: World, tag: str) -> None:
    ask_all(world, tag, examples=6)


@pytest.mark.long
@pytest.mark.parametrize("tag", TAGS)
def test_many_answers_are_as_the_document_says(world: World, tag: str) -> None:
    ask_all(world, tag, examples=200)
