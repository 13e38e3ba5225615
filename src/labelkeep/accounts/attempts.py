"""How often something may be tried: passwords from one address and for one account, letters to one mailbox.

The counts are rows, so all processes count together; whom they are about is kept as a keyed hash. Nobody is locked out:
when the free tries of a window are used up, one more is let through after each pause. Looking costs one query; only a
failed try costs a write.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TypeAlias

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from labelkeep.accounts.models import LoginAttempts
from labelkeep.errors import TooOften

FORGOTTEN = timedelta(days=1)  # what is older is no reason for anything


@dataclass(frozen=True)
class Pace:
    """`free` tries in a `window` that begins with the first of them; after those, one for each `pause`."""

    name: str
    free: int
    window: timedelta
    pause: timedelta

    def wait(self, row: LoginAttempts, now: datetime) -> int:
        """Seconds until the next try, at least 1; 0: it may be made now."""
        if row.count < self.free or now >= row.since + self.window:
            return 0
        next_one = min(row.since + self.pause * (row.count - self.free + 1), row.since + self.window)
        return max(0, ceil((next_one - now).total_seconds()))


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
ADDRESS = Pace("address", 100, _MINUTE, _MINUTE)  # as CVAT has it
ACCOUNT = Pace("account", 10, 10 * _MINUTE, _MINUTE)
LETTERS_TO = Pace("letters to", 5, _HOUR, _HOUR)
LETTERS_FROM = Pace("letters from", 100, _HOUR, _HOUR)

Counter: TypeAlias = tuple[Pace, str]  # what is counted, and for whom


class Tries:
    """One try, counted for each of its counters if it fails."""

    def __init__(self, now: datetime, *counters: Counter) -> None:
        self._now = now
        self._counters = {_subject(pace, whose): pace for pace, whose in counters}
        self._known = {row.subject: row for row in LoginAttempts.objects.filter(subject__in=self._counters)}

    def begin(self) -> None:
        """Go on, if none of the counters says to wait.

        Raises:
            TooOften: one does.
        """
        wait = max((self._counters[name].wait(row, self._now) for name, row in self._known.items()), default=0)
        if wait:
            raise TooOften(wait)

    def failed(self) -> None:
        """Count it."""
        for subject, pace in self._counters.items():
            _count(subject, pace, self._now)

    def succeeded(self) -> None:
        """Forget the failures before it; not those of the address, which may try many accounts."""
        known = [subject for subject in self._known if self._counters[subject] is not ADDRESS]
        if known:
            LoginAttempts.objects.filter(subject__in=known).delete()


def begin(now: datetime, *counters: Counter) -> Tries:
    """Begin a try.

    Raises:
        TooOften: not yet.
    """
    tries = Tries(now, *counters)
    tries.begin()
    return tries


def spend(now: datetime, *counters: Counter) -> None:
    """Begin a try that counts however it ends.

    Raises:
        TooOften: not yet.
    """
    begin(now, *counters).failed()


def network(address: str) -> str:
    """What counts as one address: of IPv6 the 64 bits that one customer has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed if parsed.version == 4 else ipaddress.ip_network((parsed, 64), strict=False))


def _subject(pace: Pace, whose: str) -> str:
    whose = network(whose) if pace is ADDRESS else whose
    return salted_hmac("labelkeep.accounts.attempts", f"{pace.name}\0{whose}", algorithm="sha256").hexdigest()


def _count(subject: str, pace: Pace, now: datetime) -> None:
    """Each step is one statement that decides by itself, so none is lost of those that fail at once."""
    known, begun = LoginAttempts.objects.filter(subject=subject), now - pace.window
    going_on = known.filter(since__gt=begun)
    if going_on.update(count=F("count") + 1) or known.filter(since__lte=begun).update(count=1, since=now):
        return
    LoginAttempts.objects.filter(since__lt=now - FORGOTTEN).delete()
    try:
        with transaction.atomic():
            LoginAttempts.objects.create(subject=subject, count=1, since=now)
    except IntegrityError:  # somebody was faster
        going_on.update(count=F("count") + 1)
