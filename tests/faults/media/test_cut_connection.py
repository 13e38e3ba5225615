"""A real connection to a real server breaks in the middle of an upload."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3
from tests.support.server import Server, running_server, until

MIB = 2**20


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as running:
        yield running


def ask(server: Server, method: str, url: str, body: bytes | None = None, **headers: str) -> urllib3.BaseHTTPResponse:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return urllib3.request(method, url, body=body, headers={"Authorization": f"Bearer {server.token}", **given})


def a_task(server: Server) -> str:
    made = ask(server, "POST", f"{server.url}/api/tasks", b'{"name": "cut"}', Content_Type="application/json")
    assert made.status == 201, made.data
    return f"{server.url}/api/tasks/{made.json()['id']}/data/"


def break_off(server: Server, method: str, url: str, length: int, body: bytes, *headers: str) -> None:
    """Promise `length` bytes, send `body`, hang up."""
    parts = urlsplit(url)
    lines = [
        f"{method} {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Authorization: Bearer {server.token}",
        f"Content-Length: {length}",
        *headers,
    ]
    with socket.create_connection((str(parts.hostname), int(parts.port or 80))) as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        while connection.recv(4096):
            pass


def staged(server: Server) -> int:
    folder = Path(server.data_dir) / "store" / "uploads"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_of_a_broken_chunk_what_came_is_kept(server: Server) -> None:
    name = base64.b64encode(b"clip.mp4").decode()
    created = ask(server, "POST", a_task(server), b"", Upload_Length=str(3 * MIB), Upload_Metadata=f"filename {name}")
    location = created.headers["Location"]
    break_off(server, "PATCH", location, 3 * MIB, b"x" * 2 * MIB, "Upload-Offset: 0")
    offsets: list[int] = []

    def arrived() -> bool:
        offsets.append(int(ask(server, "HEAD", location).headers["Upload-Offset"]))
        return offsets[-1] > 0

    until(arrived, what="the bytes that came")
    offset = offsets[-1]
    assert 0 < offset <= 2 * MIB
    rest = ask(server, "PATCH", location, b"x" * (3 * MIB - offset), Upload_Offset=str(offset))
    assert (rest.status, rest.headers["Upload-Offset"]) == (204, str(3 * MIB))


def test_of_a_broken_form_nothing_is_kept(server: Server) -> None:
    before = staged(server)
    part = b'--sep\r\nContent-Disposition: form-data; name="client_files[0]"; filename="/u/b.png"\r\n\r\n'
    kind = "Content-Type: multipart/form-data; boundary=sep"
    break_off(server, "POST", a_task(server), 30 * MIB, part + b"y" * 20 * MIB, kind, "Upload-Multiple: ")
    until(lambda: staged(server) == before, what="the staging area to be empty again")
