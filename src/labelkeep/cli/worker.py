"""`labelkeep worker`: one more process that carries operations out, beside those that `serve` starts."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Annotated, Optional

import typer


def worker(
    data_dir: Annotated[Optional[Path], typer.Option(help="Where the database and the store live.")] = None,  # noqa: UP045
) -> None:
    """Carry out queued operations until Ctrl+C. `labelkeep serve` starts its own; this is for more of them."""
    from labelkeep.operations.process import run_worker

    if data_dir is not None:
        os.environ["LABELKEEP_DATA_DIR"] = str(data_dir.expanduser().absolute())
    run_worker(f"manual:{socket.gethostname()}:{os.getpid()}")
