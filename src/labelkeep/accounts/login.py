"""Whether a name and a password belong together: the one place where passwords are tried, at a limited pace."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate

from labelkeep.accounts.attempts import ACCOUNT, ADDRESS, Counter, begin
from labelkeep.accounts.backends import find
from labelkeep.accounts.models import User


def log_in(*, name: str, password: str, address: str, now: datetime) -> User | None:
    """The user of this name or e-mail address, if the password is his; `address` is where the try comes from.

    Raises:
        TooOften: too many wrong ones lately, from there or for this account.
    """
    tries = begin(now, (ADDRESS, address), account_counter(name))
    user = authenticate(username=name, password=password)
    if not isinstance(user, User):
        tries.failed()
        return None
    tries.succeeded()
    return user


def account_counter(name: str) -> Counter:
    """The counter of an account, by whichever of its names; names that nobody has are counted as well."""
    known = find(name)
    return ACCOUNT, str(known.pk) if known else f"nobody\0{name.lower()}"
