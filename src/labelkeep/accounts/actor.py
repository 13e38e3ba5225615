"""Who is asking, as a value: the user, the credential, and the organization the request names.

Fronts make an `Actor` once a request; every verb of the domain takes it first and decides with it (permissions.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from labelkeep.accounts.models import AccessToken, Membership, Organization, User
from labelkeep.accounts.models import Privilege as PrivilegeChoice
from labelkeep.accounts.models import Role as RoleChoice

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class Scope(Enum):
    """An organization context that is not an organization."""

    ANY = "any"  # nothing named: everything the actor may see
    SANDBOX = "sandbox"  # the empty name: what belongs to no organization


ANY, SANDBOX = Scope.ANY, Scope.SANDBOX
OrganizationContext: TypeAlias = Organization | Scope


class Privilege(IntEnum):
    """Global rank of a user; greater may do more."""

    NONE = 0
    WORKER = 1
    USER = 2
    ADMIN = 3


class Role(IntEnum):
    """Rank inside one organization; greater may do more."""

    WORKER = 1
    SUPERVISOR = 2
    MAINTAINER = 3
    OWNER = 4


_PRIVILEGES = {choice: Privilege[choice.name] for choice in PrivilegeChoice}
_ROLES = {choice: Role[choice.name] for choice in RoleChoice}


def role_of(name: str) -> Role:
    """The rank of a role's stored name."""
    return _ROLES[RoleChoice(name)]


@dataclass(frozen=True)
class Actor:
    """A user acting through one credential. `read_only` is true for a personal token that may only look."""

    user: User
    read_only: bool = False
    token: AccessToken | None = None
    organization: OrganizationContext = ANY

    @classmethod
    def of(cls, user: User | AbstractBaseUser, organization: OrganizationContext = ANY) -> Actor:
        """The actor of a worker, the command line or a test: the user without a token."""
        assert isinstance(user, User)
        return cls(user, organization=organization)

    @property
    def id(self) -> int:
        """The user's id."""
        return self.user.pk

    @property
    def privilege(self) -> Privilege:
        """The user's global rank."""
        if self.user.is_superuser:
            return Privilege.ADMIN
        return _PRIVILEGES[PrivilegeChoice(self.user.privilege)]

    @property
    def is_admin(self) -> bool:
        """Whether no rule of the table applies to this user."""
        return self.user.is_superuser

    @property
    def is_personal_token(self) -> bool:
        """Whether a personal access token stands for the user: some doors are closed to those."""
        return self.token is not None and self.token.kind == AccessToken.Kind.PERSONAL

    @property
    def is_anywhere(self) -> bool:
        """Whether the request names neither an organization nor the sandbox."""
        return self.organization is ANY

    @property
    def organization_id(self) -> int | None:
        """Where a new thing is created: the organization named, else the sandbox (None)."""
        return self.organization.pk if isinstance(self.organization, Organization) else None

    @cached_property
    def roles(self) -> Mapping[int, Role]:
        """Organization id → rank, of active memberships. One query, once for each actor."""
        rows = Membership.objects.filter(user=self.user, is_active=True).values_list("organization_id", "role")
        return {organization: role_of(role) for organization, role in rows}
