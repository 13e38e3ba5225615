"""The permission table, asked everything: every action × every kind of person × sandbox and organization.

What is expected is written down a second time, in another shape: for each action, the people who may. The people are
described by what they are to the subject, so a row reads like a sentence of cvat-protocol §3.2.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

import labelkeep
from labelkeep.accounts.actor import Actor, Role
from labelkeep.accounts.backup_roles import BACKUP_ROLES
from labelkeep.accounts.models import User
from labelkeep.accounts.permissions import _BACKUP_ROLES, ACTIONS, Permissions, Subject
from labelkeep.errors import BadInput

ACME = 7
IDS = {"owner": 1, "assignee": 2, "above_owner": 3, "above": 4, "job_worker": 5, "stranger": 6}
SUBJECT = {
    "owner": 1,
    "assignee": 2,
    "above_owner": frozenset({3}),
    "above": frozenset({3, 4}),
    "workers": frozenset({5}),
}
SANDBOX = Subject(None, **SUBJECT)
IN_ACME = Subject(ACME, **SUBJECT)
PRIVILEGES = ("none", "worker", "user")
ROLES = (None, "worker", "supervisor", "maintainer", "owner")


@dataclass(frozen=True)
class Person:
    """Who: a relation to the subject, a global privilege, and a role in the subject's organization."""

    relation: str
    privilege: str
    role: str | None = None

    def actor(self, *, read_only: bool = False, admin: bool = False) -> Actor:
        user = User(pk=IDS[self.relation], username=self.relation, privilege=self.privilege, is_superuser=admin)
        actor = Actor(user, read_only=read_only)
        roles = {} if self.role is None else {ACME: Role[self.role.upper()]}
        actor.__dict__["roles"] = roles  # what the database would say
        return actor

    def at_least(self, privilege: str, role: str | None = None) -> bool:
        enough = PRIVILEGES.index(self.privilege) >= PRIVILEGES.index(privilege)
        return enough and (role is None or ROLES.index(self.role) >= ROLES.index(role))


STAFF = {"owner", "assignee", "above_owner", "above"}
ENCLOSING = {"above_owner", "above"}
EVERYBODY = STAFF | {"job_worker"}
ANYBODY = set(IDS)

# action → (who in the sandbox, from which privilege), (the same in an organization, from which role),
#          whether maintainers may. None: nobody.
Line = tuple[tuple[set[str], str] | None, tuple[set[str], str, str] | None, bool]


def same(who: set[str], privilege: str, maintainers: bool = True) -> Line:
    return (who, privilege), (who, privilege, "worker"), maintainers


VIEW = same(STAFF, "none")
CHANGE = same(STAFF, "worker")
CREATE: Line = ((ANYBODY, "user"), (ANYBODY, "user", "supervisor"), False)
GT_JOB: Line = ((ENCLOSING, "user"), (ENCLOSING, "user", "supervisor"), True)
OWN_UP = same({"owner"} | ENCLOSING, "worker")
WRITE_GUIDE = same(STAFF, "user")
BACKUP: Line = (({"owner", "above_owner"}, "none"), ({"owner", "above_owner"}, "none", "worker"), False)

