"""Commands in tests.

told("backups", "list", as_user="alice")   in this process, on the database of the test; what is queued is carried out
labelkeep(data_dir, "backups", "list")     as the program that it is, on a data directory of its own
Terminal("backups", "list")                the same on a terminal, with somebody who types
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
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
    with carried_out_here():
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
def carried_out_here() -> Iterator[None]:
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


def a_data_directory(folder: Path) -> Path:
    """One without a server: an admin alice, bob, and alice's project `cats` with a task of two pictures."""
    data_dir = folder / "data"
    for arguments in (["alice", "--admin"], ["bob"]):
        assert labelkeep(data_dir, "user", "add", *arguments).returncode == 0
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _MAKE_CATS], env=environment_for(data_dir), cwd=root, check=True)
    return data_dir


_MAKE_CATS = """
from labelkeep.cli.opening import open_data_dir
open_data_dir(None)
from labelkeep.accounts.models import User
from tests.support.projects import a_project, a_task
alice = User.objects.get(username="alice")
a_task(alice, project=a_project(alice, "cats"), frames=2)
"""


class Terminal:
    """The program on a terminal of its own. Nothing here waits longer than half a minute."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.child, self.fd = pty.fork()
        if self.child == 0:
            clean = {name: value for name, value in os.environ.items() if not name.startswith("LABELKEEP_")}
            os.execve(sys.executable, [*LABELKEEP, *arguments], {**clean, **environment})
        self.seen = b""
        self.deadline = time.monotonic() + 120

    def read(self) -> bool:
        """Take what has come; False at the end."""
        ready, _, _ = select.select([self.fd], [], [], self.deadline - time.monotonic())
        assert ready, self.seen
        try:
            more = os.read(self.fd, 1024)
        except OSError:  # how a terminal ends on Linux
            return False
        self.seen += more
        return bool(more)

    def see(self, text: bytes) -> None:
        """Wait until it shows this."""
        while text not in self.seen:
            assert self.read(), self.seen

    def answer(self, prompt: bytes, text: bytes) -> None:
        """Type once it asks and has stopped showing what is typed."""
        self.see(prompt)
        while termios.tcgetattr(self.fd)[3] & termios.ECHO:
            assert time.monotonic() < self.deadline, self.seen
            time.sleep(0.01)
        os.write(self.fd, text + b"\n")

    def end(self) -> int:
        while self.read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
