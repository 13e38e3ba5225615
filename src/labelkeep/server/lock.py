"""One server for one data directory: an exclusive lock on a file in it, which ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labelkeep import clock
from labelkeep.errors import Conflict


@contextmanager
def locked(data_dir: Path, *, patience: float = 3.0) -> Iterator[None]:
    """Hold the data directory; waits a moment for a holder that is just ending.

    Raises:
        Conflict: another process holds it; the message names its process id.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(data_dir / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, data_dir, clock.monotonic() + patience)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_locked(data_dir: Path) -> bool:
    """Whether a server runs on the data directory. Another one's attempt to lock it waits for this look."""
    try:
        descriptor = os.open(data_dir / "server.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _acquire(descriptor: int, data_dir: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic() >= deadline:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise Conflict(f"{data_dir} is in use by another Labelkeep server (process {holder})") from None
            time.sleep(0.05)
