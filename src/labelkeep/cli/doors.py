"""The two ways to a Labelkeep: over the network, or into the data directory. Both speak the HTTP API, so everything
above them is written once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

from labelkeep.cli.opening import open_data_dir
from labelkeep.errors import BadInput, NotFound, Unavailable

if TYPE_CHECKING:
    from labelkeep.accounts.models import User

PIECE = 2**20


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case; the pieces of the body can be taken once."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]

    def read(self) -> bytes:
        """The body."""
        return b"".join(self.pieces)


class Door(Protocol):
    """A way in."""

    options: str  # what a later command needs to come in the same way, ` --server …`

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request; `path` begins with a slash and has the query.

        Raises:
            Unavailable: nobody answers.
        """
        ...

    def see_to_work(self) -> None:
        """Make sure that somebody carries out what is queued. May be called as often as one likes."""
        ...


class Remote:
    """A server, by its address and a token."""

    def __init__(self, server: str, token: str) -> None:
        """Raise BadInput for an address that is none."""
        import urllib3

        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BadInput(f"{server!r} is no address of a server: it begins with http:// or https://")
        self.options = f" --server {server}"
        self._server, self._token = server.rstrip("/"), token
        tries = urllib3.Retry(total=3, backoff_factor=0.3, redirect=0, allowed_methods=("GET",), status=0)
        self._pool = urllib3.PoolManager(retries=tries, timeout=urllib3.Timeout(connect=10, read=300))

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request; one that changes nothing is tried again when the line breaks."""
        import urllib3

        sent = {**headers, "Authorization": f"Bearer {self._token}"}
        try:
            answer = self._pool.request(
                method, self._server + path, body=body or None, headers=sent, preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"{self._server} does not answer: {_reason(error)}") from error
        named = {name.lower(): value for name, value in answer.headers.items()}
        if not _is_whole(method, answer.status, named):
            raise Unavailable(f"{self._server} stopped in the middle of its answer")
        length = 0 if method == "HEAD" else int(named.get("content-length", 0))
        return Answer(answer.status, named, self._pieces(answer, length))

    def _pieces(self, answer: Any, length: int) -> Iterator[bytes]:
        """The body as it comes: of one that is cut off, all that came counts."""
        import urllib3

        come, why = 0, "the line broke"
        try:
            while piece := answer.read1(PIECE):
                come += len(piece)
                yield piece
        except urllib3.exceptions.HTTPError as error:
            come, why = -1, _reason(error)
        finally:
            answer.release_conn()
        if come < length:
            raise Unavailable(f"{self._server} stopped in the middle of its answer: {why}")

    def see_to_work(self) -> None:
        """The server does."""


def _is_whole(method: str, status: int, headers: Mapping[str, str]) -> bool:
    """Whether all headers came: one says how the body ends. Of a line that broke among them nobody else would tell."""
    has_no_body = method == "HEAD" or status in (204, 304)
    return has_no_body or bool({"content-length", "transfer-encoding"} & headers.keys())


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error)


class Local:
    """A data directory: the application itself, called in this process, as one of its users.

    Whoever may read the directory may do everything with it, so no password is asked for.
    """

    def __init__(self, data_dir: Path | None, username: str) -> None:
        """Raise NotFound where there is no such user, or no admin and nobody named."""
        from django.apps import apps
        from django.conf import settings

        if not apps.ready:  # a command's standard error is for people
            os.environ.setdefault("LABELKEEP_LOG_LEVEL", "ERROR")
        open_data_dir(data_dir)

        self.options = f" --data-dir {data_dir}" if data_dir else ""
        self._host = _host_of(settings.CONFIGURATION)
        self._data_dir: Path = settings.DATA_DIR
        self._application = _application(_user(username))
        self._carrier: subprocess.Popen[bytes] | None = None

    def ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request, answered in this process."""
        told: dict[str, Any] = {}

        def start(status: str, named: list[tuple[str, str]], *_: Any) -> None:
            told["status"] = int(status.split()[0])
            told["headers"] = {name.lower(): value for name, value in named}

        answer = self._application(self._environ(method, path, body, headers), start)
        return Answer(told["status"], told["headers"], _closing(answer))

    def _environ(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        from urllib.parse import unquote_to_bytes

        route, _, query = path.partition("?")
        named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        return {
            **named,
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote_to_bytes(route).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": self._host,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
        }

    def see_to_work(self) -> None:
        """Where no server runs on the directory, a process of its own does: it goes on when the command is stopped."""
        from labelkeep.server.lock import is_locked

        is_working = self._carrier is not None and self._carrier.poll() is None
        if not is_working and not is_locked(self._data_dir):
            self._carrier = start_carrier(self._data_dir)


def start_carrier(data_dir: Path) -> subprocess.Popen[bytes] | None:
    """Start a process that carries out what is queued (carrier.py)."""
    with (data_dir / "commands.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "labelkeep.cli.carrier"],
            env={**os.environ, "LABELKEEP_DATA_DIR": str(data_dir), "LABELKEEP_LOG_LEVEL": "INFO"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _closing(answer: Any) -> Iterator[bytes]:
    try:
        yield from answer
    finally:
        answer.close()


def _host_of(configuration: Any) -> str:
    """A host name that the settings let requests name."""
    first = configuration.allowed_hosts[0].lstrip(".") if configuration.allowed_hosts else "*"
    return f"{configuration.host}:{configuration.port}" if first == "*" else first


def _application(user: User) -> Any:
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    class Application(WSGIHandler):
        """Every request is this user's; the way in which REST framework's own test client says so."""

        def get_response(self, request: HttpRequest) -> HttpResponseBase:
            request._force_auth_user = user  # type: ignore[attr-defined]
            return super().get_response(request)

    return Application()


def _user(username: str) -> User:
    from labelkeep.accounts.models import User
    from labelkeep.cli.user import found

    if username:
        return found(username)
    admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        raise NotFound(
            "there is no admin to do this as: `labelkeep user add NAME --admin` makes one, `--as` names a user"
        )
    return admin


def segment(text: str) -> str:
    """Text as one segment of a path."""
    return quote(text, safe="")
