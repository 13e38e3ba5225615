"""What the letters say: plain text, one function a letter. Values in, a value out; nothing is sent here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from textwrap import fill

_WIDTH = 72
_MONTHS = "January February March April May June July August September October November December"


@dataclass(frozen=True)
class Letter:
    """To whom, about what, and the text."""

    to: str
    subject: str
    text: str


def invitation(
    *, to: str, inviter: str, organization: str, role: str, link: str, until: datetime, address: str
) -> Letter:
    """Somebody is invited into an organization."""
    who, where = one_line(inviter), one_line(organization)
    return Letter(
        one_line(to),
        f"{who} invites you to {where}",
        _written(
            f'{who} invites you to the organization "{where}", where you would be a {role}.',
            "To see the invitation, and to accept or decline it, open this page:",
            f"    {link}",
            f"It is good until {_day(until)}. If you expected no invitation, you need not do anything: "
            "nothing happens unless you accept.",
            address=address,
        ),
    )


def password_reset(*, to: str, username: str, link: str, address: str) -> Letter:
    """Somebody, we hope the user, has forgotten the password."""
    return Letter(
        one_line(to),
        "A new password for Labelkeep",
        _written(
            f"Somebody asked for a new password for the user {one_line(username)}.",
            "If it was you, set one on this page. The link works once, and for a day:",
            f"    {link}",
            "If it was not you, you need not do anything: your password stays as it is.",
            address=address,
        ),
    )


def alert(*, to: str, subject: str, message: str, address: str) -> Letter:
    """Something is wrong with the backups of a project."""
    return Letter(
        one_line(to),
        one_line(subject),
        _written(
            one_line(message, 2000),
            "Nothing more is sent about this until it is over. You get this letter because the project or its "
            "organization is yours.",
            address=address,
        ),
    )


def test(*, to: str, address: str) -> Letter:
    """Nothing but a proof that mail arrives."""
    return Letter(
        one_line(to),
        "A test letter from Labelkeep",
        _written("Mail from this Labelkeep server arrives. That is all this letter has to say.", address=address),
    )


def one_line(text: str, most: int = 254) -> str:
    """A name that somebody chose, fit for a header and a sentence: no line can begin in it, and it is not endless."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+", " ", text)
    return " ".join(plain.split())[:most]


def _written(*paragraphs: str, address: str) -> str:
    """Paragraphs of a readable width; what is indented (a link) stays in one piece."""
    body = [part if part.startswith(" ") else fill(part, _WIDTH) for part in ("Hello,", *paragraphs)]
    return "\n\n".join([*body, f"-- \nLabelkeep at {address}"]) + "\n"


def _day(moment: datetime) -> str:
    return f"{moment.day} {_MONTHS.split()[moment.month - 1]} {moment.year}, {moment:%H:%M} UTC"
