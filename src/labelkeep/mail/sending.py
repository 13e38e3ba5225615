"""Sending letters in the background: an operation without an owner for each, carried out by a worker.

So no answer of the API waits for a mail server, or tells by its time whether an address is known. The row says who
the letter is for, never what is secret in it: links are made when the letter is.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings

from labelkeep.accounts import invitations, resetting
from labelkeep.accounts.models import Invitation, User
from labelkeep.errors import LabelkeepError
from labelkeep.mail import letters, server
from labelkeep.mail.letters import Letter
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work

INVITATION, PASSWORD_RESET, ALERT = "mail:invitation", "mail:password-reset", "mail:alert"
ATTEMPTS = 14  # with pauses that double from two seconds: about four and a half hours

log = structlog.get_logger(__name__)


class Queue:
    """Takes the letters of accounts/post.py."""

    def invitation(self, *, key: str, address: str, now: datetime) -> None:
        """See `post.Office`."""
        _queue(INVITATION, {"key": key, "address": address}, now)

    def password_reset(self, *, user_id: int | None, address: str, now: datetime) -> None:
        """See `post.Office`."""
        _queue(PASSWORD_RESET, {"user": user_id, "address": address}, now)


def _queue(kind: str, params: dict[str, Any], now: datetime) -> None:
    start(kind=kind, key=f"{kind}:{uuid4()}", actor=None, now=now, params=params)


def _send(operation: Operation, letter: Letter | None) -> dict[str, Any]:
    if letter is None:
        return {"sent": False}
    try:
        server.send(letter, configuration=settings.CONFIGURATION, reference=str(operation.pk))
    except LabelkeepError as error:  # nobody's list of requests shows this, so the log has to
        log.warning("mail.failed", kind=operation.kind, error=str(error), again=error.retryable)
        raise
    return {"sent": True}


def send_invitation(operation: Operation, work: Work) -> dict[str, Any]:
    """Send the letter of an invitation; none if it was accepted or taken back meanwhile."""
    key, address = operation.params["key"], operation.params["address"]
    rows = Invitation.objects.select_related("membership__user", "membership__organization", "owner")
    invitation = rows.filter(key=key, accepted=False).first()
    return _send(operation, _invitation(invitation, address) if invitation else None)


def _invitation(invitation: Invitation, address: str) -> Letter:
    membership = invitation.membership
    organization, owner = membership.organization, invitation.owner
    return letters.invitation(
        to=membership.user.email,
        inviter=(owner.get_full_name() or owner.username) if owner else "Somebody",
        organization=organization.name or organization.slug,
        role=membership.role,
        link=invitations.link(address, invitation.key),
        until=invitations.good_until(invitation.created_date, invitation.sent_date),
        address=address,
    )


def send_password_reset(operation: Operation, work: Work) -> dict[str, Any]:
    """Send the letter with which a user sets a new password, if there is such a user."""
    user = User.objects.filter(pk=operation.params["user"], is_active=True).exclude(email="").first()
    return _send(operation, _password_reset(user, operation.params["address"]) if user else None)


def _password_reset(user: User, address: str) -> Letter:
    link = resetting.link(address, user)
    return letters.password_reset(to=user.email, username=user.username, link=link, address=address)


def alert(*, user_id: int, subject: str, message: str, now: datetime) -> None:
    """Queue the letter about an alert, where this server sends mail. It has no link, so any address of ours will do."""
    configuration = settings.CONFIGURATION
    if configuration.smtp_url:
        address = configuration.public_url or f"http://{configuration.host}:{configuration.port}"
        _queue(ALERT, {"user": user_id, "subject": subject, "message": message, "address": address}, now)


def send_alert(operation: Operation, work: Work) -> dict[str, Any]:
    """Send the letter about an alert, if the user is still there."""
    params = operation.params
    user = User.objects.filter(pk=params["user"], is_active=True).exclude(email="").first()
    said = {name: params[name] for name in ("subject", "message", "address")}
    return _send(operation, letters.alert(to=user.email, **said) if user else None)


HANDLERS: dict[str, Callable[[Operation, Work], dict[str, Any]]] = {
    INVITATION: send_invitation,
    PASSWORD_RESET: send_password_reset,
    ALERT: send_alert,
}
