"""The embedded engine: worker processes on this machine that claim rows from the database. Nothing else has to run.

The row itself is the queue entry, so starting work is only writing the row. Workers look for due rows a few times a
second. The work of one that dies is taken over by the worker that its server starts in its place, and by any other once
its lease has run out.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import Error as DatabaseTrouble
from django.db import close_old_connections
from django.db.models import Q

from labelkeep import clock
from labelkeep.operations import claims, names, temporary
from labelkeep.operations.chores import Round, chore
from labelkeep.operations.expiry import remove_expired
from labelkeep.operations.models import Operation, Worker
from labelkeep.operations.run import IDLE, attend

HEARTBEAT = 5.0  # seconds between two signs of life of an idle worker
SWEEP = timedelta(seconds=30)  # between two removals of what is expired or left behind
FORGOTTEN = timedelta(minutes=5)  # a worker silent for so long is taken off the list

log = structlog.get_logger(__name__)


class Embedded:
    """See `engine.Engine`."""

    def enqueue(self, operation: Operation) -> None:
        """Nothing to do: workers find the row once it is committed."""

    def work(self, worker: str, stop: threading.Event) -> None:
        """Claim and carry out until told to stop; survives a database that is away for a while."""
        _Loop(worker, stop).run()


def predecessors_of(worker: str, column: str) -> Q | None:
    """Which workers, named in this column, are dead for certain, given that this one was started; None: nobody knows.

    A server starts the next worker of a slot when the last one has died, and it holds the lock of the data directory,
    so all workers of its earlier runs are gone too. Of servers elsewhere on the same database nobody knows.
    """
    served = names.parse(worker)
    if served is None:
        return None
    begins = f"{column}__startswith"
    same_slot = Q(**{begins: served.of_this_slot}) & ~Q(**{column: worker})
    return same_slot | (Q(**{begins: served.of_this_place}) & ~Q(**{begins: served.of_this_run}))


@chore(every=SWEEP)
def sweep(now: datetime) -> None:
    """Remove expired rows, and workers that were not heard of for long."""
    remove_expired(now)
    Worker.objects.filter(seen_date__lt=now - FORGOTTEN).delete()


@chore(every=SWEEP, everywhere=True)
def sweep_directories(now: datetime) -> None:
    """Remove what dead attempts have left behind in this data directory."""
    temporary.remove_dead()


class _Loop:
    """What one worker process does all day."""

    def __init__(self, worker: str, stop: threading.Event) -> None:
        self._worker = worker
        self._stop = stop
        self._seen_at = float("-inf")
        self._round = Round()

    def run(self) -> None:
        self._inherit()
        try:
            while not self._stop.is_set():
                self._guarded()
        finally:
            with suppress(DatabaseTrouble):  # the list forgets the silent by itself
                Worker.objects.filter(name=self._worker).delete()

    def _inherit(self) -> None:
        dead, listed = predecessors_of(self._worker, "worker"), predecessors_of(self._worker, "name")
        if dead is not None and (released := claims.release(dead, clock.now())):
            log.info("worker.inherited", worker=self._worker, operations=released)
        if listed is not None:
            Worker.objects.filter(listed).delete()
        temporary.remove_dead()

    def _guarded(self) -> None:
        try:
            idle = not self._once()
        except DatabaseTrouble as error:
            log.error("worker.database", worker=self._worker, error=str(error))
            close_old_connections()
            self._stop.wait(1.0)
        else:
            if idle:
                self._stop.wait(IDLE)

    def _once(self) -> bool:
        self._sign_of_life()
        operation = claims.claim_next(self._worker, clock.now())
        if operation is None:
            self._round.do_what_is_due()
            return False
        with structlog.contextvars.bound_contextvars(operation=str(operation.pk), attempt=operation.attempts):
            attend(operation, self._stop)
        return True

    def _sign_of_life(self) -> None:
        if clock.monotonic() - self._seen_at < HEARTBEAT:
            return
        now = clock.now()
        Worker.objects.update_or_create(
            name=self._worker,
            defaults={"seen_date": now},
            create_defaults={"seen_date": now, "started_date": now, "pid": os.getpid()},
        )
        self._seen_at = clock.monotonic()
