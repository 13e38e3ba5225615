"""Removing an account."""

from __future__ import annotations

from labelkeep import transactions
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.last_admin import keep_an_admin
from labelkeep.accounts.models import User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.accounts.queries import get_user
from labelkeep.errors import Forbidden


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

    def carry_out() -> None:
        keep_an_admin(user, "The last admin cannot be removed.")
        User.objects.filter(pk=user.pk).delete()

    transactions.remove(carry_out)
