"""Asking for the letter with which a forgotten password is replaced."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts import post
from labelkeep.accounts.attempts import ADDRESS, LETTERS_TO, spend
from labelkeep.accounts.models import User
from labelkeep.errors import NotFound


def request_password_reset(*, now: datetime, email: str, address: str, asked_from: str) -> None:
    """Send a letter to the user of an e-mail address, if there is one; whether there is, nothing tells.

    The same is read and written in both cases, and the letter is made later, by a worker. `address` is the server's,
    for the link, `asked_from` the stranger's.

    Raises:
        NotFound: this server sends no mail.
        TooOften: too many letters to this mailbox, or requests from this address.
    """
    refusal = post.refusal(address)
    if refusal:
        raise NotFound(refusal)
    spend(now, (ADDRESS, asked_from), (LETTERS_TO, email.strip().lower()))
    user = User.objects.filter(email__iexact=email.strip(), is_active=True).exclude(email="").first()
    post.office().password_reset(user_id=user.pk if user else None, address=address, now=now)
