"""`labelkeep serve`: the server in the foreground."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Optional

import typer

from labelkeep.cli.opening import DataDir, name_data_dir


def serve(
    host: Annotated[Optional[str], typer.Option(help="Address to listen on.")] = None,  # noqa: UP045
    port: Annotated[Optional[int], typer.Option(help="Port to listen on; 0 takes a free one.")] = None,  # noqa: UP045
    data_dir: DataDir = None,
) -> None:
    """Serve until Ctrl+C, with its own database, store and workers. Prints the address once it answers."""
    name_data_dir(data_dir)
    for name, value in {"HOST": host, "PORT": port}.items():
        if value is not None:
            os.environ[f"LABELKEEP_{name}"] = str(value)
    sys.stdout.flush()
    # The server is a program of its own: it replaces this process, so what runs for months carries no command line.
    os.execv(sys.executable, [sys.executable, "-m", "labelkeep.server"])  # noqa: S606
