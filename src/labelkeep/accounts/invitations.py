"""What is true of an invitation: until when it is good, who may use its link, who its placeholder is.

`key` names an invitation, and fellow members see it. Only the link proves that somebody is the invited: it carries
`proof`, which is mailed to him, or where no mail is sent shown once to whoever invites.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils.crypto import constant_time_compare, salted_hmac

from labelkeep.accounts.models import Invitation, User

GOOD_FOR = timedelta(days=7)
PAGE = "/invitation"
GONE = "This invitation does not exist."
EXPIRED = "Your invitation is expired. Please contact organization owner to renew it."
ACCEPTED = "Your invitation is already accepted."


def good_until(created: datetime, sent: datetime | None) -> datetime:
    """When it expires, counted from its last sending."""
    return (sent or created) + GOOD_FOR


def has_expired(invitation: Invitation, now: datetime) -> bool:
    """Whether it is too late to accept."""
    return not invitation.accepted and now >= good_until(invitation.created_date, invitation.sent_date)


def link(address: str, key: str) -> str:
    """The page where the invited accepts or declines; `address` is the server's."""
    return f"{address}{PAGE}?{urlencode({'key': key, 'proof': proof(key)})}"


def proof(key: str) -> str:
    """What only the link tells."""
    return salted_hmac("labelkeep.accounts.invitation", key, algorithm="sha256").hexdigest()[:40]


def proves(key: str, given: str) -> bool:
    """Whether somebody has the link."""
    return constant_time_compare(proof(key), given)


def is_placeholder(user: User) -> bool:
    """Whether this account waits for an invited person to take it: it never had a password."""
    return not user.is_active and not user.has_usable_password()


def placeholder_name(email: str) -> str:
    """A name for the account of an invited person, who will choose his own: his address, which nobody else has."""
    name = re.sub(r"[^\w.@+-]", "-", email)[:150]
    taken = User.objects.filter(username__iexact=name).exists()
    return f"{name[:140]}-{secrets.token_hex(4)}" if taken else name


def remove_placeholder(user: User) -> None:
    """Remove the account, if it is a placeholder that nothing invites any more."""
    if is_placeholder(user) and not user.memberships.exists():
        user.delete()
