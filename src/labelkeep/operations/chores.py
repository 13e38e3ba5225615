"""Chores: what has to be done now and then, whoever is there to do it. Rooms register theirs from `AppConfig.ready`.

Every idle worker does them, at its own time, so a chore must stand being done twice at once and not at all for a while.
Nothing is promised to anybody by a chore; what is promised is an operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from labelkeep import clock

Chore = Callable[[datetime], object]
_CHORES: dict[Chore, timedelta] = {}

log = structlog.get_logger(__name__)


def chore(every: timedelta) -> Callable[[Chore], Chore]:
    """Register the decorated function to be called with the current moment, about so often."""

    def register(function: Chore) -> Chore:
        _CHORES[function] = every
        return function

    return register


@dataclass
class Round:
    """What one worker has done when. The first time of each chore is one interval after the worker's start."""

    started: float = field(default_factory=clock.monotonic)
    done: dict[Chore, float] = field(default_factory=dict)

    def do_what_is_due(self) -> None:
        """Do the chores whose time has come. One that fails is logged and waits for its next time."""
        for function, every in _CHORES.items():
            if clock.monotonic() - self.done.get(function, self.started) < every.total_seconds():
                continue
            try:
                function(clock.now())
            except Exception as error:  # a chore must not take the worker down
                log.error("chore.failed", chore=f"{function.__module__}.{function.__qualname__}", exc_info=error)
            self.done[function] = clock.monotonic()
