"""Changing a user: one's own names, or as an admin anything."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from labelkeep.accounts import tokens
from labelkeep.accounts.actions.create_user import email_problems, save_user
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.last_admin import keep_an_admin
from labelkeep.accounts.models import Privilege, User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.accounts.queries import get_user
from labelkeep.errors import BadInput, Forbidden

OWN = frozenset({"first_name", "last_name"})


def update_user(*, actor: Actor, pk: int, **changes: Any) -> User:
    """Set the fields given (`groups`: one of admin, user, worker, or none).

    Raises:
        NotFound, Forbidden: not a user whom the actor may change so; never with a personal access token.
        BadInput: field errors.
        Conflict: there would be no admin any more.
    """
    user = get_user(actor, pk)
    if actor.is_personal_token:
        raise Forbidden()
    require(actor, "user:update" if changes.keys() <= OWN else "user:administer", Subject(owner=user.pk))
    changes |= _from_groups(changes.pop("groups", None))
    problems = email_problems(changes.get("email", "")) | _too_long(changes)
    if problems:
        raise BadInput(problems)
    with transaction.atomic():
        if False in (changes.get("is_active"), changes.get("is_superuser")):
            keep_an_admin(user, "The last admin has to stay one.")
        for name, value in changes.items():
            setattr(user, name, value)
        save_user(user, only=changes.keys())
        if not user.is_active:
            tokens.forget_login_key(user)
    return user


def _from_groups(groups: list[str] | None) -> dict[str, Any]:
    if groups is None:
        return {}
    unknown = set(groups) - {"admin", *Privilege.values}
    if unknown:
        raise BadInput({"groups": [f"{', '.join(sorted(unknown))}: no such group."]})
    privilege = next((name for name in ("user", "worker") if name in groups), "user" if "admin" in groups else "none")
    return {"is_superuser": "admin" in groups, "is_staff": "admin" in groups, "privilege": privilege}


def _too_long(changes: dict[str, Any]) -> dict[str, list[str]]:
    return {
        name: ["Ensure this field has no more than 150 characters."]
        for name, value in changes.items()
        if isinstance(value, str) and len(value) > 150
    }
