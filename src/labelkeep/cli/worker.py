"""`labelkeep worker`: one more process that carries operations out, beside those that `serve` starts."""

from __future__ import annotations

import os
import socket

from labelkeep.cli.opening import DataDir, open_data_dir


def worker(data_dir: DataDir = None) -> None:
    """Carry out queued operations until Ctrl+C. `labelkeep serve` starts its own; this is for more of them."""
    open_data_dir(data_dir)
    from labelkeep.operations.process import run_worker

    run_worker(f"manual:{socket.gethostname()}:{os.getpid()}")
