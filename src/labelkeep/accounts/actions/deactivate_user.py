"""Closing an account without removing it, and opening it again."""

from __future__ import annotations

from django.db import transaction

from labelkeep.accounts import tokens
from labelkeep.accounts.last_admin import keep_an_admin
from labelkeep.accounts.models import User


def deactivate_user(*, user: User) -> None:
    """Let nobody in by this account any more: no password, session or token of it is good. All that it has stays.

    Who may is the front's business: the operator's command line may.

    Raises:
        Conflict: it is the last admin's.
    """
    with transaction.atomic():
        keep_an_admin(user, "The last admin cannot be deactivated.")
        user.is_active = False
        user.save(update_fields=["is_active"])
        tokens.forget_login_key(user)
