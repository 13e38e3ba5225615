"""Accepting an invitation, logged in or by its link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actions.create_invitation import join
from labelkeep.accounts.actions.create_user import name_problems, password_problems, save_user
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.invitations import ACCEPTED, EXPIRED, GONE, has_expired, is_placeholder
from labelkeep.accounts.login import log_in
from labelkeep.accounts.models import Invitation, User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, Forbidden, NotFound


def accept_invitation(*, actor: Actor, now: datetime, key: str) -> Invitation:
    """Become a member.

    Raises:
        NotFound: no such invitation.
        Forbidden: another person is invited; not even admins accept for him.
        BadInput: expired, or accepted already.
    """
    with transaction.atomic():
        invitation = answerable(actor, key)
        _accept(invitation, now)
    return invitation


def answerable(actor: Actor, key: str) -> Invitation:
    """The invitation, locked, if the actor is the invited.

    Raises:
        NotFound, Forbidden: as `accept_invitation`.
    """
    invitation = _locked(key)
    invited = invitation.membership.user_id
    require(actor, "invitation:answer", Subject(assignee=invited))
    if invited != actor.id:
        raise Forbidden()
    return invitation


@dataclass(frozen=True)
class NewAccount:
    """What an invited person without an account chooses. His e-mail address is the one that was invited."""

    username: str
    password: str
    again: str
    first_name: str = ""
    last_name: str = ""


def accept_with_account(*, now: datetime, key: str, account: NewAccount) -> Invitation:
    """Become a user and a member, by the link of an invitation (queries.invitation_by_link).

    Raises:
        NotFound: no such invitation, or the account is somebody's by now.
        BadInput: expired, accepted already, or field errors.
    """
    with transaction.atomic():
        invitation = _locked(key)
        refuse_late(invitation, now)
        if not is_placeholder(invitation.membership.user):
            raise NotFound(GONE)
        _move_in(invitation.membership.user, account)
        _accept(invitation, now)
    return invitation


def accept_with_password(*, now: datetime, invitation: Invitation, password: str, asked_from: str) -> Invitation:
    """Become a member by the link of an invitation, with the password of the account that is invited.

    Raises:
        NotFound: the invitation was taken back.
        BadInput: expired, accepted already, or not the password.
        TooOften: too many wrong ones lately.
    """
    user = invitation.membership.user
    if log_in(name=user.username, password=password, address=asked_from, now=now) != user:
        raise BadInput({"password": ["That is not the password of this account."]})
    return accept_invitation(actor=Actor.of(user), now=now, key=invitation.key)


def _locked(key: str) -> Invitation:
    rows = Invitation.objects.select_related("membership__user", "membership__organization")
    invitation = rows.select_for_update(of=("self",)).filter(key=key).first()
    if invitation is None:
        raise NotFound(GONE)
    return invitation


def refuse_late(invitation: Invitation, now: datetime) -> None:
    """Go on, if it can still be accepted.

    Raises:
        BadInput: it is expired, or accepted already.
    """
    if invitation.accepted:
        raise BadInput(ACCEPTED)
    if has_expired(invitation, now):
        raise BadInput(EXPIRED)


def _accept(invitation: Invitation, now: datetime) -> None:
    refuse_late(invitation, now)
    join(invitation, now)
    invitation.save(update_fields=["accepted"])


def _move_in(user: User, account: NewAccount) -> None:
    """Make the placeholder the account of the person who came."""
    user.username = User.normalize_username(account.username)
    user.first_name, user.last_name = account.first_name[:150], account.last_name[:150]
    problems = name_problems(user.username) | password_problems(account.password, user)
    if account.password != account.again:
        problems["again"] = ["The two password fields didn’t match."]
    if problems:
        raise BadInput(problems)
    user.set_password(account.password)
    user.is_active = True
    save_user(user)