EXPECTED: dict[str, Line] = {
    "project:create": CREATE,
    "project:view": VIEW,
    "project:export-dataset": VIEW,
    "project:import-dataset": CHANGE,
    "project:update": CHANGE,
    "project:update-assignee": same({"owner"}, "worker"),
    "project:update-owner": (None, None, True),
    "project:update-storage": same({"owner", "above_owner"}, "worker"),
    "project:update-organization": same({"owner"}, "worker"),
    "project:delete": same({"owner"}, "worker"),
    "task:create": CREATE,
    "task:view": VIEW,
    "task:view-data": VIEW,
    "task:view-annotations": VIEW,
    "task:export-dataset": VIEW,
    "task:upload-data": CHANGE,
    "task:import-annotations": CHANGE,
    "task:update-annotations": CHANGE,
    "task:update-metadata": CHANGE,
    "task:update": CHANGE,
    "task:update-project": OWN_UP,
    "task:update-assignee": OWN_UP,
    "task:update-owner": (({"owner"} | ENCLOSING, "worker"), None, True),
    "task:update-storage": same({"owner", "above_owner"}, "worker"),
    "task:update-organization": OWN_UP,
    "task:delete": OWN_UP,
    "job:create": GT_JOB,
    "job:delete": GT_JOB,
    "job:view": VIEW,
    "job:view-data": VIEW,
    "job:view-annotations": VIEW,
    "job:export-dataset": VIEW,
    "job:import-annotations": CHANGE,
    "job:update-annotations": CHANGE,
    "job:update-metadata": CHANGE,
    "job:view-validation-layout": same(ENCLOSING, "none"),
    "job:update-validation-layout": same(ENCLOSING, "none"),
    "job:update": CHANGE,
    "job:update-stage": same(ENCLOSING, "worker"),
    "job:update-assignee": same(ENCLOSING, "worker"),
    "label:view": VIEW,
    "label:update": CHANGE,
    "label:delete": CHANGE,
    "issue:create": same(EVERYBODY, "worker"),
    "issue:view": same(EVERYBODY, "none"),
    "issue:update": same(EVERYBODY, "worker"),
    "issue:delete": OWN_UP,
    "comment:create": same(EVERYBODY, "worker"),
    "comment:view": same(EVERYBODY, "none"),
    "comment:update": same(EVERYBODY, "worker"),
    "comment:delete": same(EVERYBODY, "worker"),
    "guide:view": same(EVERYBODY, "worker"),
    "guide:create": WRITE_GUIDE,
    "guide:update": WRITE_GUIDE,
    "guide:delete": WRITE_GUIDE,
    "asset:view": same(EVERYBODY, "worker"),
    "asset:create": WRITE_GUIDE,
    "asset:delete": WRITE_GUIDE,
    "request:view": same({"owner"}, "none", maintainers=False),
    "request:cancel": same({"owner"}, "none", maintainers=False),
    "share:view": same(ANYBODY, "user", maintainers=False),
    "user:view": same({"owner"}, "none", maintainers=False),
    "user:update": same({"owner"}, "none", maintainers=False),
    "user:delete": same({"owner"}, "none", maintainers=False),
    "user:administer": (None, None, False),
    "server:administer": (None, None, False),
    "organization:create": same(ANYBODY, "user", maintainers=False),
    "organization:view": same(ANYBODY, "none", maintainers=False),
    "organization:update": (None, (ANYBODY, "worker", "maintainer"), False),
    "organization:delete": (None, (ANYBODY, "worker", "owner"), False),
    "membership:view": (None, (ANYBODY, "none", "worker"), False),
    "membership:update-lower": (None, None, True),
    "membership:update-higher": (None, (ANYBODY, "user", "owner"), False),
    "membership:delete-own": (None, ({"owner"}, "none", "worker"), False),
    "invitation:create-lower": (None, None, True),
    "invitation:create-higher": (None, (ANYBODY, "user", "owner"), False),
    "invitation:view": same({"owner", "assignee"}, "none"),
    "invitation:resend": same({"owner"}, "worker"),
    "invitation:delete": same({"owner"}, "worker"),
    "invitation:answer": same({"assignee"}, "none", maintainers=False),
    "backup:view": BACKUP,
    "backup:make": BACKUP,
    "backup:download": BACKUP,
    "backup:update": BACKUP,
    "backup:delete": BACKUP,
    "backup:restore": CREATE,
}
# Two ways to be allowed do not fit the shape of a line; the test of their own is below.
APART = {"task:create-in-project"}
READS = {
    "project:view", "project:export-dataset", "task:view", "task:view-data", "task:view-annotations",
    "task:export-dataset", "job:view", "job:view-data", "job:view-annotations", "job:view-validation-layout",
    "job:export-dataset", "label:view",
    "issue:view", "comment:view", "guide:view", "asset:view", "request:view", "share:view", "user:view",
    "organization:view", "membership:view", "invitation:view", "backup:view", "backup:make", "backup:download",
}  # fmt: skip

PEOPLE = [Person(relation, privilege, role) for relation in IDS for privilege in PRIVILEGES for role in ROLES]


def table(*roles: str) -> Permissions:
    return Permissions.of(roles or ("owner", "admin"))


def test_every_action_is_expected_something_of() -> None:
    assert set(EXPECTED) | APART == set(ACTIONS)


