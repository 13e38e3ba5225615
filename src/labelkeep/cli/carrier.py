"""`python -m labelkeep.cli.carrier`: carries out what commands have queued, where no server runs on the data directory.

It outlives the command that started it, so Ctrl+C stops the looking on and not the work. It ends when nothing is left.
"""

from __future__ import annotations

import os
import signal
import socket
import threading

from labelkeep.cli.opening import open_data_dir


def main() -> None:
    """Work until nothing is queued or under way, or a server has come."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    open_data_dir(None)
    from django.conf import settings

    from labelkeep.operations.run import run_until_idle
    from labelkeep.server.lock import is_locked

    run_until_idle(f"command:{socket.gethostname()}:{os.getpid()}", stop, lambda: is_locked(settings.DATA_DIR))


if __name__ == "__main__":
    main()
