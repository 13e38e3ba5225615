"""A real web server on loopback that behaves, or misbehaves, as a test says.

with host({"/a.png": sends(data), "/gone": answers(404)}) as there:
    there.url("/a.png")
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.live import running

Says = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Host:
    """Where it listens, and what it was asked: (path, headers) in order."""

    port: int
    scheme: str = "http"
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)  # what was handed in, in order

    def url(self, path: str, *, name: str = "127.0.0.1", login: str = "") -> str:
        """The address of a path."""
        return f"{self.scheme}://{login and login + '@'}{name}:{self.port}{path}"


def sends(data: bytes, *, counted: bool = True, packed: str = "") -> Says:
    """The whole file; not `counted`: in chunks, without a length."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if packed:
            request.send_header("Content-Encoding", packed)
        request.send_header(*(("Content-Length", str(len(data))) if counted else ("Transfer-Encoding", "chunked")))
        request.end_headers()
        request.wfile.write(data if counted else b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    return say


def answers(status: int, **headers: str) -> Says:
    """A status without a body."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return say


def breaks_off(data: bytes, length: int, *, counted: bool = True) -> Says:
    """Promises `length` bytes, sends `data` and hangs up."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header(*(("Content-Length", str(length)) if counted else ("Transfer-Encoding", "chunked")))
        request.end_headers()
        request.wfile.write(data if counted else b"%x\r\n%s" % (length, data))

    return say


def drips(begin: bytes, piece: bytes, stop: threading.Event) -> Says:
    """Sends `begin`, then `piece` again and again, until nobody listens or the test is over."""

    def say(request: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            request.wfile.write(begin)
            while not stop.wait(0.01):
                request.wfile.write(piece)

    return say


def falls_silent(begin: bytes, stop: threading.Event) -> Says:
    """Sends `begin`, and then nothing until the test is over."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(begin)
        stop.wait()

    return say


@contextmanager
def host(paths: Mapping[str, Says], tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[Host]:
    """Serve these paths; every other is 404. Without a port: on a free one."""
    there = Host(0, "https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            there.asked.append((self.path, dict(self.headers)))
            self.close_connection = True
            paths.get(self.path, answers(404))(self)

        def do_POST(self) -> None:
            there.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Clients that hang up are what is tested."""

    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads, server.block_on_close = True, False
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with running(server) as there.port:
        yield there
