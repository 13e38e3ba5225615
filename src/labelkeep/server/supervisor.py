"""Keeps the server's processes running: one that answers requests, and the workers. Light itself: it imports no Django.

    supervisor ── web (granian) ── the application
               └─ worker, worker, …

A child that dies is started again, at once the first time and then with growing pauses. All end when the supervisor
is told to stop, and also when it is killed (`operations.lifeline`).
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from labelkeep import clock
from labelkeep.errors import Unavailable
from labelkeep.operations.names import ABANDONED, Served, place_of

STOPPING = 15.0  # seconds that children may take to stop before they are killed
STEADY = 30.0  # a child that lived so long has started well; its pauses begin anew
LONGEST_PAUSE = 30.0
HOPELESS = 2  # ends of one child before the first answer, after which starting is given up
_LOOK = 0.05

log = structlog.get_logger(__name__)


@dataclass
class Child:
    """A process that shall run. `command` makes the command line of its `count`-th start."""

    name: str
    command: Callable[[int], Sequence[str]]
    count: int = 0
    failures: int = 0
    started_at: float = 0.0
    not_before: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own so that Ctrl+C reaches the supervisor alone."""
        self.count += 1
        self.started_at = clock.monotonic()
        self.process = subprocess.Popen(  # noqa: S603
            self.command(self.count), stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        )

    def look(self) -> None:
        """Note its end, and start it again when its pause is over."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self.process = None
            self._ended(code)
        if self.process is None and clock.monotonic() >= self.not_before:
            self.start()

    def _ended(self, code: int) -> None:
        now = clock.monotonic()
        if code == ABANDONED or now - self.started_at >= STEADY:
            self.failures = 0
        pause = 0.0 if self.failures == 0 else min(0.5 * 2**self.failures, LONGEST_PAUSE)
        self.failures += code != ABANDONED
        self.not_before = now + pause
        log.warning("server.child_ended", child=self.name, code=code, restarts_in=pause)


class Supervisor:
    """Runs children until told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = list(children)
        self._stop = threading.Event()

    def stop(self, *_: object) -> None:
        """Stop soon; may be called from a signal handler."""
        self._stop.set()

    def run(self, ready: Callable[[], bool]) -> None:
        """Start all, ask `ready` until it says true once, look after them until `stop`, then stop them.

        Raises:
            Unavailable: a child keeps ending before `ready` was true.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop)
        waiting = True
        try:
            while not self._stop.is_set():
                for child in self._children:
                    child.look()
                waiting = waiting and not ready()
                if waiting:
                    self._give_up()
                self._stop.wait(_LOOK)
        finally:
            self._stop_children()

    def _give_up(self) -> None:
        for child in self._children:
            if child.failures >= HOPELESS:
                raise Unavailable(f"cannot start: {child.name} ended {child.failures} times; its last words are above")

    def _stop_children(self) -> None:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = clock.monotonic() + STOPPING
        for process in running:
            try:
                process.wait(max(0.0, deadline - clock.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def web() -> Child:
    """The process that answers requests, by the settings in the environment."""
    return Child("web", lambda _: [sys.executable, "-m", "labelkeep.server.web", str(os.getpid())])


def workers(number: int, data_dir: Path, module: Sequence[str] = ("-m", "labelkeep.operations")) -> list[Child]:
    """The processes that carry operations out; their names say whom each follows (operations.embedded).

    Whoever calls this holds the lock of `data_dir`.
    `module` is what Python is told to run, with the name and this process as arguments.
    """
    run = f"{place_of(data_dir)}-{secrets.token_hex(4)}"

    def slot(index: int) -> Child:
        def command(count: int) -> list[str]:
            return [sys.executable, *module, str(Served(run, index, count)), str(os.getpid())]

        return Child(f"worker {index}", command)

    return [slot(index) for index in range(1, number + 1)]
