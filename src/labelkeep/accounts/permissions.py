"""Who may do what: one table, `ACTIONS`, and the three questions asked of it.

A rule is read as "in the sandbox, one of these grants; in an organization, one of those". A grant names who somebody
must be to the subject (`Who`), the least global privilege, and in an organization the least role. Admins pass every
rule. A read-only token passes only rules marked `reads`. Source: the policy of CVAT (cvat-protocol §3.2), except for
backups, which the operator's `LABELKEEP_BACKUP_ROLES` rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from typing import Any, TypeVar

from django.db.models import F, Model, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import In

from labelkeep.accounts.actor import Actor, Privilege, Role, Scope
from labelkeep.accounts.backup_roles import BACKUP_ROLES
from labelkeep.errors import BadInput, Forbidden

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Subject:
    """What an action is about, as far as permissions care: whose it is. User ids everywhere.

    `above` are owner and assignee of the task and project that enclose it, `above_owner` the owners among them.
    `workers` are the people whom only a job makes staff: the assignee of an issue's or comment's job, or of the jobs
    of a guide's task or project.
    """

    organization_id: int | None = None
    owner: int | None = None
    assignee: int | None = None
    above: frozenset[int] = frozenset()
    above_owner: frozenset[int] = frozenset()
    workers: frozenset[int] = frozenset()


class Who(Flag):
    """What the actor is to the subject."""

    OWNER = auto()
    ASSIGNEE = auto()
    ABOVE_OWNER = auto()
    ABOVE = auto()
    WORKER = auto()
    ANYONE = auto()
    STAFF = OWNER | ASSIGNEE | ABOVE
    ENCLOSING = ABOVE  # staff of what encloses it, but not merely its own assignee
    EVERYBODY = STAFF | WORKER


@dataclass(frozen=True)
class Grant:
    """One way to be allowed."""

    who: Who
    privilege: Privilege = Privilege.NONE
    role: Role = Role.WORKER  # in organizations only


@dataclass(frozen=True)
class Rule:
    """All ways to be allowed one action. `reads`: nothing is changed by it, so a read-only token may."""

    sandbox: tuple[Grant, ...]
    organization: tuple[Grant, ...]
    reads: bool = False


_NONE, _W, _U = Privilege.NONE, Privilege.WORKER, Privilege.USER
_STAFF, _OWNER, _ENCLOSING = Who.STAFF, Who.OWNER, Who.ENCLOSING
_CHIEF = Grant(Who.ANYONE, _U, Role.MAINTAINER)  # maintainers may nearly everything in their organization


def _by(who: Who, privilege: Privilege, *others: Grant, reads: bool = False) -> Rule:
    """The same people in the sandbox and in an organization; there, `others` too."""
    grant = Grant(who, privilege)
    return Rule((grant,), (grant, *others), reads)


_VIEW = _by(_STAFF, _NONE, _CHIEF, reads=True)
_CHANGE = _by(_STAFF, _W, _CHIEF)
_CREATE = Rule((Grant(Who.ANYONE, _U),), (Grant(Who.ANYONE, _U, Role.SUPERVISOR),))
_STORAGE = _by(_OWNER | Who.ABOVE_OWNER, _W, _CHIEF)
_DISCUSS = _by(Who.EVERYBODY, _W, _CHIEF)
_WRITE_GUIDE = _by(_STAFF, _U, _CHIEF)
_NOBODY = Rule((), ())  # admins only

# fmt: off
ACTIONS: dict[str, Rule] = {
    # ---- projects: the subject is the project; for `create` it is where the new one will be
    "project:create":              _CREATE,
    "project:view":                _VIEW,
    "project:export-dataset":      _VIEW,
    "project:import-dataset":      _CHANGE,
    "project:update":              _CHANGE,  # name, bug tracker, status, labels
    "project:update-assignee":     _by(_OWNER, _W, _CHIEF),
    "project:update-owner":        Rule((), (_CHIEF,)),
    "project:update-storage":      _STORAGE,
    "project:update-organization": _by(_OWNER, _W, _CHIEF),  # and project:create where it goes
    "project:delete":              _by(_OWNER, _W, _CHIEF),
    # ---- tasks: the subject is the task (above: its project); `create-in-project` asks about the project
    "task:create":                 _CREATE,
    "task:create-in-project":      Rule((Grant(_STAFF, _U),),
                                        (Grant(Who.ANYONE, _U, Role.SUPERVISOR), Grant(_STAFF, _U))),
    "task:view":                   _VIEW,
    "task:view-data":              _VIEW,
    "task:view-annotations":       _VIEW,
    "task:export-dataset":         _VIEW,
    "task:upload-data":            _CHANGE,
    "task:import-annotations":     _CHANGE,
    "task:update-annotations":     _CHANGE,
    "task:update-metadata":        _CHANGE,  # data/meta, validation layout
    "task:update":                 _CHANGE,  # name, bug tracker, subset, status, labels
    "task:update-project":         _by(_OWNER | _ENCLOSING, _W, _CHIEF),  # and create-in-project where it goes
    "task:update-assignee":        _by(_OWNER | _ENCLOSING, _W, _CHIEF),
    "task:update-owner":           Rule((Grant(_OWNER | _ENCLOSING, _W),), (_CHIEF,)),
    "task:update-storage":         _STORAGE,
    "task:update-organization":    _by(_OWNER | _ENCLOSING, _W, _CHIEF),
    "task:delete":                 _by(_OWNER | _ENCLOSING, _W, _CHIEF),
    # ---- jobs: above are staff of task and project; a job has no owner. `create` and `delete` are ground truth's
    "job:create":                  Rule((Grant(_ENCLOSING, _U),), (Grant(_ENCLOSING, _U, Role.SUPERVISOR), _CHIEF)),
    "job:delete":                  Rule((Grant(_ENCLOSING, _U),), (Grant(_ENCLOSING, _U, Role.SUPERVISOR), _CHIEF)),
    "job:view":                    _VIEW,
    "job:view-data":               _VIEW,
    "job:view-annotations":        _VIEW,
    "job:export-dataset":          _VIEW,
    "job:import-annotations":      _CHANGE,
    "job:update-annotations":      _CHANGE,
    "job:update-metadata":         _CHANGE,
    "job:view-validation-layout":  _by(_ENCLOSING, _NONE, _CHIEF, reads=True),  # the annotator must not know it
    "job:update-validation-layout": _by(_ENCLOSING, _NONE, _CHIEF),
    "job:update":                  _CHANGE,  # the state
    "job:update-stage":            _by(_ENCLOSING, _W, _CHIEF),
    "job:update-assignee":         _by(_ENCLOSING, _W, _CHIEF),
    # ---- labels: the subject is the task or project that has them
    "label:view":                  _VIEW,
    "label:update":                _CHANGE,
    "label:delete":                _CHANGE,
    # ---- issues and comments: above are staff of task and project, workers the job's assignee
    "issue:create":                _DISCUSS,  # asked about the job
    "issue:view":                  _by(Who.EVERYBODY, _NONE, _CHIEF, reads=True),
    "issue:update":                _DISCUSS,
    "issue:delete":                _by(_OWNER | _ENCLOSING, _W, _CHIEF),
    "comment:create":              _DISCUSS,  # asked about the issue
    "comment:view":                _by(Who.EVERYBODY, _NONE, _CHIEF, reads=True),
    "comment:update":              _DISCUSS,
    "comment:delete":              _DISCUSS,
    # ---- guides: the subject is the task or project that the guide belongs to, workers its jobs' assignees
    "guide:view":                  _by(Who.EVERYBODY, _W, _CHIEF, reads=True),
    "guide:create":                _WRITE_GUIDE,
    "guide:update":                _WRITE_GUIDE,
    "guide:delete":                _WRITE_GUIDE,
    "asset:view":                  _by(Who.EVERYBODY, _W, _CHIEF, reads=True),
    "asset:create":                _WRITE_GUIDE,
    "asset:delete":                _WRITE_GUIDE,
    # ---- requests: the owner of the operation
    "request:view":                _by(_OWNER, _NONE, reads=True),
    "request:cancel":              _by(_OWNER, _NONE),
    # ---- the server's own folder of shared files
    "share:view":                  _by(Who.ANYONE, _U, reads=True),
    # ---- the server as a whole: its store, its space
    "server:administer":           _NOBODY,  # admins only
    # ---- users: the subject's owner is the user himself; fellow members see each other (users_visible)
    "user:view":                   _by(_OWNER, _NONE, reads=True),
    "user:update":                 _by(_OWNER, _NONE),
    "user:delete":                 _by(_OWNER, _NONE),
    "user:administer":             _NOBODY,  # e-mail, groups, is_…; making and removing users
    # ---- organizations: the subject is the organization and its owner
    "organization:create":         _by(Who.ANYONE, _U),
    "organization:view":           _by(Who.ANYONE, _NONE, reads=True),
    "organization:update":         Rule((), (Grant(Who.ANYONE, _W, Role.MAINTAINER),)),
    "organization:delete":         Rule((), (Grant(Who.ANYONE, _W, Role.OWNER),)),
    # ---- memberships: the subject's owner is the member; the two last depend on whose role it is
    "membership:view":             Rule((), (Grant(Who.ANYONE, _NONE),), reads=True),
    "membership:update-lower":     Rule((), (_CHIEF,)),  # of workers and supervisors, to worker or supervisor
    "membership:update-higher":    Rule((), (Grant(Who.ANYONE, _U, Role.OWNER),)),  # of or to maintainers
    "membership:delete-own":       Rule((), (Grant(_OWNER, _NONE),)),
    # ---- invitations: the subject's owner is who invites, its assignee the invited, who is no member yet: for the
    # two of them the question is asked as in the sandbox. The first two depend on the role that is offered
    "invitation:create-lower":     Rule((), (_CHIEF,)),  # to be worker or supervisor
    "invitation:create-higher":    Rule((), (Grant(Who.ANYONE, _U, Role.OWNER),)),  # to be maintainer
    "invitation:view":             _by(_OWNER | Who.ASSIGNEE, _NONE, _CHIEF, reads=True),
    "invitation:resend":           _by(_OWNER, _W, _CHIEF),
    "invitation:delete":           _by(_OWNER, _W, _CHIEF),
    "invitation:answer":           _by(Who.ASSIGNEE, _NONE),
    # ---- backups: rewritten below from the operator's setting; the subject is the project or task
    "backup:view":                 replace(_VIEW, reads=True),
    "backup:make":                 replace(_VIEW, reads=True),
    "backup:download":             replace(_VIEW, reads=True),
    "backup:update":               _by(_OWNER, _W, _CHIEF),  # note, pin, schedule, retention
    "backup:delete":               _by(_OWNER, _W, _CHIEF),
    "backup:restore":              _CREATE,  # the subject is where the new one will be
}
# fmt: on

# What each word of LABELKEEP_BACKUP_ROLES grants, (in the sandbox, in an organization). `admin` needs no grant.
_BACKUP_ROLES: dict[str, tuple[tuple[Grant, ...], tuple[Grant, ...]]] = {
    "owner": ((Grant(Who.OWNER | Who.ABOVE_OWNER),), (Grant(Who.OWNER | Who.ABOVE_OWNER),)),
    "assignee": ((Grant(_STAFF),), (Grant(_STAFF),)),
    "organization owner": ((), (Grant(Who.ANYONE, _U, Role.OWNER),)),
    "organization maintainer": ((), (_CHIEF,)),
    "admin": ((), ()),
}


@dataclass(frozen=True)
class Permissions:
    """The table with the operator's backup roles worked in."""

    actions: dict[str, Rule] = field(default_factory=dict)

    @classmethod
    def of(cls, backup_roles: Iterable[str]) -> Permissions:
        """The table for these roles.

        Raises:
            BadInput: a role that there is not.
        """
        sandbox: tuple[Grant, ...] = ()
        organization: tuple[Grant, ...] = ()
        for role in backup_roles:
            if role not in _BACKUP_ROLES:
                raise BadInput(f"LABELKEEP_BACKUP_ROLES: {role!r} is none of {', '.join(BACKUP_ROLES)}")
            sandbox += _BACKUP_ROLES[role][0]
            organization += _BACKUP_ROLES[role][1]
        actions = dict(ACTIONS)
        for name in ("backup:view", "backup:make", "backup:download", "backup:update", "backup:delete"):
            actions[name] = Rule(sandbox, organization, reads=ACTIONS[name].reads)
        actions["backup:restore"] = _restoring(sandbox, organization)
        return cls(actions)

    def allows(self, actor: Actor, action: str, subject: Subject) -> bool:
        """Whether the actor may. An action that is not in the table is a mistake of ours: KeyError."""
        rule = self.actions[action]
        if actor.read_only and not rule.reads:
            return False
        if actor.is_admin:
            return True
        if subject.organization_id is None:
            return any(_holds(grant, actor, subject) for grant in rule.sandbox)
        role = actor.roles.get(subject.organization_id)
        if role is None:
            return False
        return any(role >= grant.role and _holds(grant, actor, subject) for grant in rule.organization)


