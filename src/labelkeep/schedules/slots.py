"""Timing: the moments at which a schedule's backups are due. Pure; moments are aware and come out in UTC.

A slot is a local time in an IANA zone. Where the clock skips it, the slot is the first moment after the gap; where the
clock shows it twice, the slot is the first of the two, but for hourly ones, which come every hour that passes.
`cronsim` knows these rules (those of Debian's cron).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from labelkeep.errors import BadInput

FREQUENCIES = ("hourly", "daily", "weekly", "monthly", "cron")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Timing:
    """`time` is HH:MM (hourly: its minutes), `weekday` 1 (Monday) to 7, `day` 1 to 31 (a shorter month: its last)."""

    frequency: str = "daily"
    time: str = "02:30"
    weekday: int = 7
    day: int = 1
    cron: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse what is no timing.

        Raises:
            BadInput: by field.
        """
        wrong: dict[str, list[str]] = {}
        if self.frequency not in FREQUENCIES:
            wrong["frequency"] = [f"Must be one of {', '.join(FREQUENCIES)}."]
        if not _TIME.fullmatch(self.time):
            wrong["time"] = ["Must be a time of day, HH:MM."]
        if not 1 <= self.weekday <= 7:
            wrong["weekday"] = ["Must be from 1 (Monday) to 7 (Sunday)."]
        if not 1 <= self.day <= 31:
            wrong["day"] = ["Must be from 1 to 31."]
        if self.frequency == "cron" and (told := _not_cron(self.cron)):
            wrong["cron"] = [told]
        if not _is_zone(self.zone):
            wrong["zone"] = [f"{self.zone!r} is not a time zone. Use a name such as Europe/Berlin."]
        if wrong:
            raise BadInput(wrong)

    @property
    def expressions(self) -> tuple[str, ...]:
        """The cron expressions whose moments together are the slots."""
        hour, minute = (int(part) for part in self.time.split(":"))
        if self.frequency == "cron":
            return (self.cron,)
        if self.frequency == "hourly":
            return (f"{minute} * * * *",)
        if self.frequency == "weekly":
            return (f"{minute} {hour} * * {self.weekday}",)
        if self.frequency == "monthly":
            return _monthly(minute, hour, self.day)
        return (f"{minute} {hour} * * *",)


def upcoming(timing: Timing, after: datetime) -> Iterator[datetime]:
    """The slots after a moment, in order, without end."""
    last = after
    local = after.astimezone(ZoneInfo(timing.zone))
    streams = [CronSim(expression, local) for expression in timing.expressions]
    heads = [next(stream).astimezone(UTC) for stream in streams]
    while True:
        first = min(range(len(heads)), key=heads.__getitem__)
        moment, heads[first] = heads[first], next(streams[first]).astimezone(UTC)
        if moment > last:
            last = moment
            yield moment


def next_slot(timing: Timing, after: datetime) -> datetime:
    """The first slot after a moment."""
    return next(upcoming(timing, after))


def last_slot(timing: Timing, since: datetime, until: datetime) -> datetime | None:
    """The latest slot after `since` and not after `until`; None where there is none. For slots that were missed."""
    found = None
    for moment in upcoming(timing, since):
        if moment > until:
            return found
        found = moment
    return found


def next_slots(timing: Timing, after: datetime, count: int) -> list[datetime]:
    """The next `count` slots: for people to look at."""
    return list(islice(upcoming(timing, after), count))


def _monthly(minute: int, hour: int, day: int) -> tuple[str, ...]:
    """The day, or the last of months that are too short for it."""
    if day <= 28:
        return (f"{minute} {hour} {day} * *",)
    long = {29: "1,3-12", 30: "1,3-12", 31: "1,3,5,7,8,10,12"}[day]
    short = {29: "2", 30: "2", 31: "2,4,6,9,11"}[day]
    return (f"{minute} {hour} {day} {long} *", f"{minute} {hour} L {short} *")


def _not_cron(expression: str) -> str:
    if len(expression.split()) != 5:
        return "Must be five fields: minute, hour, day of the month, month, day of the week."
    try:
        next(CronSim(expression, datetime(2026, 1, 1)))
    except CronSimError:
        return f"{expression!r} is not a cron expression."
    except StopIteration:
        return f"{expression!r} never comes."
    return ""


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
