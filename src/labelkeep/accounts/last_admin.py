"""A server keeps an admin: nobody else could make another."""

from __future__ import annotations

from labelkeep.accounts.models import User
from labelkeep.errors import Conflict
from labelkeep.transactions import hold


def keep_an_admin(user: User, otherwise: str) -> None:
    """Go on with the end of `user`, if there is another admin or he is none. Call inside the transaction that ends him.

    All admins are held until then: two that end each other at once would leave none.

    Raises:
        Conflict: with the sentence `otherwise`.
    """
    hold(User.objects.filter(is_superuser=True))
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        raise Conflict(otherwise)
