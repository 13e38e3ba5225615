"""Closing an account without removing it, and opening it again."""

from __future__ import annotations

from labelkeep.accounts import tokens
from labelkeep.accounts.models import User
from labelkeep.errors import Conflict


def deactivate_user(*, user: User) -> None:
    """Let nobody in by this account any more: no password, session or token of it is good. All that it has stays.

    Who may is the front's business: the operator's command line may.

    Raises:
        Conflict: it is the last admin's.
    """
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise Conflict("The last admin cannot be deactivated.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    tokens.forget_login_key(user)
