"""How a command talks to Labelkeep: through the HTTP API, whether it is far away or in a data directory.

    @app.command("list")
    @with_session
    def list_backups(session: Session, project: Project = None) -> None:
        session.screen.rows(session.rows("/api/backups", project_id=…), COLUMNS)

`with_session` gives the command the options `--server`, `--token-file`, `--data-dir`, `--as`, `--org` and `--json`, and
opens the session. Failures of the API become our own errors, with their exit codes.
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlencode

import typer

from labelkeep import errors
from labelkeep.cli.doors import Answer, Door, Local, Remote, segment
from labelkeep.cli.opening import AsJson, DataDir
from labelkeep.cli.screen import Json, Screen
from labelkeep.errors import BadInput, Interrupted, LabelkeepError, Unavailable

Server: TypeAlias = Annotated[
    str, typer.Option(help="The address of a server (or LABELKEEP_SERVER); else the data directory is opened.")
]
TokenFile: TypeAlias = Annotated[
    Path | None, typer.Option(help="A file with a personal access token for the server (or LABELKEEP_TOKEN).")
]
As: TypeAlias = Annotated[str, typer.Option("--as", help="In a data directory: as which user; else the first admin.")]
Org: TypeAlias = Annotated[str, typer.Option(help="In which organization, by its slug.")]
Wait: TypeAlias = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end, or only start it.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]

PACE = 0.5  # seconds between two looks at a request
PATIENCE = 60.0  # seconds that a server may be away while it is waited for
PAGE = 100


@dataclass(frozen=True)
class Session:
    """One command's talk with Labelkeep, and the screen on which it prints."""

    door: Door
    screen: Screen
    organization: str = ""

    # ---- asking ----

    def get(self, path: str, **query: Any) -> Any:
        """An object."""
        return self._said("GET", path, None, query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """Something new, or something done."""
        return self._said("POST", path, body, query)

    def patch(self, path: str, body: Any, **query: Any) -> Any:
        """Something changed."""
        return self._said("PATCH", path, body, query)

    def delete(self, path: str, **query: Any) -> None:
        """Something gone."""
        self._said("DELETE", path, None, query)

    def rows(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All objects of a list, page after page."""
        page = 1
        while True:
            found = self.get(path, **query, page=page, page_size=PAGE)
            yield from found["results"]
            if not found["next"]:
                return
            page += 1

    def ask(self, method: str, path: str, body: Any = None, query: Json | None = None, **headers: str) -> Answer:
        """One request, with bytes or something to be sent as JSON; what the API refuses is raised.

        Raises:
            LabelkeepError: of the kind that the status means.
        """
        named = {"Accept": "*/*", **headers}
        if self.organization:
            named["X-Organization"] = self.organization
        sent = b""
        if isinstance(body, bytes):
            sent = body
        elif body is not None:
            named["Content-Type"], sent = "application/json", json.dumps(body).encode()
        answer = self.door.ask(method, path + _query(query or {}), sent, named)
        if answer.status >= 400:
            raise failure(answer)
        return answer

    def _said(self, method: str, path: str, body: Any, query: Json) -> Any:
        text = self.ask(method, path, body, query).read()
        return json.loads(text) if text else None

    # ---- operations ----

    def start(self, path: str, body: Any = None, **query: Any) -> str:
        """Start an operation and return the id of its request, or of the same that is under way; `follow` it then."""
        try:
            return str(self.post(path, body, **query)["rq_id"])
        except AlreadyUnderWay as error:
            return error.key

    def follow(self, key: str, what: str, *, wait: bool = True) -> dict[str, Any] | None:
        """Wait for the end of an operation, with a bar, and return its result; with `wait=False` say its id and None.

        Raises:
            LabelkeepError: it failed, or was cancelled. Interrupted: Ctrl+C; it goes on. Unavailable: nobody answers.
        """
        if not wait:
            self.door.see_to_work()
            self.screen.said(f"Started {what}: {self.how_to_look(key)}", {"rq_id": key})
            return None
        try:
            return self._wait(key, what)
        except KeyboardInterrupt:
            sentence = f"stopped looking; {what} goes on. To look at it: {self.how_to_look(key)}"
            raise Interrupted(sentence) from None
        except Unavailable as error:
            raise Unavailable(f"{error}. To look at {what} again: {self.how_to_look(key)}") from error

    def _wait(self, key: str, what: str) -> dict[str, Any]:
        path = f"/api/requests/{segment(key)}"
        with self.screen.progress(what) as tell:
            while (told := self._patiently(path))["status"] not in ("finished", "failed"):
                if told["status"] == "queued":
                    self.door.see_to_work()
                tell(told["progress"] or 0.0, _doing(told), told["seconds_left"])
                time.sleep(PACE)
        if told["status"] == "failed":
            raise LabelkeepError(f"{what} failed: {told['message']}")
        found: dict[str, Any] = self._patiently(f"{path}/result")
        return found

    def _patiently(self, path: str) -> Any:
        """An object; a server that is away for a while, because it is started again, is waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.get(path)
            except Unavailable:
                if time.monotonic() >= deadline:
                    raise
            time.sleep(PACE)

    def how_to_look(self, key: str) -> str:
        """The command that shows a request."""
        return f"labelkeep requests show{self.door.options} '{key}'"


def _doing(told: Json) -> str:
    if told["status"] != "queued":
        return str(told["message"])
    place = told["queue_position"]
    return f"waiting, number {place}" if place else "waiting"


class AlreadyUnderWay(errors.AlreadyRunning):
    """409 with the id of the request that does the same."""


def failure(answer: Answer) -> LabelkeepError:
    """The error that an answer means."""
    detail = _detail(answer.read())
    if answer.status == 409 and isinstance(detail, dict) and "rq_id" in detail:
        return AlreadyUnderWay(detail["rq_id"])
    kind = _KINDS.get(answer.status, LabelkeepError)
    if isinstance(detail, dict) and "detail" in detail:
        detail = detail["detail"]
    return kind(detail or f"the server answers {answer.status}")


_KINDS: dict[int, Callable[[Any], LabelkeepError]] = {
    400: BadInput,
    401: errors.NotAuthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.Gone,
    413: errors.TooLarge,
    429: errors.Unavailable,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
    507: errors.StoreFull,
}


def _detail(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:  # some routes answer with a sentence; what is no API at all answers with a page
        text = body.decode(errors="replace").strip()
        return "" if text.startswith("<") else text


def _query(query: Json) -> str:
    told = {name: _word(value) for name, value in query.items() if value is not None}
    return f"?{urlencode(told, doseq=True)}" if told else ""


def _word(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


# ---- opening -------------------------------------------------------------------------------------------------------

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "server": (Server, ""),
    "token_file": (TokenFile, None),
    "org": (Org, ""),
    "as_user": (As, ""),
    "as_json": (AsJson, False),
    "data_dir": (DataDir, None),
}


def with_session(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command of a function whose first parameter is the session."""
    own = inspect.signature(function, eval_str=True)
    first, *rest = own.parameters.values()
    assert first.annotation is Session, f"{function.__qualname__} takes the session first"
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in _OPTIONS.items()
    ]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        opened = open_session(**{name: given.pop(name) for name in _OPTIONS})
        function(opened, **given)

    signature = own.replace(parameters=[*rest, *shared])
    del command.__wrapped__  # typer reads the signature, and must not see through it
    command.__signature__ = signature  # type: ignore[attr-defined]
    command.__annotations__ = {name: item.annotation for name, item in signature.parameters.items()}
    return command


def open_session(
    *, server: str, token_file: Path | None, org: str, as_user: str, as_json: bool, data_dir: Path | None
) -> Session:
    """The session that the options and the environment ask for.

    Raises:
        BadInput: options that do not go together, a token that is missing.
    """
    address = server or ("" if data_dir else os.environ.get("LABELKEEP_SERVER", ""))
    if address and (data_dir or as_user):
        raise BadInput("--data-dir and --as are for a data directory, not for a server")
    door = Remote(address, _token(token_file)) if address else Local(data_dir, as_user)
    return Session(door, Screen(as_json), org)


def _token(file: Path | None) -> str:
    try:
        token = file.read_text().strip() if file else os.environ.get("LABELKEEP_TOKEN", "").strip()
    except (OSError, ValueError) as error:
        raise BadInput(f"{file} cannot be read: {error}") from error
    if not token:
        raise BadInput("a server wants a token: LABELKEEP_TOKEN or --token-file. `labelkeep token add` makes one")
    return token
