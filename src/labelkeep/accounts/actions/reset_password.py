"""Replacing a forgotten password: by the link of a letter, or by the operator."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts import resetting, tokens
from labelkeep.accounts.actions.create_user import password_problems
from labelkeep.accounts.attempts import ADDRESS, Tries, begin
from labelkeep.accounts.login import account_counter
from labelkeep.accounts.models import User
from labelkeep.errors import BadInput


def reset_password(*, now: datetime, uid: str, token: str, new: str, again: str, asked_from: str) -> User:
    """Set the password of the user whom the link was mailed to.

    Raises:
        BadInput: a false, used or old link (`token`), or field errors.
        TooOften: too many false links from this address.
    """
    tries = begin(now, (ADDRESS, asked_from))
    user = resetting.find(uid, token)
    if user is None:
        tries.failed()
        raise BadInput({"token": ["Invalid value"]})
    if new != again:
        raise BadInput({"new_password2": ["The two password fields didn’t match."]})
    set_password(user=user, password=new, field="new_password2", now=now)
    return user


def set_password(*, user: User, password: str, now: datetime, field: str = "password") -> None:
    """Set a password. All sessions end, and so does the key of earlier logins; personal access tokens stay.

    Who may is the front's business: the operator's command line may, and who has the link.

    Raises:
        BadInput: a poor password.
    """
    problems = password_problems(password, user, field)
    if problems:
        raise BadInput(problems)
    user.set_password(password)
    user.save(update_fields=["password"])
    tokens.forget_login_key(user)
    Tries(now, account_counter(user.username)).succeeded()
