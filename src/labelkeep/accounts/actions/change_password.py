"""Changing one's password. It ends every session and makes the key of earlier logins worthless."""

from __future__ import annotations

from labelkeep.accounts import tokens
from labelkeep.accounts.actions.create_user import password_problems
from labelkeep.accounts.actor import Actor
from labelkeep.errors import BadInput, Forbidden


def change_password(*, actor: Actor, old: str, new: str, again: str) -> None:
    """Set the actor's password.

    Raises:
        Forbidden: with a personal access token, which must not outgrow its owner.
        BadInput: field errors.
    """
    if actor.is_personal_token:
        raise Forbidden()
    user = actor.user
    if not user.check_password(old):
        raise BadInput({"old_password": ["Your old password was entered incorrectly. Please enter it again."]})
    if new != again:
        raise BadInput({"new_password2": ["The two password fields didn’t match."]})
    problems = password_problems(new, user, "new_password2")
    if problems:
        raise BadInput(problems)
    user.set_password(new)
    user.save(update_fields=["password"])
    tokens.forget_login_key(user)
