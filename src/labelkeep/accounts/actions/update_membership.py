"""Changing a member's role, and ending a membership."""

from __future__ import annotations

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.invitations import remove_placeholder
from labelkeep.accounts.models import Membership, Role
from labelkeep.accounts.permissions import Subject, require
from labelkeep.accounts.queries import get_membership
from labelkeep.errors import Forbidden
from labelkeep.transactions import hold

_LOWER = frozenset({Role.WORKER, Role.SUPERVISOR})


def update_membership(*, actor: Actor, pk: int, role: Role) -> Membership:
    """Give a member another role. Maintainers move workers and supervisors, the owner also maintainers.

    Raises:
        NotFound, Forbidden: not a membership that the actor may change so. Nobody becomes or stops being owner.
    """
    with transaction.atomic():
        membership = _held(actor, pk)
        if Role.OWNER in (role, membership.role):
            raise Forbidden()
        action = "membership:update-lower" if {role, Role(membership.role)} <= _LOWER else "membership:update-higher"
        require(actor, action, _subject(membership))
        membership.role = role
        membership.save(update_fields=["role"])
    return membership


def delete_membership(*, actor: Actor, pk: int) -> None:
    """End a membership: one's own, or one that the actor could change. An owner's cannot end.

    Raises:
        NotFound, Forbidden: as above.
    """
    with transaction.atomic():
        membership = _held(actor, pk)
        if membership.role == Role.OWNER:
            raise Forbidden()
        if membership.user_id == actor.id:
            action = "membership:delete-own"
        else:
            action = "membership:update-lower" if membership.role in _LOWER else "membership:update-higher"
        require(actor, action, _subject(membership))
        membership.delete()
        remove_placeholder(membership.user)


def _held(actor: Actor, pk: int) -> Membership:
    """What the actor may do depends on the role: nobody changes it in between."""
    hold(Membership.objects.filter(pk=pk))
    return get_membership(actor, pk)


def _subject(membership: Membership) -> Subject:
    return Subject(organization_id=membership.organization_id, owner=membership.user_id)
