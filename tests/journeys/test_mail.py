"""Letters of a server as it is run: by its own workers, through STARTTLS and with a password, to people's links."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import urllib3

from tests.support.mail import ENCODED, USER, Mailbox, certificate, mailbox
from tests.support.server import Server, running_server, until

HTTP = urllib3.PoolManager()
NEW = "a new one 123"


def say(server: Server, method: str, path: str, status: int, sent: object = None, **headers: str) -> bytes:
    answer = HTTP.request(method, server.url + path, json=sent, headers=headers)
    assert answer.status == status, answer.data
    return answer.data


def fill_in(server: Server, path: str, **typed: str) -> str:
    """Open a page, fill in its form as a browser would, and return what comes."""
    page = HTTP.request("GET", server.url + path)
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    secret = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.data.decode())
    assert secret is not None, page.data
    fields = {"csrfmiddlewaretoken": secret[1], **typed}
    headers = {"Cookie": cookie, "Origin": server.url}
    done = HTTP.request("POST", server.url + path, fields=fields, encode_multipart=False, headers=headers)
    assert done.status == 200, done.data
    return done.data.decode()


def letter(box: Mailbox, number: int) -> str:
    until(lambda: len(box.letters) >= number, what="a letter")
    return box.link()


def test_people_come_and_come_back_by_letters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with mailbox(certificate=certificate(monkeypatch, tmp_path), login=True) as box:
        url = f"smtp://{USER}:{ENCODED}@localhost:{box.port}"
        with running_server(user="alice", smtp_url=url) as server:
            alice = {"Authorization": f"Bearer {server.token}"}
            say(server, "POST", "/api/organizations", 201, {"slug": "acme"}, **alice)
            invited = {"email": "new@example.com", "role": "worker"}
            say(server, "POST", "/api/invitations?org=acme", 201, invited, **alice)
            password = "correct horse battery"
            chosen = {"username": "newbie", "password": password, "again": password, "accept": ""}
            assert "You are a member of acme now" in fill_in(server, letter(box, 1), **chosen)
            say(server, "POST", "/api/auth/login", 200, {"username": "newbie", "password": password})

            say(server, "POST", "/api/auth/password/reset", 200, {"email": "new@example.com"})
            typed = {"new_password1": NEW, "new_password2": NEW}
            assert "Log in as newbie" in fill_in(server, letter(box, 2), **typed)
            say(server, "POST", "/api/auth/login", 200, {"username": "newbie", "password": NEW})
            say(server, "POST", "/api/auth/login", 400, {"username": "newbie", "password": password})
            log = server.log.read_text() + "".join(server.printed)
    assert box.heard == ["through TLS"] * 2
    for secret in (ENCODED, "p@ss:w/rd", NEW, "proof=", "token="):
        assert secret not in log
