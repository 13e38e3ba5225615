"""Carry out what is queued, in this process: for tests and single commands, with the real handlers and no server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from labelkeep import clock
from labelkeep.operations import claims
from labelkeep.operations.attempt import carry_out
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.pulse import Pulse
from labelkeep.operations.work import Work

IDLE = 0.1  # seconds between two looks at the queue


def run_queued(now: datetime | None = None, *, worker: str = "in-process") -> list[Operation]:
    """Carry out what is due, what that queues included, and return the operations as their rows are afterwards.

    A handler's failure is in the row, as in a worker: look at `status` and `message`.
    """
    done: list[Operation] = []
    while operation := claims.claim_next(worker, now or clock.now()):
        carry_out(operation, Work(operation))
        done.append(operation)
    for operation in done:
        operation.refresh_from_db()
    return done


def run_until_idle(worker: str, stop: threading.Event, is_relieved: Callable[[], bool]) -> None:
    """Carry operations out until none is queued or under way, wherever; or, between two of them, until `is_relieved`:
    others are here to do it. No chores: who runs a single command has not asked for those."""
    while not stop.is_set():
        operation = claims.claim_next(worker, clock.now())
        if operation is not None:
            attend(operation, stop)
        elif is_relieved() or not Operation.objects.filter(status__in=(Status.QUEUED, Status.STARTED)).exists():
            return
        else:
            stop.wait(IDLE)


def attend(operation: Operation, stop: threading.Event) -> None:
    """Carry a claimed operation out with a thread beside it that keeps its lease and ends it when it must end."""
    work = Work(operation, stop=stop, paced=True)
    pulse = Pulse(work)
    pulse.start()
    try:
        carry_out(operation, work)
    finally:
        pulse.end()
