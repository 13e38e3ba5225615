"""Chores: what has to be done now and then, whoever is there to do it. Rooms register theirs from `AppConfig.ready`.

Every idle worker asks for its turn, at its own time; in each period one worker, of all processes on the same database,
has it. A chore must stand being done twice at once all the same, and not at all for a while: a worker may die over it.
Nothing is promised to anybody by a chore; what is promised is an operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from labelkeep import clock
from labelkeep.operations.models import ChoreTurn

Chore = Callable[[datetime], object]
_CHORES: dict[Chore, timedelta] = {}
_EVERYWHERE: set[Chore] = set()

log = structlog.get_logger(__name__)


def chore(every: timedelta, *, everywhere: bool = False) -> Callable[[Chore], Chore]:
    """Register the decorated function to be called with the current moment, about so often.

    `everywhere`: by each worker, because it is about what lies where the worker is.
    """

    def register(function: Chore) -> Chore:
        _CHORES[function] = every
        if everywhere:
            _EVERYWHERE.add(function)
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
                now = clock.now()
                if function in _EVERYWHERE or _has_turn(name_of(function), every, now):
                    function(now)
            except Exception as error:  # a chore must not take the worker down
                log.error("chore.failed", chore=name_of(function), exc_info=error)
            self.done[function] = clock.monotonic()


def name_of(function: Chore) -> str:
    """What the chore is called in the database and in the log."""
    return f"{function.__module__}.{function.__qualname__}"


def _has_turn(name: str, every: timedelta, now: datetime) -> bool:
    """Take the turn, unless somebody had it within this period: half of one, because clocks and loops are not exact."""
    rows = ChoreTurn.objects.filter(pk=name)
    if rows.filter(taken_date__lte=now - every / 2).update(taken_date=now):
        return True
    if rows.exists():
        return False
    try:
        with transaction.atomic():
            ChoreTurn.objects.create(name=name, taken_date=now)
    except IntegrityError:  # the very first time, and another was quicker
        return False
    return True