def _restoring(sandbox: tuple[Grant, ...], organization: tuple[Grant, ...]) -> Rule:
    """Who restores owns the result: an owner's right is anyone's who may create there, others need their role."""
    create = ACTIONS["project:create"]
    owners = Who.OWNER
    return Rule(
        create.sandbox if any(grant.who & owners for grant in sandbox) else (),
        create.organization
        if any(grant.who & owners for grant in organization)
        else tuple(grant for grant in organization if grant.who & Who.ANYONE),
    )


def _holds(grant: Grant, actor: Actor, subject: Subject) -> bool:
    if actor.privilege < grant.privilege:
        return False
    me, who = actor.id, grant.who
    return bool(
        who & Who.ANYONE
        or (who & Who.OWNER and subject.owner == me)
        or (who & Who.ASSIGNEE and subject.assignee == me)
        or (who & Who.ABOVE_OWNER and me in subject.above_owner)
        or (who & Who.ABOVE and me in subject.above)
        or (who & Who.WORKER and me in subject.workers)
    )


def _permissions() -> Permissions:
    from django.conf import settings

    global _TABLE
    roles: tuple[str, ...] = settings.CONFIGURATION.backup_roles
    if _TABLE is None or _TABLE[0] != roles:
        _TABLE = (roles, Permissions.of(roles))
    return _TABLE[1]


