"""What a handler is given: a way to say how far it is, to learn that it must stop, and to publish what it made.

Inside a worker a `Pulse` thread does the talking to the database (see pulse.py), so `progress` and `check` cost
nothing and may be called for every frame. Without one (`run.run_queued`) they write for themselves, at the same pace.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import transaction

from labelkeep import clock
from labelkeep.errors import Cancelled
from labelkeep.operations import claims, temporary
from labelkeep.operations.models import Operation

PACE = 0.5  # seconds between two writes of progress, at least
RENEWAL = 5.0  # seconds between two renewals of the lease, at most


class Publication:
    """What is published in one transaction. Call `finish` to record the operation's result in it too."""

    result: dict[str, Any] | None = None

    def finish(self, result: dict[str, Any]) -> None:
        """Make the operation finished, with this result, by the same commit as everything else in the block.

        So a process that dies right after the commit has finished, and the work is not done a second time. Without it,
        a handler must find what an earlier attempt published, because it is started again.
        """
        self.result = result


class Work:
    """One attempt at an operation."""

    def __init__(self, operation: Operation, *, stop: threading.Event | None = None, paced: bool = False) -> None:
        """`stop` is set when the process is told to end; `paced` says that somebody else calls `beat`."""
        self.operation = operation
        self._stop = stop or threading.Event()
        self._lost = threading.Event()
        self._paced = paced
        self.has_finished = False  # whether a publication has recorded the end
        self._latest: tuple[float, str] = (0.0, "")
        self._written = self._latest
        self._beaten_at = self._renewed_at = float("-inf")

    @property
    def tmp(self) -> Path:
        """A directory of this attempt alone, made on first use; removed when the attempt ends, however it ends."""
        path = temporary.directory_of(self.operation)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def progress(self, fraction: float, message: str = "") -> None:
        """Say how much is done, from 0 to 1, and what is being done; never moves back.

        Raises:
            Cancelled: as `check`.
        """
        self._latest = (min(max(fraction, self._latest[0]), 1.0), message or self._latest[1])
        self.check()

    def check(self) -> None:
        """Return if the work is still wanted, and still ours.

        Raises:
            Cancelled: it was cancelled, given to another worker, or this process is ending. The handler lets it pass.
        """
        if not self._paced and clock.monotonic() - self._beaten_at >= PACE:
            self.beat()
        if self._lost.is_set():
            raise Cancelled("the operation was cancelled or given to another worker")
        if self._stop.is_set():
            raise Cancelled("the worker is stopping")

    @contextmanager
    def publish(self) -> Iterator[Publication]:
        """One transaction for all that the operation makes visible; it begins by proving that the work is still ours.

        Nobody can take or cancel the operation until the block has committed, so keep it short and without file I/O.

        Raises:
            Cancelled: it is not ours any more; nothing was written.
        """
        self.check()
        with transaction.atomic():
            now = clock.now()
            if not claims.renew(self.operation, now):
                self._lost.set()
                raise Cancelled("the operation was cancelled or given to another worker")
            publication = Publication()
            yield publication
            if publication.result is not None:
                claims.finish(self.operation, publication.result, now)
        self.has_finished = publication.result is not None

    def beat(self) -> None:
        """Write progress and lease where they are due, and learn whether the work is still ours."""
        moment, latest = clock.monotonic(), self._latest
        self._beaten_at = moment
        if latest != self._written or moment - self._renewed_at >= RENEWAL:
            ours = claims.renew(self.operation, clock.now(), progress=latest[0], message=latest[1])
            self._written, self._renewed_at = latest, moment
        else:
            ours = claims.held(self.operation).exists()
        if not ours:
            self._lost.set()

    @property
    def is_stopping(self) -> bool:
        """Whether this process was told to end."""
        return self._stop.is_set()

    @property
    def is_unwanted(self) -> bool:
        """Whether the handler has been told to stop, by either reason."""
        return self._lost.is_set() or self._stop.is_set()

    def close(self) -> None:
        """Free the space of this attempt."""
        temporary.remove(temporary.directory_of(self.operation))
