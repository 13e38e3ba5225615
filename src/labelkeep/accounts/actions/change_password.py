"""Changing one's password. It ends every session and makes the key of earlier logins worthless."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts import tokens
from labelkeep.accounts.actions.create_user import password_problems
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.login import log_in
from labelkeep.errors import BadInput, Forbidden


def change_password(*, actor: Actor, now: datetime, old: str, new: str, again: str, asked_from: str) -> None:
    """Set the actor's password. The old one is tried at the pace of a login: a stolen session must not find it out.

    Raises:
        Forbidden: with a personal access token, which must not outgrow its owner.
        BadInput: field errors.
        TooOften: too many wrong old ones lately.
    """
    if actor.is_personal_token:
        raise Forbidden()
    user = actor.user
    if log_in(name=user.username, password=old, address=asked_from, now=now) is None:
        raise BadInput({"old_password": ["Your old password was entered incorrectly. Please enter it again."]})
    if new != again:
        raise BadInput({"new_password2": ["The two password fields didn’t match."]})
    problems = password_problems(new, user, "new_password2")
    if problems:
        raise BadInput(problems)
    user.set_password(new)
    user.save(update_fields=["password"])
    tokens.forget_login_key(user)
