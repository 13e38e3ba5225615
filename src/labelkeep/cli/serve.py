"""`labelkeep serve`: the server in the foreground."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Optional

import typer


def serve(
    host: Annotated[Optional[str], typer.Option(help="Address to listen on.")] = None,  # noqa: UP045
    port: Annotated[Optional[int], typer.Option(help="Port to listen on; 0 takes a free one.")] = None,  # noqa: UP045
    data_dir: Annotated[Optional[Path], typer.Option(help="Where the database and the store live.")] = None,  # noqa: UP045
) -> None:
    """Serve until Ctrl+C, with its own database, store and workers. Prints the address once it answers."""
    directory = None if data_dir is None else data_dir.expanduser().absolute()
    for name, value in {"HOST": host, "PORT": port, "DATA_DIR": directory}.items():
        if value is not None:
            os.environ[f"LABELKEEP_{name}"] = str(value)
    sys.stdout.flush()
    # The server is another program, above this room: it replaces this process and reads the settings for itself.
    os.execv(sys.executable, [sys.executable, "-m", "labelkeep.server"])  # noqa: S606