@pytest.mark.parametrize("action", sorted(EXPECTED))
def test_exactly_these_people_may(action: str) -> None:
    sandbox, organization, maintainers = EXPECTED[action]
    for person in PEOPLE:
        may = sandbox is not None and person.relation in sandbox[0] and person.at_least(sandbox[1])
        assert table().allows(person.actor(), action, SANDBOX) == may, (person, "in the sandbox")
        may = (
            organization is not None
            and person.role is not None
            and person.relation in organization[0]
            and person.at_least(organization[1], organization[2])
        ) or (maintainers and person.at_least("user", "maintainer"))
        assert table().allows(person.actor(), action, IN_ACME) == may, (person, "in the organization")


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_an_admin_may_always(action: str) -> None:
    admin = Person("stranger", "none").actor(admin=True)
    assert table().allows(admin, action, SANDBOX)
    assert table().allows(admin, action, IN_ACME)


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_read_only_token_may_only_look(action: str) -> None:
    admin = Person("stranger", "none").actor(admin=True, read_only=True)
    assert table().allows(admin, action, SANDBOX) == (action in READS)


def test_a_task_in_a_project_is_made_by_its_staff_or_in_organizations_by_supervisors() -> None:
    for person in PEOPLE:
        staff = person.relation in STAFF and person.at_least("user")
        assert table().allows(person.actor(), "task:create-in-project", SANDBOX) == staff
        may = person.role is not None and (staff or person.at_least("user", "supervisor"))
        assert table().allows(person.actor(), "task:create-in-project", IN_ACME) == may


def test_an_unknown_action_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        table().allows(PEOPLE[0].actor(), "project:paint", SANDBOX)


class TestBackupRoles:
    """LABELKEEP_BACKUP_ROLES."""

    def who(self, action: str, subject: Subject, *roles: str) -> set[tuple[str, str | None]]:
        people = [Person(relation, "user", role) for relation in IDS for role in ROLES]
        return {(p.relation, p.role) for p in people if table(*roles).allows(p.actor(), action, subject)}

    def test_words_are_those_that_the_settings_are_checked_for(self) -> None:
        assert tuple(_BACKUP_ROLES) == BACKUP_ROLES

    def test_unknown_word_is_refused(self) -> None:
        with pytest.raises(BadInput, match="'everyone' is none of"):
            table("everyone")

    def test_admin_alone_leaves_nobody_else(self) -> None:
        actions = ("make", "view", "download", "update", "delete", "restore")
        for action in (f"backup:{name}" for name in actions):
            assert self.who(action, SANDBOX, "admin") == set()
            assert self.who(action, IN_ACME, "admin") == set()

    def test_assignee_includes_the_owner(self) -> None:
        assert {relation for relation, _ in self.who("backup:make", SANDBOX, "assignee")} == STAFF

    def test_owner_of_a_project_is_the_owner_of_its_tasks_backups(self) -> None:
        assert {relation for relation, _ in self.who("backup:make", SANDBOX, "owner")} == {"owner", "above_owner"}

    def test_roles_of_the_organization_need_no_part_in_the_project(self) -> None:
        made = self.who("backup:make", IN_ACME, "organization owner")
        assert made == {(relation, "owner") for relation in IDS}
        made = self.who("backup:make", IN_ACME, "organization maintainer")
        assert made == {(relation, role) for relation in IDS for role in ("maintainer", "owner")}
        assert self.who("backup:make", SANDBOX, "organization owner", "organization maintainer") == set()

    def test_who_restores_owns_the_result_so_an_owners_right_is_everybodys(self) -> None:
        assert {relation for relation, _ in self.who("backup:restore", SANDBOX, "owner")} == ANYBODY
        restored = self.who("backup:restore", IN_ACME, "owner")
        assert {role for _, role in restored} == {"supervisor", "maintainer", "owner"}

    def test_without_an_owners_right_only_the_roles_named_restore(self) -> None:
        assert self.who("backup:restore", SANDBOX, "organization owner") == set()
        assert {role for _, role in self.who("backup:restore", IN_ACME, "organization owner")} == {"owner"}


def test_every_action_that_the_code_asks_about_is_in_the_table() -> None:
    root = Path(labelkeep.__file__).parent
    doors = ("require", "allowed")
    asked = {
        argument.value
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in doors
        for argument in node.args[1:2]
        if isinstance(argument, ast.Constant) and ":" in argument.value  # other rooms have a `require` too: of space
    }
    assert asked - set(ACTIONS) == set()
    assert "project:create" in asked
