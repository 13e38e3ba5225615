"""What a policy keeps, said once more and in the plainest words: each period is gone through. For tests to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labelkeep.retention import Candidate

SPANS: list[Callable[[datetime], object]] = [
    lambda day: (day.date(), day.hour, day.utcoffset()),
    lambda day: day.date(),
    lambda day: day.date() - timedelta(days=day.weekday()),
    lambda day: date(day.year, day.month, 1),
    lambda day: day.year,
]


def wanted(candidates: Sequence[Candidate], values: Sequence[int | None], zone: ZoneInfo, now: datetime) -> set[str]:
    """The good and unprotected ones that a policy keeps; `values` are its fields in their order."""
    *counts, age = values
    good = [item for item in candidates if item.counts and not item.protected]
    young = [item for item in good if age is None or now - item.created <= timedelta(days=age)]
    order = sorted(young, key=lambda item: (item.created, item.id), reverse=True)
    found = {item.id for item in order} if not any(counts) else {item.id for item in order[: counts[0]]}
    for count, span in zip(counts[1:], SPANS, strict=True):
        seen: list[object] = []
        for item in order:
            name = span(item.created.astimezone(zone))
            if name not in seen and len(seen) < (count or 0):
                seen.append(name)
                found.add(item.id)
    return found


def kept(candidates: Sequence[Candidate], values: Sequence[int | None], zone: ZoneInfo, now: datetime) -> set[str]:
    """All that stay: also what is protected, the newest good one, and what is damaged but not older than the others."""
    found = wanted(candidates, values, zone, now)
    good = [item for item in candidates if item.counts]
    if good:
        found.add(max(good, key=lambda item: (item.created, item.id)).id)
    oldest = min((item.created for item in candidates if item.id in found and not item.protected), default=None)
    damaged = {item.id for item in candidates if not item.counts and (oldest is None or item.created >= oldest)}
    return found | damaged | {item.id for item in candidates if item.protected}
