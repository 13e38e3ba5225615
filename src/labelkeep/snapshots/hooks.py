"""Who wants to know that a backup was not made because nothing had changed. That one was made, its row's signal says.

Here, because what is above registers itself (as in projects/hooks.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

AfterSkip = Callable[[UUID, datetime], None]  # the source, and when it was found unchanged
_after_skip: list[AfterSkip] = []


def after_skip(function: AfterSkip) -> Callable[[], None]:
    """Register `function`; what is returned takes it out again."""
    _after_skip.append(function)
    return lambda: _after_skip.remove(function)


def announce_skip(source: UUID, now: datetime) -> None:
    """The newest backup of this source holds all that there is now."""
    for function in tuple(_after_skip):
        function(source, now)
