"""The decision: for every backup of one project, keep or remove, with the reasons.

The rules are those of restic's `forget` (counting the newest of each period), with what its users asked for and did
not get (user stories US-02, US-22):

- only complete backups count; a damaged one never takes the place of a good one, and is removed once the policy is
  filled by newer good ones;
- pinned and safety backups are kept and do not count;
- the newest complete backup is always kept, whatever the policy says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from labelkeep.retention.policy import PERIODS, Policy


@dataclass(frozen=True)
class Candidate:
    """One backup. `counts`: complete and whole. `protected`: why it is kept whatever the policy says, or empty."""

    id: str
    created: datetime  # aware
    counts: bool = True
    protected: str = ""
    under_way: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of a backup, and every reason for it."""

    id: str
    keep: bool
    reasons: tuple[str, ...] = field(default_factory=tuple)


# The name of the period that a local moment lies in.
_PERIOD: dict[str, Callable[[datetime], str]] = {
    "hourly": lambda local: f"{local:%Y-%m-%d %H:00%z}",
    "daily": lambda local: f"{local:%Y-%m-%d}",
    "weekly": lambda local: "{}-W{:02}".format(*local.isocalendar()[:2]),
    "monthly": lambda local: f"{local:%Y-%m}",
    "yearly": lambda local: f"{local:%Y}",
}


def decide(candidates: Iterable[Candidate], policy: Policy, zone: ZoneInfo, now: datetime) -> list[Decision]:
    """A decision for each candidate, newest first. All must be backups of one project; days are those of `zone`."""
    newest_first = sorted(candidates, key=lambda item: (item.created, item.id), reverse=True)
    reasons: dict[str, list[str]] = {item.id: [] for item in newest_first}
    counted = [item for item in newest_first if item.counts and not item.protected and not item.under_way]
    young = [item for item in counted if policy.max_age is None or now - item.created <= policy.max_age]
    _by_rules(young, policy, zone, reasons)
    _by_nature(newest_first, reasons)
    _damaged(newest_first, reasons)
    return [
        Decision(item.id, bool(reasons[item.id]), tuple(reasons[item.id]) or (_why_not(item, policy, now),))
        for item in newest_first
    ]


def _by_rules(young: list[Candidate], policy: Policy, zone: ZoneInfo, reasons: dict[str, list[str]]) -> None:
    for place, item in enumerate(young[: policy.last], 1):
        reasons[item.id].append(f"last {place} of {policy.last}")
    for rule in PERIODS:
        wanted: int = getattr(policy, rule)
        for item, period in _newest_of_periods(young, _PERIOD[rule], zone)[:wanted]:
            reasons[item.id].append(f"{rule} {period}")
    if not any(policy.counts().values()):
        for item in young:
            reasons[item.id].append(f"not older than {policy.max_age_days} days")


def _newest_of_periods(
    items: list[Candidate], name: Callable[[datetime], str], zone: ZoneInfo
) -> list[tuple[Candidate, str]]:
    """The newest of each period that has one, newest period first."""
    found: dict[str, Candidate] = {}
    for item in items:
        found.setdefault(name(item.created.astimezone(zone)), item)
    return [(item, period) for period, item in found.items()]


def _by_nature(newest_first: list[Candidate], reasons: dict[str, list[str]]) -> None:
    """Reasons that no policy gives or takes."""
    for item in newest_first:
        if item.protected:
            reasons[item.id].append(item.protected)
        if item.under_way:
            reasons[item.id].append("it is being made")
    good = next((item for item in newest_first if item.counts and not item.under_way), None)
    if good is not None and not reasons[good.id]:
        reasons[good.id].append("the last good backup")


def _damaged(newest_first: list[Candidate], reasons: dict[str, list[str]]) -> None:
    """A damaged one may be repaired: it stays until every backup that is kept is newer."""
    kept = [item.created for item in newest_first if reasons[item.id] and not item.protected]
    oldest = min(kept, default=None)
    for item in newest_first:
        if not (item.counts or reasons[item.id]) and (oldest is None or item.created >= oldest):
            reasons[item.id].append("damaged: does not count, and may be repaired")


def _why_not(item: Candidate, policy: Policy, now: datetime) -> str:
    if policy.max_age is not None and now - item.created > policy.max_age:
        return f"older than {policy.max_age_days} days"
    return "no rule keeps it" if item.counts else "damaged, and all that is kept is newer"