_TABLE: tuple[tuple[str, ...], Permissions] | None = None


def rule_of(action: str) -> Rule:
    """The rule of an action, as the operator's settings have it."""
    return _permissions().actions[action]


def allowed(actor: Actor, action: str, subject: Subject) -> bool:
    """Whether the actor may do this to the subject, in the subject's own organization."""
    return _permissions().allows(actor, action, subject)


def require(actor: Actor, action: str, subject: Subject) -> None:
    """Let pass or raise.

    Raises:
        Forbidden: the actor may not.
    """
    if not allowed(actor, action, subject):
        raise Forbidden()


def require_member(actor: Actor) -> None:
    """Let pass an actor whose request names no organization, or one that he belongs to.

    Raises:
        Forbidden: the organization is there, and not his.
    """
    organization = actor.organization_id
    if organization is not None and not actor.is_admin and organization not in actor.roles:
        raise Forbidden()


def visible(actor: Actor, queryset: QuerySet[M], *, organization: str, staff: Sequence[str]) -> QuerySet[M]:
    """The part of a list that the actor may see, in the organization context of the request.

    `organization` is the lookup of the organization ("task__organization"), `staff` those of the people who make
    somebody staff ("owner", "project__owner", …); all must be to-one, or rows would repeat. Maintainers see all that
    belongs to their organization, others what they are staff of; who names an organization that is not his gets
    Forbidden.
    """
    require_member(actor)
    named = actor.organization_id
    if not actor.is_admin and named not in _ruled(actor):
        return queryset.filter(pk__in=_own(actor, queryset.model, organization, staff))
    if actor.organization is Scope.ANY:
        return queryset
    return queryset.filter(Q(**{f"{organization}__isnull": True}) if named is None else Q(**{organization: named}))


def _ruled(actor: Actor) -> list[int]:
    """The organizations of which the actor sees everything."""
    if actor.privilege < Privilege.USER:
        return []
    return [pk for pk, role in actor.roles.items() if role >= Role.MAINTAINER]


def _own(actor: Actor, model: type[M], organization: str, staff: Sequence[str]) -> QuerySet[M, Any]:
    """The keys of what the actor may see, as one subquery: a union with a part for each way to be allowed.

    Each part walks the index of one foreign key; the same ways joined by OR would have the database read the whole
    list, with all that stands above each row. `Coalesce` keeps the index of the organization out of it, which SQLite
    would prefer: most rows belong to none.
    """
    rows = model._default_manager.order_by().values("pk")
    everywhere = actor.organization is Scope.ANY
    homes = [0, *actor.roles] if everywhere else [actor.organization_id or 0]
    parts = [rows.filter(In(Coalesce(F(organization), Value(0)), homes), **{lookup: actor.id}) for lookup in staff]
    if everywhere and (ruled := _ruled(actor)):
        parts.append(rows.filter(**{f"{organization}__in": ruled}))
    return parts[0].union(*parts[1:], all=True)
