"""Password login by username or e-mail address, whatever the case of their letters."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from labelkeep.accounts.models import User


class CaseInsensitiveBackend(ModelBackend):
    """Finds the user by name, else by e-mail, and checks the password."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_: Any
    ) -> User | None:
        """The user, if the password is right and the account active.

        An unknown name costs as much time as a wrong password, so that the time does not tell which names exist.
        """
        if not username or password is None:
            return None
        user = find(username)
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None


def find(name: str) -> User | None:
    """The user of this name or e-mail address, in any case."""
    return User.objects.filter(username__iexact=name).first() or (
        User.objects.filter(email__iexact=name).first() if "@" in name else None
    )
