"""/password/reset, and what holds for every page."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.support.api import client_for
from tests.support.mail import Mailbox
from tests.support.pages import opened, sent

from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued

NEW = "a new one 123"


@pytest.fixture
def link(box: Mailbox, alice: User) -> str:
    client_for().post("/api/auth/password/reset", {"email": "alice@example.com"})
    run_queued()
    return box.link()


def test_a_link_becomes_a_new_password(link: str, alice: User, browser: Client) -> None:
    page = opened(browser, link)
    assert (page.title, page.labels["new_password1"]) == ("Set a new password – Labelkeep", "New password")
    assert "For the user alice." in page.text
    done = sent(browser, link, new_password1=NEW, new_password2=NEW)
    assert (done.status, "Log in as alice" in done.text) == (200, True)
    assert client_for().post("/api/auth/login", {"username": "alice", "password": NEW}).status_code == 200
    assert "does not work any more" in opened(browser, link).text


@pytest.mark.parametrize(
    ("one", "two", "sentence"),
    [(NEW, "other", "The two password fields didn’t match."), ("password", "password", "This password is too common.")],
)
def test_a_mistake_is_named_and_the_link_goes_on(link: str, browser: Client, one: str, two: str, sentence: str) -> None:
    page = sent(browser, link, new_password1=one, new_password2=two)
    assert (page.status, sentence in page.text) == (400, True)
    assert sent(browser, link, new_password1=NEW, new_password2=NEW).status == 200


@pytest.mark.parametrize("query", ["", "?uid=MQ&token=a-b", "?uid=%00&token=%00", "?uid=ä&token=ä"])
def test_a_false_link_shows_no_form(link: str, browser: Client, query: str) -> None:
    page = opened(browser, f"/password/reset{query}")
    assert (page.status, page.fields) == (400, {})


def test_a_page_runs_no_script_and_is_kept_by_nobody(link: str, browser: Client) -> None:
    page = opened(browser, link)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert not [tag for tag, attributes in page.tags if tag in ("script", "style") or "style" in attributes]


def test_a_page_is_made_for_everybody(link: str, browser: Client) -> None:
    page = opened(browser, link)
    assert ("html", {"lang": "en"}) in page.tags
    assert [tag for tag, _ in page.tags].count("h1") == 1
    shown = [
        attributes["name"] for tag, attributes in page.tags if tag == "input" and attributes.get("type") != "hidden"
    ]
    assert all(page.labels[str(name)] for name in shown)
    style = browser.get("/style.css")
    assert (style.status_code, style["Content-Type"]) == (200, "text/css; charset=utf-8")


def test_a_form_from_elsewhere_is_refused(link: str, browser: Client) -> None:
    assert browser.post(link, {"new_password1": NEW, "new_password2": NEW}).status_code == 403
