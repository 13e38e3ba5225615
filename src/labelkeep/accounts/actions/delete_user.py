"""Removing an account."""

from __future__ import annotations

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.accounts.queries import get_user
from labelkeep.errors import Conflict, Forbidden


def delete_user(*, actor: Actor, pk: int) -> None:
    """Remove oneself, or as an admin anybody, with tokens and memberships; what he made stays, without an owner.

    Raises:
        NotFound, Forbidden: not a user whom the actor may remove; never with a personal access token.
        Conflict: the last admin would be gone.
    """
    user = get_user(actor, pk)
    if actor.is_personal_token:
        raise Forbidden()
    require(actor, "user:delete", Subject(owner=user.pk))
    others = type(user).objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise Conflict("The last admin cannot be removed.")
    user.delete()
