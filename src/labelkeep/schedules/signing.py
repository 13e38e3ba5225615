"""The secrets of webhooks, what is signed with them, and addresses as they may be shown."""

from __future__ import annotations

import hashlib
import hmac

from django.utils.crypto import salted_hmac

from labelkeep.media import guard
from labelkeep.schedules.models import Webhook


def secret_of(webhook: Webhook) -> str:
    """What its deliveries are signed with. Shown once; it stands in no row, so no copy of the database betrays it."""
    return salted_hmac("labelkeep.webhook", webhook.salt, algorithm="sha256").hexdigest()


def signature(secret: str, body: bytes) -> str:
    """The value of the header `X-Labelkeep-Signature`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def shown(url: str) -> str:
    """An address without what may be secret in it: user, password and query."""
    address = guard.parse(url)
    return f"{address}?***" if address.query else str(address)
