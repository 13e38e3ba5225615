"""Giving a real SMTP server a letter: in clear, through TLS, with a password, and each way that it can fail."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.mail import ENCODED, USER, Mailbox, certificate, mailbox, nobody_listens

from labelkeep.configuration import Configuration
from labelkeep.errors import MailDelayed, MailFailed
from labelkeep.mail import server
from labelkeep.mail.letters import Letter

LETTER = Letter("bob@example.com", "Grüße", "Hello,\n\nä\n.\n")
BASE = Configuration(public_url="https://keep.example.org")


def send(url: str, letter: Letter = LETTER) -> None:
    server.send(letter, configuration=replace(BASE, smtp_url=url), reference="7")


@pytest.fixture
def of_localhost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    return certificate(monkeypatch, tmp_path)


def secured(box: Mailbox, password: str = ENCODED) -> str:
    return f"smtp://{USER}:{password}@localhost:{box.port}"


def test_a_letter_arrives_as_it_was_written() -> None:
    with mailbox() as box:
        send(box.url)
    letter = box.letters[0]
    assert (letter["To"], letter["Subject"]) == ("bob@example.com", "Grüße")
    assert letter["From"] == "Labelkeep <labelkeep@keep.example.org>"
    assert letter["Message-ID"] == "<7@keep.example.org>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content() == LETTER.text
    assert letter.get_content_type() == "text/plain"


def test_a_password_goes_through_tls_alone(of_localhost: ssl.SSLContext) -> None:
    with mailbox(certificate=of_localhost, login=True) as box:
        send(secured(box))
        assert box.heard == ["through TLS"]
        with pytest.raises(MailDelayed):
            send(f"smtp://{USER}:{ENCODED}@localhost:{box.port}?starttls=no")
    assert len(box.letters) == 1


def test_a_wrong_password_is_named_and_never_shown(of_localhost: ssl.SSLContext) -> None:
    with mailbox(certificate=of_localhost, login=True) as box, pytest.raises(MailDelayed) as refused:
        send(secured(box, "wr0ng-one"))
    assert "refuses the user or the password: 535" in str(refused.value)
    assert "wr0ng-one" not in str(refused.value)


def test_a_certificate_of_nobody_is_not_believed(of_localhost: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with mailbox(certificate=of_localhost) as box, pytest.raises(MailDelayed, match="through TLS"):
        send(f"smtp://localhost:{box.port}")
    assert not box.letters


def test_a_server_without_tls_is_not_spoken_to_in_clear() -> None:
    with mailbox() as box, pytest.raises(MailDelayed, match="cannot do what LABELKEEP_SMTP_URL asks for"):
        send(f"smtp://127.0.0.1:{box.port}")
    assert not box.letters


def test_a_server_that_is_down_is_tried_again() -> None:
    with pytest.raises(MailDelayed, match=r"127\.0\.0\.1:\d+ cannot be reached"):
        send(nobody_listens())


@pytest.mark.parametrize(
    ("answer", "error"), [("550 5.1.1 No such user", MailFailed), ("451 4.7.1 Greylisted", MailDelayed)]
)
def test_a_refused_address_is_given_up_and_a_postponed_one_is_not(answer: str, error: type[MailFailed]) -> None:
    with mailbox(answer=answer) as box, pytest.raises(MailFailed, match=answer.rpartition(" ")[2]) as refused:
        send(box.url)
    assert type(refused.value) is error


@pytest.mark.parametrize("evil", ["bob@example.com\nBcc: all@example.com", "Labelkeep\r\nBcc: all@example.com"])
def test_a_header_cannot_be_broken_out_of(evil: str) -> None:
    with mailbox() as box:
        for letter in (replace(LETTER, to=evil), replace(LETTER, subject=evil)):
            with pytest.raises(MailFailed, match="cannot be sent"):
                send(box.url, letter)
    assert not box.letters
