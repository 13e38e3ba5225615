"""What workers are called. A name says who started the worker, and so which others are dead when it starts."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ABANDONED = 75  # exit code of a worker that ended an operation by ending itself: nothing is wrong, start another
SERVED = "serve:"  # begins the names of workers that a server started


@dataclass(frozen=True, slots=True)
class Served:
    """The `count`-th worker in a slot of one run of a server. `run` begins with the server's place and a hyphen."""

    run: str
    slot: int
    count: int

    def __str__(self) -> str:
        return f"{self.of_this_slot}{self.count}"

    @property
    def of_this_run(self) -> str:
        """Begins the names of all workers of the same run."""
        return f"{SERVED}{self.run}:"

    @property
    def of_this_place(self) -> str:
        """Begins the names of all workers of all runs of the same server."""
        place, hyphen, _ = self.run.rpartition("-")
        return f"{SERVED}{place}{hyphen}"

    @property
    def of_this_slot(self) -> str:
        """Begins the names of the worker itself and those it followed."""
        return f"{self.of_this_run}{self.slot}:"


def place_of(data_dir: Path) -> str:
    """Stands for the one server that can hold the lock of this directory; others may use the same database."""
    return sha256(f"{socket.gethostname()}:{data_dir.absolute()}".encode()).hexdigest()[:8]


def parse(name: str) -> Served | None:
    """Read the name of a worker that a server started; None for any other."""
    if not name.startswith(SERVED):
        return None
    run, slot, count = name.removeprefix(SERVED).split(":")
    return Served(run, int(slot), int(count))
