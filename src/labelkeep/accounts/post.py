"""Where letters are handed in. The room `mail`, above, sends them, and says so here (as projects/hooks.py does).

A letter that has a link must not lead where somebody who merely sent a request wants: the address of a request is its
`Host`, which anybody can write. `refusal` is what decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
NO_MAIL = "This server sends no mail; ask its operator for help (LABELKEEP_SMTP_URL is not set)."
NO_ADDRESS = "This server sends no mail from here; ask its operator to set LABELKEEP_PUBLIC_URL, for the links in it."


class Office(Protocol):
    """Takes letters. Called inside the transaction that gives reason for one, so both are there or neither."""

    def invitation(self, *, key: str, address: str, now: datetime) -> None:
        """To the invited person."""
        ...

    def password_reset(self, *, user_id: int | None, address: str, now: datetime) -> None:
        """To a user; None costs the same and sends nothing."""
        ...


_offices: list[Office] = []


def open_office(office: Office) -> Callable[[], None]:
    """Hand letters in there; what is returned ends that."""
    _offices.append(office)
    return lambda: _offices.remove(office)


def office() -> Office:
    """The one that was opened last."""
    return _offices[-1]


def refusal(address: str) -> str:
    """Why no letter with links to this address of the server can be sent; empty when it can."""
    configuration = settings.CONFIGURATION
    if not configuration.smtp_url:
        return NO_MAIL
    named = bool(configuration.public_url) or "*" not in configuration.allowed_hosts
    return "" if named or urlsplit(address).hostname in _HERE | {configuration.host} else NO_ADDRESS
