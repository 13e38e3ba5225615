"""The one module that asks the time. Everywhere else `now` is an argument, so that a test can be any day."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that never run backwards; for intervals inside one process."""
    return time.monotonic()
