"""What an owner asks to be kept. Rules add up: a backup that one of them keeps, is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from typing import Any

from labelkeep.errors import BadInput

MOST = 100_000  # of anything; more is a slip of the finger
PERIODS = ("hourly", "daily", "weekly", "monthly", "yearly")


@dataclass(frozen=True)
class Policy:
    """How many backups of one project to keep.

    `last` counts the newest, the periods the newest of each of the latest hours, days, weeks, months and years that
    have one. `max_age_days` takes away what the other rules keep once it is older; alone, it keeps all that is younger.
    """

    last: int = 0
    hourly: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    max_age_days: int | None = None

    def __post_init__(self) -> None:
        """Refuse what would keep nothing.

        Raises:
            BadInput: by field; a policy without any rule is refused as a whole.
        """
        wrong = {name: [_HOW_MANY] for name in ("last", *PERIODS) if not 0 <= getattr(self, name) <= MOST}
        if self.max_age_days is not None and not 1 <= self.max_age_days <= MOST:
            wrong["max_age_days"] = [f"Must be a number of days from 1 to {MOST}, or null for no limit."]
        if wrong:
            raise BadInput(wrong)
        if self.max_age_days is None and not any(self.counts().values()):
            raise BadInput({"retention": ["A policy that keeps nothing is refused. Say how many backups to keep."]})

    def counts(self) -> dict[str, int]:
        """The counting rules by name."""
        return {name: getattr(self, name) for name in ("last", *PERIODS)}

    @property
    def max_age(self) -> timedelta | None:
        """The limit as a duration."""
        return None if self.max_age_days is None else timedelta(days=self.max_age_days)

    @classmethod
    def of(cls, sent: Mapping[str, Any]) -> Policy:
        """A policy from JSON.

        Raises:
            BadInput: an unknown field, a value of another kind, or nothing kept.
        """
        known = {field.name for field in fields(cls)}
        wrong: dict[str, list[str]] = {name: ["There is no such rule."] for name in sent if name not in known}
        for name, value in sent.items():
            if name in known and not (_is_count(value) or (value is None and name == "max_age_days")):
                wrong[name] = ["A whole number is required."]
        if wrong:
            raise BadInput(wrong)
        return cls(**sent)

    def to_json(self) -> dict[str, int | None]:
        """As it is stored and sent."""
        return asdict(self)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_HOW_MANY = f"Must be a number from 0 to {MOST}."
DEFAULT = Policy(last=7)
