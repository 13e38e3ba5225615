"""A real `labelkeep serve` in processes of its own, on a free port and an empty data directory."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LABELKEEP = (sys.executable, "-m", "labelkeep")
READY = "Labelkeep is at "


@dataclass
class Server:
    """A running server and one user of it, whose personal token may do everything that the user may."""

    url: str
    user: str
    password: str
    token: str
    data_dir: Path
    log: Path
    process: subprocess.Popen[str]
    printed: list[str]  # lines of its standard output so far

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self, number: int = signal.SIGTERM, patience: float = 30.0) -> int:
        """Send the signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(patience)


@contextmanager
def running_server(
    *,
    labelkeep: Sequence[str] = LABELKEEP,
    data_dir: Path | None = None,
    cwd: Path | None = None,
    user: str = "alice",
    admin: bool = False,
    patience: float = 60.0,
    **settings: object,
) -> Iterator[Server]:
    """Start a server; stop it at the end.

    `settings` are those of the configuration, `share_dir=…` for LABELKEEP_SHARE_DIR. `data_dir` starts on one that is
    there already, and leaves it there; its user must be the same. Without `user` no account is made.
    """
    with contextlib.ExitStack() as stack:
        if data_dir is None:
            root = Path(tempfile.mkdtemp(prefix="labelkeep-server-"))
            stack.callback(shutil.rmtree, root, ignore_errors=True)
            data_dir = root / "data"
        environment = environment_for(data_dir, **settings)
        token = _account(labelkeep, environment, user, admin, cwd) if user else ""
        server = _start(labelkeep, environment, data_dir, cwd)
        stack.callback(_end, server)
        server.user, server.password, server.token = user, environment["LABELKEEP_PASSWORD"], token
        server.url = _url(server, patience)
        yield server


def environment_for(data_dir: Path, **settings: object) -> dict[str, str]:
    """The environment of a process that serves, or works on, this data directory."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LABELKEEP_")}
    own = {f"LABELKEEP_{name.upper()}": str(value) for name, value in settings.items()}
    fixed = {"LABELKEEP_DATA_DIR": str(data_dir), "LABELKEEP_PASSWORD": "correct horse battery"}
    return {**inherited, **fixed, **own}


def until(condition: object, patience: float = 30.0, what: str = "it") -> None:
    """Wait until the callable returns something true; fail after a generous while."""
    assert callable(condition)
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {patience:.0f} s"
        time.sleep(0.05)


def _account(labelkeep: Sequence[str], environment: dict[str, str], user: str, admin: bool, cwd: Path | None) -> str:
    def run(*arguments: str) -> str:
        done = subprocess.run([*labelkeep, *arguments], env=environment, cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("user", "add", user, *(["--admin"] if admin else []))
    return run("token", "add", user).split()[-1]


def _start(labelkeep: Sequence[str], environment: dict[str, str], data_dir: Path, cwd: Path | None) -> Server:
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*labelkeep, "serve", "--port", "0"],
            env=environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    server = Server("", "", "", "", data_dir, log, process, [])
    threading.Thread(target=_listen, args=(server,), daemon=True).start()
    return server


def _listen(server: Server) -> None:
    assert server.process.stdout is not None
    for line in server.process.stdout:
        server.printed.append(line)


def _url(server: Server, patience: float) -> str:
    def ready() -> bool:
        ended = server.process.poll()
        assert ended is None, f"the server ended with {ended}:\n{server.log.read_text()}"
        return any(READY in line for line in server.printed)

    until(ready, patience, "the first answer of the server")
    return next(line for line in server.printed if READY in line).split(READY, 1)[1].split()[0]


def _end(server: Server) -> None:
    if server.process.poll() is None:
        try:
            server.stop()
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()
    if server.process.stdout is not None:
        server.process.stdout.close()
