"""`labelkeep mail test`: one letter, at once, and what failed."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from pytest_django import Settings
from tests.cli.test_accounts import run, told
from tests.support.configuration import configured
from tests.support.mail import ENCODED, USER, certificate, mailbox, nobody_listens

from labelkeep.errors import LabelkeepError


@pytest.fixture
def of_localhost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    return certificate(monkeypatch, tmp_path)


def failure(*arguments: str) -> LabelkeepError:
    result = run("mail", "test", *arguments)
    assert isinstance(result.exception, LabelkeepError), result.output
    return result.exception


def test_sends_a_letter_with_starttls_and_password(of_localhost: ssl.SSLContext, settings: Settings) -> None:
    with mailbox(certificate=of_localhost, login=True) as box:
        url = f"smtp://{USER}:{ENCODED}@localhost:{box.port}"
        configured(settings, smtp_url=url, public_url="https://keep.example.org")
        output = told("mail", "test", "me@example.org")
    assert output == f"localhost:{box.port} took a letter to me@example.org. See whether it arrives.\n"
    assert (box.letters[0]["To"], box.heard) == ("me@example.org", ["through TLS"])


def test_says_which_part_failed_and_never_the_password(of_localhost: ssl.SSLContext, settings: Settings) -> None:
    with mailbox(certificate=of_localhost, login=True) as box:
        configured(settings, smtp_url=f"smtp://{USER}:wr0ng-one@localhost:{box.port}")
        error = failure("me@example.org")
    assert "refuses the user or the password" in str(error)
    assert "wr0ng-one" not in str(error)
    configured(settings, smtp_url=nobody_listens())
    down = failure("me@example.org")
    assert (down.exit_code, "cannot be reached" in str(down)) == (6, True)


def test_says_that_links_want_an_address(settings: Settings) -> None:
    with mailbox() as box:
        configured(settings, smtp_url=box.url)
        assert "Set LABELKEEP_PUBLIC_URL as well" in told("mail", "test", "me@example.org")
        configured(settings, allowed_hosts=("keep.example.org",))
        assert "LABELKEEP_PUBLIC_URL" not in told("mail", "test", "me@example.org")


def test_wants_a_mail_server_and_an_address(settings: Settings) -> None:
    assert "LABELKEEP_SMTP_URL" in str(failure("me@example.org"))
    configured(settings, smtp_url=nobody_listens())
    assert failure("nobody").detail == {"email": ["Enter a valid email address."]}
