"""Who may do what, over HTTP: every route and method, every relation, rank and role, in the sandbox and in an
organization.

What is expected is written here a second time from cvat-protocol §3.2, not from the table that decides. Known and not
allowed is 403, unknown 404, nobody 401.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.api import Client, client_for
from tests.support.kept import kept
from tests.support.matrix import PRIVILEGES, RELATIONS, ROLES, Person, World, quick, undone, worlds
from tests.support.projects import picture

from labelkeep.accounts.models import User

PROJECT = {"project_owner", "project_assignee"}
TASK = PROJECT | {"task_owner", "task_assignee"}
JOB = TASK | {"job_assignee"}
ISSUE = JOB | {"issue_owner", "issue_assignee"}
COMMENT = ISSUE | {"comment_owner"}
EVERYBODY = set(RELATIONS)
NOBODY: set[str] = set()


@dataclass(frozen=True)
class Rule:
    """Who may in the sandbox, and in the organization, from which rank (and there from which role); and whether
    maintainers of rank `user` may there whoever they are."""

    who: set[str]
    rank: str = "worker"
    role: str = "worker"
    chiefs: bool = True
    there: set[str] | None = None  # in the organization, where other people may than in the sandbox
    reads: bool = False
    apart: bool = False  # organizations do not matter

    def allows(self, person: Person, world: str) -> bool:
        if person.read_only and not self.reads:
            return False
        if person.admin:
            return True
        if world == "sandbox" or self.apart:
            return person.relation in self.who and person.at_least(self.rank)
        who = self.who if self.there is None else self.there
        chief = self.chiefs and person.at_least("user", "maintainer")
        return person.role is not None and (chief or (person.relation in who and person.at_least(self.rank, self.role)))


def view(who: set[str], rank: str = "none") -> Rule:
    return Rule(who, rank, reads=True)


CREATE = Rule(EVERYBODY, "user", "supervisor", chiefs=False)
GT = Rule(TASK, "user", "supervisor")
STAGE = Rule(TASK)
OWN_TASK = PROJECT | {"task_owner"}
ORGANIZATION_ONLY: dict[str, Any] = {"who": NOBODY, "chiefs": False}


@dataclass(frozen=True)
class Action:
    """A request, what it answers to who may, and who that is."""

    request: str  # "PATCH /api/projects/{project}"
    rule: Rule
    body: Any = None
    status: int = 200

    def send(self, client: Client, ids: dict[str, Any]) -> int:
        method, _, address = self.request.partition(" ")
        body, form = self.body, "json"
        if body == "file":
            file = io.BytesIO(picture())
            file.name = "b.png"
            body, form = {"file": file, "guide_id": ids["guide"]}, "multipart"
        elif isinstance(body, dict):
            body = {name: ids[str(value)[1:]] if str(value)[:1] == "$" else value for name, value in body.items()}
        send = getattr(client, method.lower())
        answer = send(address.format(**ids)) if body is None else send(address.format(**ids), body, format=form)
        return int(answer.status_code)


def kept_empty(of: str) -> list[Action]:
    """What is sent to the annotations of a task or job."""
    who = TASK if of == "task" else JOB
    address = f"/api/{of}s/{{{of}}}/annotations/"
    empty = {"version": 0, "tags": [], "shapes": [], "tracks": []}
    return [
        Action(f"GET {address}", view(who)),
        Action(f"PUT {address}", Rule(who), empty),
        Action(f"PATCH {address}?action=create", Rule(who), empty),
        Action(f"DELETE {address}", Rule(who), status=204),
    ]


ACTIONS = [
    Action("GET /api/projects/{project}", view(PROJECT)),
    Action("GET /api/projects/{project}/preview", view(PROJECT)),
    Action("PATCH /api/projects/{project}", Rule(PROJECT), {}),
    Action("PATCH /api/projects/{project}", Rule(PROJECT), {"name": "farm", "bug_tracker": ""}),
    Action("PATCH /api/projects/{project}", Rule(PROJECT), {"labels": [{"name": "cow"}]}),
    Action("PATCH /api/projects/{project}", Rule({"project_owner"}), {"assignee_id": None}),
    Action("PATCH /api/projects/{project}", Rule(NOBODY), {"owner_id": "$boss"}),
    Action("PATCH /api/projects/{project}", Rule({"project_owner"}), {"target_storage": {"location": "local"}}),
    Action("DELETE /api/projects/{project}", Rule({"project_owner"}), status=204),
    Action("POST /api/projects?org={org}", CREATE, {"name": "farm"}, 201),
    Action("POST /api/tasks?org={org}", CREATE, {"name": "hens"}, 201),
    Action("GET /api/tasks/{task}", view(TASK)),
    Action("GET /api/tasks/{task}/preview", view(TASK)),
    Action("GET /api/tasks/{task}/status", view(TASK)),
    Action("GET /api/tasks/{task}/data/?type=frame&number=0&quality=original", view(TASK)),
    Action("GET /api/tasks/{task}/data/meta", view(TASK)),
    Action("PATCH /api/tasks/{task}/data/meta", Rule(TASK), {"deleted_frames": [1]}),
    Action("HEAD /api/tasks/{task}/data/none", Rule(TASK), status=404),  # nothing is being sent
    Action("GET /api/tasks/{task}/validation_layout", view(TASK)),
    Action("PATCH /api/tasks/{task}", Rule(TASK), {"name": "hens", "subset": "train"}),
    Action("PATCH /api/tasks/{task}", Rule(OWN_TASK), {"assignee_id": None}),
    Action("PATCH /api/tasks/{task}", Rule(OWN_TASK, there=NOBODY), {"owner_id": "$boss"}),
    Action("PATCH /api/tasks/{task}", Rule({"project_owner", "task_owner"}), {"source_storage": {"location": "local"}}),
    Action("DELETE /api/tasks/{task}", Rule(OWN_TASK), status=204),
    *kept_empty("task"),
    Action("GET /api/jobs/{job}", view(JOB)),
    Action("GET /api/jobs/{job}/preview", view(JOB)),
    Action("GET /api/jobs/{job}/data?type=frame&number=0&quality=original", view(JOB)),
    Action("GET /api/jobs/{job}/data/meta", view(JOB)),
    Action("PATCH /api/jobs/{job}/data/meta", Rule(JOB), {"deleted_frames": [1]}),
    Action("GET /api/jobs/{job}/validation_layout", view(TASK)),
    Action("PATCH /api/jobs/{job}", Rule(JOB), {"state": "in progress"}),
    Action("PATCH /api/jobs/{job}", STAGE, {"stage": "validation"}),
    Action("PATCH /api/jobs/{job}", STAGE, {"assignee": None}),
    Action("POST /api/jobs", GT, {"type": "ground_truth", "task_id": "$task", "frame_count": 1}, 201),
    Action("DELETE /api/jobs/{job}", GT, status=400),  # it is none of the ground truth
    *kept_empty("job"),
    Action("GET /api/labels/{label}", view(PROJECT)),
    Action("GET /api/labels?project_id={project}", view(PROJECT)),
    Action("GET /api/labels?task_id={task}", view(TASK)),
    Action("GET /api/labels?job_id={job}", view(JOB)),
    Action("PATCH /api/labels/{label}", Rule(PROJECT), {"name": "cow"}),
    Action("DELETE /api/labels/{label}", Rule(PROJECT), status=204),
    Action("POST /api/issues", Rule(JOB), {"job": "$job", "frame": 0, "position": [1, 2], "message": "Why?"}, 201),
    Action("GET /api/issues/{issue}", view(ISSUE)),
    Action("PATCH /api/issues/{issue}", Rule(ISSUE), {"resolved": True}),
    Action("DELETE /api/issues/{issue}", Rule(TASK | {"issue_owner"}), status=204),
    Action("POST /api/comments", Rule(ISSUE), {"issue": "$issue", "message": "Because."}, 201),
    Action("GET /api/comments/{comment}", view(COMMENT)),
    Action("PATCH /api/comments/{comment}", Rule(COMMENT), {"message": "Perhaps."}),
    Action("DELETE /api/comments/{comment}", Rule(COMMENT), status=204),
    Action("GET /api/guides/{guide}", view(PROJECT | {"job_assignee"}, "worker")),
    Action("PATCH /api/guides/{guide}", Rule(PROJECT, "user"), {"markdown": "Look twice."}),
    Action("DELETE /api/guides/{guide}", Rule(PROJECT, "user"), status=204),
    Action("POST /api/guides", Rule(PROJECT, "user"), {"project_id": "$project"}, 400),  # it has one
    Action("POST /api/assets", Rule(PROJECT, "user"), "file", 201),
    Action("GET /api/assets/{asset}", view(PROJECT | {"job_assignee"}, "worker")),
    Action("DELETE /api/assets/{asset}", Rule(PROJECT, "user"), status=204),
    Action("GET /api/requests/{request}", Rule({"project_owner"}, "none", apart=True, reads=True)),
    Action("POST /api/requests/{request}/cancel", Rule({"project_owner"}, "none", apart=True)),
]
IN_PROJECT = Action("POST /api/tasks", Rule(PROJECT, "user"), {"name": "hens", "project_id": "$project"}, 201)
_WHOEVER: dict[str, Any] = {"who": NOBODY, "there": EVERYBODY, "chiefs": False}
OF_ORGANIZATION = [
    Action("GET /api/organizations/{organization}", Rule(**_WHOEVER, rank="none", reads=True)),
    Action("PATCH /api/organizations/{organization}", Rule(**_WHOEVER, role="maintainer"), {"name": "ACME"}),
    Action("DELETE /api/organizations/{organization}", Rule(**_WHOEVER, role="owner"), status=204),
    Action("GET /api/memberships/{the_worker}", Rule(**_WHOEVER, rank="none", reads=True)),
    Action("PATCH /api/memberships/{the_worker}", Rule(NOBODY), {"role": "supervisor"}),
    Action("PATCH /api/memberships/{the_worker}", Rule(**_WHOEVER, rank="user", role="owner"), {"role": "maintainer"}),
    Action("PATCH /api/memberships/{the_maintainer}", Rule(**_WHOEVER, rank="user", role="owner"), {"role": "worker"}),
    Action("DELETE /api/memberships/{the_worker}", Rule(NOBODY), status=204),
    Action("DELETE /api/memberships/{the_maintainer}", Rule(**_WHOEVER, rank="user", role="owner"), status=204),
    Action("POST /api/invitations?org=acme", Rule(NOBODY), {"email": "a@b.example", "role": "worker"}, 201),
    Action(
        "POST /api/invitations?org=acme",
        Rule(**_WHOEVER, rank="user", role="owner"),
        {"email": "a@b.example", "role": "maintainer"},
        201,
    ),
    Action("GET /api/invitations/{invitation}", Rule(NOBODY, reads=True)),
    Action("DELETE /api/invitations/{invitation}", Rule(NOBODY), status=204),
    Action("GET /api/users/{user_worker}", Rule(**_WHOEVER, rank="none", reads=True)),
    Action("PATCH /api/users/{user_worker}", Rule(NOBODY, chiefs=False), {"first_name": "Wanda"}),
    Action("DELETE /api/users/{user_worker}", Rule(NOBODY, chiefs=False), status=204),
]
ANYWHERE = [
    Action("POST /api/organizations", Rule(EVERYBODY, "user"), {"slug": "other"}, 201),
    Action("GET /api/server/share", Rule(EVERYBODY, "user", reads=True)),
    Action("GET /api/users/self", Rule(EVERYBODY, "none", reads=True)),
    Action("GET /api/users", Rule(EVERYBODY, "none", reads=True)),
    Action("GET /api/organizations", Rule(EVERYBODY, "none", reads=True)),
    Action("GET /api/auth/access_tokens", Rule(EVERYBODY, "none", reads=True)),
    Action("GET /api/server/annotation/formats", Rule(EVERYBODY, "none", reads=True)),
]
LISTS = {
    "projects": PROJECT, "tasks": TASK, "jobs": JOB, "labels": PROJECT, "issues": ISSUE, "comments": COMMENT,
}  # fmt: skip

READERS = [Person("project_owner", read_only=True), Person("stranger", admin=True, read_only=True)]
FEW = ("project_owner", "task_assignee", "job_assignee", "stranger")  # whose rank is varied too
SANDBOX = [Person(relation) for relation in RELATIONS]
SANDBOX += [Person(relation, privilege) for relation in FEW for privilege in PRIVILEGES[:2]]
SANDBOX += [Person("stranger", admin=True), *READERS]
MEMBERS = [Person(relation, "user", "worker") for relation in RELATIONS]
MEMBERS += [Person(relation, privilege, "worker") for relation in FEW[::2] for privilege in PRIVILEGES[:2]]
MEMBERS += [Person("stranger", "user", role) for role in ROLES[2:]]
MEMBERS += [Person("stranger", privilege, role) for privilege in PRIVILEGES[:2] for role in ROLES[3:]]
MEMBERS += [Person(relation, "user", "supervisor") for relation in FEW[1:3]]
MEMBERS += [Person("project_owner"), Person("stranger"), Person("stranger", "none", admin=True)]  # of no role there
MEMBERS += [Person("project_owner", role="owner", read_only=True), READERS[1]]
CASES = [("sandbox", person) for person in SANDBOX] + [("organization", person) for person in MEMBERS]
EVERY_CASE = pytest.mark.parametrize(("where", "person"), CASES, ids=lambda it: str(it))


@pytest.fixture(scope="module")
def both(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, World]]:
    with kept(django_db_blocker):
        yield worlds()


def expected(action: Action, person: Person, where: str) -> int:
    return action.status if action.rule.allows(person, where) else 403


@EVERY_CASE
def test_a_person_may_exactly_what_the_protocol_says(where: str, person: Person, both: dict[str, World]) -> None:
    world = both[where]
    actions = [*ACTIONS, *(OF_ORGANIZATION if where == "organization" else [])]
    with world.coming(person) as client:
        for action in actions:
            with undone():
                found = action.send(client, world.ids)
            assert found == expected(action, person, where), (action.request, action.body)


@EVERY_CASE
def test_lists_hold_what_a_person_may_see(where: str, person: Person, both: dict[str, World]) -> None:
    world = both[where]
    with world.coming(person) as client:
        for name, who in LISTS.items():
            may = view(who).allows(person, where)
            for query in ("", "&org={org}"):
                address = f"/api/{name}?page_size=all{query}".format(**world.ids)
                answer = client.get(address)
                if query and where == "organization" and person.role is None and not person.admin:
                    assert answer.status_code == 403, address
                else:
                    ids = [row["id"] for row in answer.json()["results"]]
                    assert (world.ids[name.removesuffix("s")] in ids) == may, address


@EVERY_CASE
def test_tasks_are_put_into_a_project_by_its_people_or_by_supervisors(
    where: str, person: Person, both: dict[str, World]
) -> None:
    world = both[where]
    may = IN_PROJECT.rule.allows(person, where)
    if where == "organization" and not person.read_only and person.at_least("user", "supervisor"):
        may = True
    with world.coming(person) as client, undone():
        assert IN_PROJECT.send(client, world.ids) == (201 if may else 403)


@pytest.mark.parametrize("person", SANDBOX, ids=str)
def test_what_is_not_about_anybodys_things_goes_by_rank(
    person: Person, both: dict[str, World], tmp_path: Path, settings: Any
) -> None:
    settings.CONFIGURATION = replace(settings.CONFIGURATION, share_dir=tmp_path)
    with both["sandbox"].coming(person) as client:
        for action in ANYWHERE:
            with undone():
                found = action.send(client, both["sandbox"].ids)
            assert found == expected(action, person, "sandbox"), action.request


def test_strangers_are_asked_who_they_are(both: dict[str, World]) -> None:
    for action in [*ACTIONS, *OF_ORGANIZATION, *ANYWHERE, IN_PROJECT]:
        assert action.send(quick(client_for()), both["organization"].ids) == 401, action.request


@pytest.mark.parametrize("admin", [False, True])
def test_what_there_is_not_is_not_found_by_anybody(admin: bool, both: dict[str, World]) -> None:
    world = both["organization"]
    nowhere = dict.fromkeys(world.ids, 999_999) | {"request": "action%3Dnone", "invitation": "none", "org": ""}
    nowhere["asset"] = "00000000-0000-4000-8000-000000000000"
    with world.coming(Person("stranger", admin=admin)) as client:
        for action in [*ACTIONS, *OF_ORGANIZATION, IN_PROJECT]:
            if "{" in action.request.replace("{org}", "") or "$" in str(action.body):
                with undone():
                    assert action.send(client, nowhere) in (404, *UNKNOWN_IN_A_BODY.get(action.request, ())), action


# A body that names what there is not has an error of its field, as in Django REST framework.
UNKNOWN_IN_A_BODY: dict[str, tuple[int, ...]] = {"POST /api/assets": (404,)}


def test_a_token_is_its_owners_alone(both: dict[str, World]) -> None:
    world = both["sandbox"]
    with world.coming(Person("stranger")) as client:
        token = client.post("/api/auth/access_tokens", {"name": "mine"}).json()["id"]
        for other in (world.clients["project_owner", False], client_for(User.objects.create_superuser("root"))):
            assert other.get(f"/api/auth/access_tokens/{token}").status_code == 404
            assert other.patch(f"/api/auth/access_tokens/{token}", {"name": "ours"}).status_code == 404
            assert other.delete(f"/api/auth/access_tokens/{token}").status_code == 404
