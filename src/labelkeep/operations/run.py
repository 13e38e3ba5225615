"""Carry out everything queued, in this process: for tests and single commands, with the real handlers and no server."""

from __future__ import annotations

from datetime import datetime

from labelkeep import clock
from labelkeep.operations import claims
from labelkeep.operations.attempt import carry_out
from labelkeep.operations.models import Operation
from labelkeep.operations.work import Work


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
