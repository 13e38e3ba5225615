"""Two worlds of the same make, a sandbox and an organization, and everybody who can stand to what is in them.

In each there is a project with one task, job, issue, comment, label, guide, asset and request. Each has its own people:
`task_owner` owns the task and nothing else. The boss owns the organization and is nobody to what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.db import transaction
from rest_framework.test import APIClient

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Invitation, Membership, Organization, Role, User
from labelkeep.operations.models import Operation
from labelkeep.projects.actions.create_asset import create_asset
from labelkeep.projects.actions.create_guide import create_guide
from labelkeep.projects.models import Comment, Issue, Job, Label, Project, Task
from tests.support.api import Client, client_for, organization_of
from tests.support.projects import NOW, a_project, a_task, picture

RELATIONS = (
    "project_owner", "project_assignee", "task_owner", "task_assignee", "job_assignee", "issue_owner",
    "issue_assignee", "comment_owner", "stranger",
)  # fmt: skip
ROLES = (None, "worker", "supervisor", "maintainer", "owner")
PRIVILEGES = ("none", "worker", "user")


@dataclass(frozen=True)
class Person:
    """What somebody is to the things of a world, anywhere, and in its organization; and with what key he comes."""

    relation: str
    privilege: str = "user"
    role: str | None = None
    admin: bool = False
    read_only: bool = False

    def __str__(self) -> str:
        words = [self.relation, self.privilege, self.role, "admin" * self.admin, "read-only" * self.read_only]
        return " ".join(word for word in words if word)

    def at_least(self, privilege: str, role: str | None = None) -> bool:
        """Whether rank and role reach this far."""
        ranked = PRIVILEGES.index(self.privilege) >= PRIVILEGES.index(privilege)
        return ranked and ROLES.index(self.role) >= ROLES.index(role)


@dataclass
class World:
    """One of the two; `ids` are what addresses name."""

    organization: Organization | None
    people: dict[str, User]
    clients: dict[tuple[str, bool], Client] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    @contextmanager
    def coming(self, person: Person) -> Iterator[Client]:
        """The person's client, while he is what he is."""
        user = self.people[person.relation]
        with undone():
            User.objects.filter(pk=user.pk).update(privilege=person.privilege, is_superuser=person.admin)
            if self.organization and person.role:
                Membership.objects.create(user=user, organization=self.organization, role=person.role, joined_date=NOW)
            yield self.clients[person.relation, person.read_only]


class Quick(Client):
    """A client that is asked thousands of things: other tests hold the same answers against the OpenAPI document."""

    def request(self, **kwargs: Any) -> Any:
        """The answer, whatever it is."""
        return APIClient.request(self, **kwargs)


def quick(client: Client) -> Client:
    """The same caller, quicker."""
    client.__class__ = Quick
    return client


@contextmanager
def undone() -> Iterator[None]:
    """What is done in the block is undone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def worlds() -> dict[str, World]:
    """Both."""
    people = {name: User.objects.create_user(name, f"{name}@example.com") for name in (*RELATIONS, "boss")}
    acme = organization_of(people["boss"], "acme")
    keys = [(name, read_only) for name in people for read_only in (False, True)]
    clients = {key: quick(client_for(people[key[0]], read_only=key[1])) for key in keys}
    made = {"sandbox": World(None, people, clients), "organization": World(acme, people, clients)}
    for world in made.values():
        _fill(world)
    for world in made.values():
        _request_of(world)
    _people_of(made["organization"])
    return made


def _fill(world: World) -> None:
    people, home = world.people, {"organization": world.organization}
    owner = people["project_owner"]
    project = a_project(owner, labels=["cat", "dog"])
    task = a_task(owner, project=project, frames=2)
    everybody = {"owner": people["project_owner"], "assignee": people["project_assignee"], **home}
    Project.objects.filter(pk=project.pk).update(**everybody)
    Task.objects.filter(pk=task.pk).update(owner=people["task_owner"], assignee=people["task_assignee"], **home)
    job = Job.objects.get(task=task)
    Job.objects.filter(pk=job.pk).update(assignee=people["job_assignee"])
    dates = {"created_date": NOW, "updated_date": NOW}
    issue = Issue.objects.create(
        job=job, frame=0, position=[1, 2], owner=people["issue_owner"], assignee=people["issue_assignee"], **dates
    )
    comment = Comment.objects.create(issue=issue, owner=people["comment_owner"], message="Look.", **dates)
    admin = Actor.of(User(pk=owner.pk, username="as an admin", is_superuser=True))
    guide = create_guide(actor=admin, now=NOW, home=Project.objects.get(pk=project.pk), markdown="Look closely.")
    asset = create_asset(actor=Actor.of(owner), now=NOW, guide=_open(guide, owner), filename="a.png", content=picture())
    world.ids |= {
        "project": project.pk, "task": task.pk, "job": job.pk, "issue": issue.pk, "comment": comment.pk,
        "label": Label.objects.filter(project=project).earliest("id").pk, "guide": guide.pk, "asset": asset.pk,
        "boss": people["boss"].pk,
        "stranger": people["stranger"].pk, "org": world.organization.slug if world.organization else "",
    }  # fmt: skip


def _request_of(world: World) -> None:
    """An export that waits for a worker; made last, as making tasks carries out all that waits."""
    project, owner = world.ids["project"], world.people["project_owner"]
    request = Operation.objects.create(
        key=f"action=export&target=project&target_id={project}&user_id={owner.pk}&subresource=dataset",
        kind="export:dataset", action="export", target="project", subresource="dataset", owner=owner,
        project_id=project, created_date=clock.now(),
    )  # fmt: skip
    world.ids["request"] = quote(request.key, safe="")


def _open(guide: Any, owner: User) -> Any:
    """The guide with its home as its owner sees it in his sandbox: the asset is made before anybody is asked."""
    guide.project.organization = None
    return guide


def _people_of(world: World) -> None:
    assert world.organization is not None
    for role in ("worker", "maintainer"):
        user = User.objects.create_user(f"the_{role}", f"the_{role}@example.com")
        membership = Membership.objects.create(
            user=user, organization=world.organization, role=Role(role), joined_date=NOW
        )
        world.ids |= {f"the_{role}": membership.pk, f"user_{role}": user.pk}
    invited = User.objects.create_user("invited", "invited@example.com")
    waiting = Membership.objects.create(
        user=invited, organization=world.organization, role=Role.WORKER, is_active=False
    )
    invitation = Invitation.objects.create(
        key="k" * 64, membership=waiting, owner=world.people["boss"], created_date=clock.now(), sent_date=clock.now()
    )
    world.ids |= {"organization": world.organization.pk, "invitation": invitation.key}
