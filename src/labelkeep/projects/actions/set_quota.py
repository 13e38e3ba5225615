"""Say how much somebody may keep, and tell what he keeps."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization, Quota, User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.projects import quotas
from labelkeep.projects.quotas import Home, Room

MOST = 2**63 - 1


def set_quota(*, actor: Actor, of: User | Organization, projects: int | None, bytes: int | None) -> Room:
    """Set both bounds; None lifts one. What is there already stays, even if it is more.

    Raises:
        Forbidden: the actor is no admin. BadInput: a bound that is no number of things.
    """
    require(actor, "server:administer", Subject())
    for name, bound, most in (("projects", projects, 2**31 - 1), ("bytes", bytes, MOST)):
        if bound is not None and not 0 <= bound <= most:
            raise BadInput({name: [f"Ensure this value is between 0 and {most}."]})
    whose = {"organization": of} if isinstance(of, Organization) else {"user": of}
    Quota.objects.update_or_create({"projects": projects, "bytes": bytes}, None, **whose)
    return see_quota(actor=actor, of=of)


def see_quota(*, actor: Actor, of: User | Organization) -> Room:
    """What is used of it. One's own, or an organization's that one belongs to.

    Raises:
        Forbidden: it is somebody else's.
    """
    if isinstance(of, Organization):
        require(actor, "organization:view", Subject(organization_id=of.pk, owner=of.owner_id))
        home = Home(None, of.pk)
    else:
        require(actor, "user:view", Subject(owner=of.pk))
        home = Home(of.pk)
    return quotas.used(home, home.quota())
