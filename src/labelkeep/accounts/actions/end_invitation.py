"""Ending an invitation that nobody has accepted: the invited declines, or whoever invited takes it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actions.accept_invitation import answerable, refuse_late
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.invitations import remove_placeholder
from labelkeep.accounts.models import Invitation
from labelkeep.accounts.queries import get_invitation
from labelkeep.transactions import hold


def decline_invitation(*, actor: Actor, now: datetime, key: str) -> None:
    """Say no, as the invited.

    Raises:
        NotFound: no such invitation.
        Forbidden: another person is invited.
        BadInput: expired, or accepted already.
    """
    with transaction.atomic():
        invitation = answerable(actor, key)
        refuse_late(invitation, now)
        _end(invitation)


def decline_by_link(*, now: datetime, invitation: Invitation) -> None:
    """Say no by the link (which the front has checked).

    Raises:
        BadInput: expired, or accepted already.
    """
    with transaction.atomic():
        _hold(invitation)
        refuse_late(invitation, now)
        _end(invitation)


def delete_invitation(*, actor: Actor, key: str) -> None:
    """Take an invitation back. One that was accepted is forgotten, and who accepted it stays a member.

    Raises:
        NotFound, Forbidden: not an invitation that the actor may take back.
    """
    invitation = get_invitation(actor, key, "invitation:delete")
    with transaction.atomic():
        _hold(invitation)
        if invitation.accepted:
            invitation.delete()
        else:
            _end(invitation)


def _hold(invitation: Invitation) -> None:
    """Who accepts in this moment stays a member."""
    hold(Invitation.objects.filter(pk=invitation.pk))
    invitation.refresh_from_db(fields=["accepted", "sent_date"])


def _end(invitation: Invitation) -> None:
    membership = invitation.membership
    membership.delete()  # and with it the invitation
    remove_placeholder(membership.user)
