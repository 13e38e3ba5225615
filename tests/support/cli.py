"""Commands in tests.

told("backups", "list", as_user="alice")   in this process, on the database of the test; what is queued is carried out
labelkeep(data_dir, "backups", "list")     as the program that it is, on a data directory of its own
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import Result
from django.core import signals
from django.db import close_old_connections
from typer.testing import CliRunner

from labelkeep.cli import app, doors
from labelkeep.operations.run import run_queued
from tests.support.server import LABELKEEP, environment_for


def run(*arguments: str, as_user: str = "", **environment: str) -> Result:
    """Run a command in this process; its failure is `result.exception`."""
    more = ["--as", as_user] if as_user else []
    with _carried_out_here():
        return CliRunner(env=environment).invoke(app, [*arguments, *more])


def told(*arguments: str, as_user: str = "", **environment: str) -> str:
    """What a command prints that succeeds."""
    result = run(*arguments, as_user=as_user, **environment)
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout


def rows(*arguments: str, as_user: str = "", **environment: str) -> list[dict[str, Any]]:
    """The objects that a command prints with `--json`."""
    return [json.loads(line) for line in told(*arguments, "--json", as_user=as_user, **environment).splitlines()]


@contextmanager
def _carried_out_here() -> Iterator[None]:
    """No other process and no other connection sees a test's rows: the same handlers run here, and it stays open."""
    start, ends = doors.start_carrier, (signals.request_started, signals.request_finished)
    doors.start_carrier = lambda data_dir: run_queued() and None
    for end in ends:
        end.disconnect(close_old_connections)
    try:
        yield
    finally:
        doors.start_carrier = start
        for end in ends:
            end.connect(close_old_connections)


def labelkeep(data_dir: Path, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run the program on a data directory."""
    return subprocess.run(
        [*LABELKEEP, *arguments],
        env=environment_for(data_dir, **settings),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
    )
