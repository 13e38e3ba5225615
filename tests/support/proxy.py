"""A small TLS-terminating reverse proxy, as operators put in front: it sets X-Forwarded-* and forwards."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "content-length"}


@dataclass(frozen=True)
class Proxy:
    """Where the proxy is, and the certificate authority that clients must trust."""

    url: str
    authority: Path


@contextmanager
def tls_proxy(backend: str, folder: Path, *, says: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """Serve `backend` through https on a free loopback port. `says` overrides headers that it sends to the backend."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(backend).netloc, says or {}))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Proxy(f"https://localhost:{server.server_port}", folder / "ca.pem")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(backend: str, says: Mapping[str, str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            forwarded = {
                "X-Forwarded-For": self.client_address[0],
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": self.headers["Host"],
                "Host": "inside.example",
            }
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection(backend, timeout=60)
            connection.request(self.command, self.path, body or None, {**self.headers, **forwarded, **says})
            self.answer(connection.getresponse())
            connection.close()

        def answer(self, response: http.client.HTTPResponse) -> None:
            data = response.read()
            self.send_response_only(response.status)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            length = response.headers["Content-Length"] if self.command == "HEAD" else str(len(data))
            self.send_header("Content-Length", length or "0")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = forward

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
