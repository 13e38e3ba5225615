"""LABELKEEP_SMTP_URL and LABELKEEP_MAIL_FROM: what they may say, and that the password shows nowhere."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from labelkeep.cli import app
from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput
from labelkeep.mail.server import MailServer, parse, sender


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, tls=False, starttls=True)),
        ("smtp://mail.example.org?starttls=no", MailServer("mail.example.org", 25, tls=False, starttls=False)),
        ("smtp://localhost:1025/?starttls=no", MailServer("localhost", 1025, tls=False, starttls=False)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, tls=True, starttls=False)),
        ("smtp://a%40b.c:p%40ss%2Fw@[::1]:2525", MailServer("::1", 2525, False, True, "a@b.c", "p@ss/w")),
    ],
)
def test_an_address_is_read_with_tls_unless_it_says_no(url: str, server: MailServer) -> None:
    assert parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://u:secret@h",
        "smtp://",
        "smtp://u:secret@h:port",
        "smtp://u:secret@h:99999",
        "smtp://u:secret@h/box",
        "smtp://u:secret@h?starttls=maybe",
        "smtp://u:secret@h?tls=1",
        "smtp://u:secret@h?starttls",
        "smtp://u:secret@[h",
        "smtp://u:secret%C3%BC@h",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadInput, match="LABELKEEP_SMTP_URL") as refused:
        parse(url)
    assert "secret" not in str(refused.value)


def test_the_password_is_in_no_representation() -> None:
    url = "smtp://keeper:secret@mail.example.org"
    assert "secret" not in repr(parse(url)) + repr(Configuration(smtp_url=url))


def test_letters_are_from_where_people_know_the_server_to_be() -> None:
    assert sender(Configuration(public_url="https://keep.example.org")) == "Labelkeep <labelkeep@keep.example.org>"
    assert sender(Configuration(mail_from="Keep <a@b.example>")) == "Keep <a@b.example>"
    with pytest.raises(BadInput, match="LABELKEEP_MAIL_FROM"):
        sender(Configuration(mail_from="nobody"))


class TestConfigCheck:
    def check(self, **environment: str) -> tuple[int, str]:
        variables = {f"LABELKEEP_{name.upper()}": value for name, value in environment.items()}
        done = CliRunner(env=variables).invoke(app, ["config", "check", "--json"])
        return done.exit_code, done.output

    def test_masks_the_password(self) -> None:
        code, output = self.check(
            smtp_url="smtp://keeper:secret@mail.example.org", public_url="https://keep.example.org"
        )
        assert (code, "secret" in output, "keeper:***@mail.example.org" in output) == (0, False, True)

    def test_names_what_is_wrong_without_the_password(self) -> None:
        code, output = self.check(smtp_url="smtp://keeper:secret@mail.example.org/x", mail_from="nobody")
        assert (code, "secret" in output) == (2, False)
        assert any("LABELKEEP_SMTP_URL: the form is" in problem for problem in json.loads(output)["problems"])
