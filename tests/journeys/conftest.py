"""Real processes: one server a module, and the stock clients from the registry driving it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cvat_sdk import Client, make_client

from tests.support.postgresql import postgresql
from tests.support.server import Server, running_server

__all__ = ["postgresql"]  # a fixture

CVAT_CLI = Path(sys.executable).parent / "cvat-cli"
Cli = Callable[..., str]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    """The stock SDK, logged in with user name and password."""
    with make_client(server.url, credentials=(server.user, server.password)) as logged_in:
        logged_in.config.status_check_period = 0.1
        yield logged_in


@pytest.fixture(scope="module")
def cvat_cli(server: Server) -> Cli:
    """The stock command line as a subprocess; returns what it printed."""

    def run(*arguments: object, cwd: Path | None = None) -> str:
        host, port = server.url.rsplit(":", 1)
        command = [CVAT_CLI, "--server-host", host, "--server-port", port, "--auth", server.user, *map(str, arguments)]
        environment = {**os.environ, "PASS": server.password, "HOME": str(server.data_dir)}
        done = subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
