"""Sending an invitation's letter once more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from labelkeep.accounts import post
from labelkeep.accounts.actions.create_invitation import send
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.attempts import LETTERS_TO, spend
from labelkeep.accounts.queries import get_invitation
from labelkeep.errors import BadInput


def resend_invitation(*, actor: Actor, now: datetime, key: str, address: str) -> None:
    """Send it again; it is good for another week.

    Raises:
        NotFound, Forbidden: not an invitation that the actor may send.
        BadInput: accepted already, or this server sends no mail.
        TooOften: it was sent a few times this hour.
    """
    invitation = get_invitation(actor, key, "invitation:resend")
    if invitation.accepted:
        raise BadInput("This invitation is already accepted.")
    refusal = post.refusal(address)
    if refusal:
        raise BadInput(refusal)
    with transaction.atomic():
        spend(now, (LETTERS_TO, key))
        send(invitation, address, now)
        invitation.save(update_fields=["sent_date"])
