"""A real SMTP server in a thread of the test, and the letters that it took.

with mailbox() as box:
    configured(settings, smtp_url=box.url)
    …
    run_queued()
    assert box.letters[0]["To"] == "a@example.com"
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "keeper", "p@ss:w/rd %"  # what has to be percent-encoded in an address
ENCODED = "p%40ss%3Aw%2Frd%20%25"


@dataclass
class Mailbox:
    """Where the server listens, and what has come. `answer` is what it says to each letter; None: it takes them."""

    port: int
    answer: str | None = None
    host: str = "127.0.0.1"
    letters: list[EmailMessage] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)  # "in clear" or "through TLS", for each letter

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}?starttls=no"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if self.answer is not None:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.heard.append("through TLS" if session.ssl else "in clear")
        return "250 OK"

    def link(self) -> str:
        """The link in the last letter, as a path of the server."""
        found = re.search(r"^ {4}https?://[^/\s]+(/\S+)$", self.letters[-1].get_content(), re.MULTILINE)
        assert found is not None, self.letters[-1].get_content()
        return found[1]


@contextmanager
def mailbox(
    *, certificate: ssl.SSLContext | None = None, login: bool = False, answer: str | None = None
) -> Iterator[Mailbox]:
    """Listen. With a certificate letters are taken after STARTTLS only, with `login` from `USER` only."""
    box = Mailbox(_free_port(), answer, "localhost" if certificate else "127.0.0.1")
    controller = Controller(
        box,
        hostname=box.host,
        port=box.port,
        tls_context=certificate,
        require_starttls=certificate is not None,
        authenticator=_authenticator if login else None,
        auth_required=login,
        auth_require_tls=certificate is not None,
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def nobody_listens() -> str:
    """The address of a mail server that is down."""
    return f"smtp://127.0.0.1:{_free_port()}?starttls=no"


def certificate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> ssl.SSLContext:
    """A server's certificate for localhost, and from now on trust in who signed it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


def _authenticator(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
