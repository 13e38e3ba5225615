"""`python -m labelkeep.server`: what `labelkeep serve` becomes. Prepares the data directory and runs the processes."""

from __future__ import annotations

import os
import socket
import sqlite3
import sys
import urllib.error
import urllib.request
from contextlib import closing, suppress
from pathlib import Path

from labelkeep import clock, configuration
from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput, Conflict, LabelkeepError
from labelkeep.server import logs, migrate, postgresql
from labelkeep.server.checks import problems
from labelkeep.server.database import SQLITE
from labelkeep.server.lock import locked
from labelkeep.server.supervisor import Supervisor, web, workers


def main() -> int:
    """Serve until told to stop; returns the exit code."""
    try:
        settings = configuration.read()
        if wrong := problems(settings):
            raise BadInput("; ".join(wrong))
        logs.configure(settings.log_level)
        with locked(settings.data_dir):
            done = migrate.prepare_locked(settings.data_dir, clock.now(), settings.database_url)
            _say_what_was_done(done, settings.data_dir)
            _serve(settings)
    except LabelkeepError as error:
        print(f"labelkeep: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    except KeyboardInterrupt:  # before there was anything to stop
        return 130
    return 0


def _say(sentence: str) -> None:
    """Print it, and go on when nobody reads what this server prints any more."""
    with suppress(BrokenPipeError):
        print(sentence, flush=True)  # noqa: T201


def _serve(settings: Configuration) -> None:
    with closing(_reserve(settings.host, settings.port)) as reserved:
        port = reserved.getsockname()[1]
        os.environ["LABELKEEP_PORT"] = str(port)
        supervisor = Supervisor([web(), *workers(settings.workers, settings.data_dir)])
        announcement = _Announcement(settings, port)
        supervisor.run(announcement.is_made)


class _Announcement:
    """Prints where the server is, as soon as it answers there."""

    def __init__(self, settings: Configuration, port: int) -> None:
        self._settings = settings
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
        self._url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def is_made(self) -> bool:
        if not _answers(f"{self._url}/health"):
            return False
        _say(f"Labelkeep is at {self._url}")
        if self._settings.public_url:
            _say(f"People reach it at {self._settings.public_url}")
        if not _has_users(self._settings):
            _say(_welcome(self._settings.data_dir, self._settings.public_url or self._url))
        return True


def _answers(url: str) -> bool:
    """Whether the application answers; 503 is an answer too: workers may need a moment more."""
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code == 503
    except OSError:
        return False


def _reserve(host: str, port: int) -> socket.socket:
    """A bound socket that keeps the port ours until granian listens on it.

    granian shares ports between its processes (SO_REUSEPORT), so a second server on a taken port would not be told.
    The first bind, without sharing, is what finds out.

    Raises:
        Conflict: something else listens there, or the address is not ours.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with closing(socket.socket(family, kind)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            address = probe.getsockname()
        reserved = socket.socket(family, kind)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind(address)
    except OSError as error:
        raise Conflict(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return reserved


def _has_users(settings: Configuration) -> bool:
    if settings.database_url:
        return postgresql.has_users(settings.database_url)
    with closing(sqlite3.connect(f"file:{settings.data_dir / SQLITE}?mode=ro", uri=True)) as database:
        return bool(database.execute("SELECT EXISTS (SELECT 1 FROM accounts_user)").fetchone()[0])


def _say_what_was_done(prepared: migrate.Prepared, data_dir: Path) -> None:
    if prepared.is_new:
        _say(f"Made the data directory {data_dir}")
    elif prepared.copy:
        _say(f"Brought the database up to date; its copy from before is {prepared.copy}")
    elif prepared.migrated:
        _say("Brought the database up to date")


def _welcome(data_dir: Path, url: str) -> str:
    default = configuration.read({}).data_dir
    where = "" if data_dir == default else f"LABELKEEP_DATA_DIR={data_dir} "
    return f"""\
There are no users yet, and no password that everybody knows. Make the first one in another terminal:
    {where}labelkeep user add NAME --admin
then log in as NAME, for example with CVAT's own client:
    cvat-cli --server-host {url} --auth NAME project ls
or with a token, as `Authorization: Bearer …`:
    {where}labelkeep token add NAME"""


if __name__ == "__main__":
    sys.exit(main())
