"""Inviting somebody into an organization."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from labelkeep.accounts import post
from labelkeep.accounts.actions.create_user import email_problems, save_user
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.attempts import LETTERS_FROM, spend
from labelkeep.accounts.invitations import placeholder_name
from labelkeep.accounts.models import Invitation, Membership, Organization, Role, User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, Forbidden

NO_ORGANIZATION = 'Name the organization: by the header "X-Organization", by "org" or by "org_id".'
LOWER = frozenset({Role.WORKER, Role.SUPERVISOR})


def create_invitation(*, actor: Actor, now: datetime, email: str, role: Role, address: str) -> Invitation:
    """Invite the person of an e-mail address into the organization that the request names.

    Who has an account is a member at once, unless LABELKEEP_CONFIRM_INVITATIONS is on; for anybody else a placeholder
    is made, and a letter goes out where the server sends mail. `address` is the server's, for the link.

    Raises:
        Forbidden: the actor may not, or not in this role; nobody is invited to be owner.
        BadInput: no organization, no such address, or a member already.
        TooOften: the actor sends very many letters.
    """
    organization = actor.organization
    if not isinstance(organization, Organization):
        raise BadInput(NO_ORGANIZATION)
    _require(actor, organization, role)
    problems = email_problems(email) if email else {"email": ["This field may not be blank."]}
    if problems:
        raise BadInput(problems)
    with transaction.atomic():
        membership = _membership(_person(email), organization, role)
        invitation = Invitation(key=secrets.token_hex(32), membership=membership, owner=actor.user, created_date=now)
        _settle(invitation, address, now)
    return invitation


def _require(actor: Actor, organization: Organization, role: Role) -> None:
    if role == Role.OWNER:
        raise Forbidden()
    subject = Subject(organization_id=organization.pk, owner=actor.id)
    require(actor, "invitation:create-lower" if role in LOWER else "invitation:create-higher", subject)


def _person(email: str) -> User:
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        return known
    user = User(username=placeholder_name(email), email=User.objects.normalize_email(email), is_active=False)
    user.set_unusable_password()
    save_user(user)
    return user


def _membership(user: User, organization: Organization, role: Role) -> Membership:
    try:
        with transaction.atomic():
            return Membership.objects.create(user=user, organization=organization, role=role, is_active=False)
    except IntegrityError as error:
        raise BadInput("The user is a member of the organization already.") from error


def _settle(invitation: Invitation, address: str, now: datetime) -> None:
    """Make the person a member, or send the letter, or leave it to whoever invites to hand the link over."""
    if invitation.membership.user.is_active and not settings.CONFIGURATION.confirm_invitations:
        join(invitation, now)
    elif not post.refusal(address):
        send(invitation, address, now)
    invitation.save()


def join(invitation: Invitation, now: datetime) -> None:
    """Make the invited a member. The caller saves the invitation."""
    membership = invitation.membership
    membership.is_active, membership.joined_date = True, now
    membership.save(update_fields=["is_active", "joined_date"])
    invitation.accepted = True


def send(invitation: Invitation, address: str, now: datetime) -> None:
    """Hand the letter in. The caller saves the invitation.

    Raises:
        TooOften: whoever invites sends very many.
    """
    spend(now, (LETTERS_FROM, str(invitation.owner_id)))
    invitation.sent_date = now
    post.office().invitation(key=invitation.key, address=address, now=now)
