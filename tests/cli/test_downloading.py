"""Downloads and uploads over a line that breaks, and a server that is away for a while."""

from __future__ import annotations

import io
import random
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from tests.support.api import client_for
from tests.support.live import live, running
from tests.support.projects import a_project, a_task

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, User
from labelkeep.cli import downloading, session, uploading
from labelkeep.cli.doors import Remote
from labelkeep.cli.downloading import download
from labelkeep.cli.screen import Screen
from labelkeep.cli.session import Session
from labelkeep.errors import Unavailable
from labelkeep.operations.run import run_queued

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


class Line(socketserver.ThreadingTCPServer):
    """A line to a server that breaks after so many bytes of an answer, `breaks` times, and is dead then if it shall."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, server: str, *, after: int, breaks: int, then_dead: bool = False) -> None:
        self.backend = (urlsplit(server).hostname or "", urlsplit(server).port or 0)
        self.after, self.breaks, self.then_dead, self.carried = after, breaks, then_dead, 0
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        line: Line = self.server  # type: ignore[assignment]
        if line.breaks and not line.after:
            line.breaks -= 1
            return
        with socket.create_connection(line.backend) as there:
            threading.Thread(target=_pour, args=(self.request, there), daemon=True).start()
            sent = 0
            while data := there.recv(4096):
                self.request.sendall(data)
                sent += len(data)
                line.carried += len(data)
                if sent >= line.after and line.breaks:
                    line.breaks -= 1
                    if line.then_dead and not line.breaks:
                        line.after, line.breaks = 0, 1_000_000
                    return


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(4096):
            target.sendall(data)
    except OSError:  # the other side has been cut
        return


@contextmanager
def a_line(server: str, *, after: int, breaks: int, then_dead: bool = False) -> Iterator[Line]:
    """The line, open."""
    line = Line(server, after=after, breaks=breaks, then_dead=then_dead)
    with running(line):
        yield line


def session_over(line: Line, token: str) -> Session:
    return Session(Remote(f"http://127.0.0.1:{line.server_address[1]}", token), Screen())


def noise(seed: int) -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (200, 200), random.Random(seed).randbytes(120_000)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def token(alice: User) -> str:
    _, secret = tokens.issue(alice, "test", AccessToken.Kind.PERSONAL, clock.now(), read_only=False)
    return secret


@pytest.fixture
def archive(alice: User) -> str:
    """The path of an archive of some 500 KB."""
    project = a_project(alice, "cats")
    a_task(alice, project=project, files={f"{number}.png": noise(number) for number in range(4)})
    client = client_for(alice)
    client.post("/api/backups", {"project_id": project.pk})
    run_queued()
    return f"/api/backups/{client.get('/api/backups').json()['results'][0]['id']}/archive"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    monkeypatch.setattr(session, "PACE", 0.01)


def test_what_is_cut_again_and_again_becomes_whole_without_beginning_anew(
    archive: str, token: str, tmp_path: Path
) -> None:
    with live() as server, a_line(server, after=0, breaks=0) as sound, a_line(server, after=90_000, breaks=4) as line:
        size = download(session_over(sound, token), archive, tmp_path / "whole.zip")
        assert download(session_over(line, token), archive, tmp_path / "cut.zip") == size
        assert line.breaks == 0
        assert line.carried < size * 1.1
    assert (tmp_path / "cut.zip").read_bytes() == (tmp_path / "whole.zip").read_bytes()


def test_a_line_that_lets_nothing_through_is_given_up_and_the_next_try_goes_on(
    archive: str, token: str, tmp_path: Path
) -> None:
    with live() as server, a_line(server, after=90_000, breaks=1, then_dead=True) as line:
        with pytest.raises(Unavailable):
            download(session_over(line, token), archive, tmp_path / "cats.zip")
        (part,) = tmp_path.iterdir()
        come = part.stat().st_size
        assert 0 < come < 100_000
        line.breaks, line.then_dead, line.carried = 0, False, 0
        size = download(session_over(line, token), archive, tmp_path / "cats.zip")
        assert line.carried < size - come + 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["cats.zip"]


def test_a_server_that_is_away_for_a_moment_is_waited_for(alice: User, token: str) -> None:
    project = a_project(alice, "cats")
    with live() as server, a_line(server, after=10**9, breaks=0) as line:
        over = session_over(line, token)
        key = over.start("/api/backups", {"project_id": project.pk})
        run_queued()
        line.after, line.breaks = 0, 6  # what comes back is cut off six times
        result = over.follow(key, "the backup")
    assert result is not None
    assert result["backup"]
    assert line.breaks == 0


def test_one_that_stays_away_is_told_with_the_way_back(
    alice: User, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PATIENCE", 0.0)
    project = a_project(alice, "cats")
    with live() as server, a_line(server, after=10**9, breaks=0) as line:
        over = session_over(line, token)
        key = over.start("/api/backups", {"project_id": project.pk})
        line.after, line.breaks = 0, 1_000_000
        with pytest.raises(Unavailable, match="labelkeep requests show --server"):
            over.follow(key, "the backup")


def test_an_upload_goes_on_where_the_line_broke(token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "PAUSE", 0.0)
    monkeypatch.setattr(uploading, "PIECE", 1000)
    file = tmp_path / "cats.zip"
    file.write_bytes(noise(1)[:10_000])
    path = "/api/projects/backup"
    with live() as server, a_line(server, after=10**9, breaks=0) as line:
        over = session_over(line, token)
        upload = f"{path}/{uploading._begin(over, path, file)}"
        line.after, line.breaks = 1, 2  # the server has these pieces, and nobody hears of it
        with file.open("rb") as source:
            uploading._send_all(over, upload, source, 10_000, lambda *_: None)
        assert line.breaks == 0
        assert over.ask("HEAD", upload).headers["upload-offset"] == "10000"
