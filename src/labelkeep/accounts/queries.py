"""What there is to see of accounts: each query gives only what the actor may know of."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from labelkeep.accounts.actor import Actor, Scope
from labelkeep.accounts.invitations import GONE, proves
from labelkeep.accounts.models import Invitation, Membership, Organization, User
from labelkeep.accounts.permissions import Subject, allowed, require_member
from labelkeep.errors import Forbidden, NotFound


def users_visible(actor: Actor) -> QuerySet[User]:
    """Himself; the fellow members of the organization named, or of all of his; for an admin everybody.

    Raises:
        Forbidden: the organization named is not his.
    """
    require_member(actor)
    users = User.objects.all()
    if isinstance(actor.organization, Organization):
        users = users.filter(_members_of([actor.organization.pk]))
    if actor.is_admin:
        return users
    if actor.organization is Scope.SANDBOX:
        return users.filter(pk=actor.id)
    return users.filter(Q(pk=actor.id) | _members_of(list(actor.roles)))


def _members_of(organizations: list[int]) -> Q:
    members = Membership.objects.filter(organization__in=organizations, is_active=True)
    return Q(pk__in=members.values("user"))  # a subquery: a join would repeat who is in several


def get_user(actor: Actor, pk: int) -> User:
    """A user whom the actor may know of.

    Raises:
        NotFound: no such user.
        Forbidden: a stranger.
    """
    user = User.objects.filter(pk=pk).first()
    if user is None:
        raise NotFound("No User matches the given query.")
    if not (actor.is_admin or user.pk == actor.id or _fellows(actor, pk)):
        raise Forbidden()
    return user


def _fellows(actor: Actor, pk: int) -> bool:
    return Membership.objects.filter(user=pk, organization__in=list(actor.roles), is_active=True).exists()


def organizations_visible(actor: Actor) -> QuerySet[Organization]:
    """Those that the actor owns or belongs to; for an admin all."""
    if actor.is_admin:
        return Organization.objects.all()
    return Organization.objects.filter(Q(owner=actor.user) | Q(pk__in=list(actor.roles)))


def get_organization(actor: Actor, pk: int) -> Organization:
    """An organization that the actor may know of.

    Raises:
        NotFound: no such organization.
        Forbidden: not his.
    """
    organization = Organization.objects.filter(pk=pk).first()
    if organization is None:
        raise NotFound("No Organization matches the given query.")
    if not (actor.is_admin or organization.owner_id == actor.id or pk in actor.roles):
        raise Forbidden()
    return organization


def memberships_visible(actor: Actor) -> QuerySet[Membership]:
    """Those of the organization named; else the actor's own and those of his organizations.

    Raises:
        Forbidden: the organization named is not his.
    """
    require_member(actor)
    memberships = Membership.objects.all()
    if isinstance(actor.organization, Organization):
        return memberships.filter(organization=actor.organization)
    if actor.is_admin:
        return memberships
    if actor.organization is Scope.SANDBOX:
        return memberships.filter(user=actor.user)
    return memberships.filter(Q(user=actor.user) | Q(organization__in=list(actor.roles)))


def get_membership(actor: Actor, pk: int) -> Membership:
    """A membership that the actor may know of.

    Raises:
        NotFound: no such membership.
        Forbidden: of a strange organization.
    """
    membership = Membership.objects.select_related("user", "organization").filter(pk=pk).first()
    if membership is None:
        raise NotFound("No Membership matches the given query.")
    if not (actor.is_admin or membership.user_id == actor.id or membership.organization_id in actor.roles):
        raise Forbidden()
    return membership


def invitations_visible(actor: Actor) -> QuerySet[Invitation]:
    """Those that the actor made or got; in the organization named, to those who rule it, all.

    Raises:
        Forbidden: the organization named is not his.
    """
    require_member(actor)
    invitations = Invitation.objects.all()
    if isinstance(actor.organization, Organization):
        invitations = invitations.filter(membership__organization=actor.organization)
        if allowed(actor, "invitation:view", Subject(organization_id=actor.organization.pk)):
            return invitations
    if actor.is_admin:
        return invitations
    return invitations.filter(Q(owner=actor.user) | Q(membership__user=actor.user))


def get_invitation(actor: Actor, key: str, action: str = "invitation:view") -> Invitation:
    """An invitation that the actor may see, or do this to.

    Raises:
        NotFound: no such invitation.
        Forbidden: the actor may not.
    """
    rows = Invitation.objects.select_related("membership__user", "membership__organization")
    invitation = rows.filter(key=key).first()
    if invitation is None:
        raise NotFound("No Invitation matches the given query.")
    parties = Subject(owner=invitation.owner_id, assignee=invitation.membership.user_id)
    inside = Subject(organization_id=invitation.membership.organization_id, owner=invitation.owner_id)
    if not (allowed(actor, action, inside) or (action == "invitation:view" and allowed(actor, action, parties))):
        raise Forbidden()
    return invitation


def invitation_by_link(key: str, proof: str) -> Invitation:
    """The invitation whose link somebody has; the link is all that he has to show.

    Raises:
        NotFound: no such invitation, or the link is false.
    """
    rows = Invitation.objects.select_related("membership__user", "membership__organization", "owner")
    invitation = rows.filter(key=key).first()
    if invitation is None or not proves(key, proof):
        raise NotFound(GONE)
    return invitation
