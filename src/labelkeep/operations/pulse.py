"""The thread beside a handler that keeps its lease, writes its progress, and ends what does not end by itself.

A handler may sit in a decoder for a minute without asking whether it is still wanted. When it was cancelled, given
away, or the process is told to end, it gets a short grace; then the process frees the space and exits. That is safe
at any instant (design.md, invariant 8: it is no worse than `kill -9`), and whoever started the worker starts another.
"""

from __future__ import annotations

import os
import threading

import structlog
from django.db import Error as DatabaseTrouble
from django.db import connection

from labelkeep import clock
from labelkeep.operations import claims
from labelkeep.operations.names import ABANDONED
from labelkeep.operations.work import PACE, Work

GRACE = 3.0  # seconds from being told to stop until the process is ended

log = structlog.get_logger(__name__)


class Pulse(threading.Thread):
    """Beats for one attempt, on a database connection of its own, until `end`."""

    def __init__(self, work: Work) -> None:
        super().__init__(name="pulse", daemon=True)
        self._work = work
        self._over = threading.Event()
        self._told_at: float | None = None

    def run(self) -> None:
        """Beat at the pace of progress; see the module."""
        try:
            while not self._over.wait(PACE):
                self._beat()
                self._judge()
        finally:
            connection.close()

    def end(self) -> None:
        """The attempt is over; returns when this thread will not touch the row any more."""
        self._over.set()
        self.join()

    def _beat(self) -> None:
        try:
            self._work.beat()
        except DatabaseTrouble as error:  # the next beat tries again; if none gets through, the lease runs out
            log.warning("operation.beat_failed", key=self._work.operation.key, error=str(error))
            connection.close()

    def _judge(self) -> None:
        if not self._work.is_unwanted:
            return
        self._told_at = self._told_at or clock.monotonic()
        if clock.monotonic() - self._told_at >= GRACE and not self._over.is_set():
            self._abandon()

    def _abandon(self) -> None:
        log.warning("operation.abandoned", key=self._work.operation.key)
        try:
            if self._work.is_stopping:
                claims.give_back(self._work.operation)
        finally:
            self._work.close()
            os._exit(ABANDONED)
