"""/invitation: letter, link, account, member."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from tests.support.api import client_for, organization_of
from tests.support.configuration import configured
from tests.support.mail import Mailbox
from tests.support.pages import opened, sent

from labelkeep.accounts.models import Invitation, Membership, Organization, User
from labelkeep.operations.run import run_queued

PASSWORD = "a new one 123"


@pytest.fixture
def acme(alice: User) -> Organization:
    return organization_of(alice)


def invited(box: Mailbox, alice: User, email: str = "new@example.com") -> str:
    """The path of the link that is mailed."""
    answer: Any = client_for(alice).post("/api/invitations?org=acme", {"email": email, "role": "supervisor"})
    assert answer.status_code == 201, answer.content
    run_queued()
    return box.link()


def new_account(**other: str) -> dict[str, str]:
    return {"username": "newbie", "password": PASSWORD, "again": PASSWORD, "first_name": "N", **other}


class TestWithoutAnAccount:
    def test_a_link_becomes_an_account_and_a_member(
        self, box: Mailbox, acme: Organization, alice: User, browser: Client
    ) -> None:
        link = invited(box, alice)
        page = opened(browser, link)
        assert "Alice invites you to the organization Acme , as a supervisor." in page.text
        assert page.labels["username"] == "Name"
        assert page.buttons == ["accept", "decline"]
        done = sent(browser, link, "accept", **new_account())
        assert (done.status, "You are a member of Acme now. Log in as newbie" in done.text) == (200, True)
        login = client_for().post("/api/auth/login", {"username": "newbie", "password": PASSWORD})
        assert login.status_code == 200
        user = User.objects.get(username="newbie")
        assert (user.email, user.first_name, user.is_active) == ("new@example.com", "N", True)
        assert client_for(user).get("/api/projects?org=acme").status_code == 200
        assert Membership.objects.get(user=user).role == "supervisor"
        assert "already accepted" in opened(browser, link).text

    @pytest.mark.parametrize(
        ("wrong", "field", "sentence"),
        [
            ({"username": "ALICE"}, "username", "A user with that username already exists."),
            ({"username": "a b"}, "username", "Enter a valid username."),
            ({"username": ""}, "username", "This field may not be blank."),
            ({"password": "password", "again": "password"}, "password", "This password is too common."),
            ({"again": "other"}, "again", "The two password fields didn’t match."),
        ],
    )
    def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(
        self,
        box: Mailbox,
        acme: Organization,
        alice: User,
        browser: Client,
        wrong: dict[str, str],
        field: str,
        sentence: str,
    ) -> None:
        page = sent(browser, invited(box, alice), "accept", **new_account(**wrong))
        assert (page.status, sentence in page.text) == (400, True)
        named = next(attributes for tag, attributes in page.tags if attributes.get("name") == field)
        assert (named["aria-invalid"], named["aria-describedby"]) == ("true", f"wrong-{field}")
        assert page.fields["first_name"] == "N"
        assert page.fields["password"] == ""
        assert not Membership.objects.filter(is_active=True).exclude(user=alice).exists()

    def test_declining_removes_the_placeholder(
        self, box: Mailbox, acme: Organization, alice: User, browser: Client
    ) -> None:
        link = invited(box, alice)
        assert "You have declined the invitation to Acme." in sent(browser, link, "decline").text
        assert not User.objects.filter(email="new@example.com").exists()
        assert opened(browser, link).status == 404

    def test_the_link_that_is_shown_without_mail_does_the_same(
        self, acme: Organization, alice: User, browser: Client
    ) -> None:
        told = (
            client_for(alice).post("/api/invitations?org=acme", {"email": "new@example.com", "role": "worker"}).json()
        )
        path = told["link"].removeprefix("http://testserver")
        assert sent(browser, path, "accept", **new_account()).status == 200


class TestWithAnAccount:
    @pytest.fixture
    def link(self, box: Mailbox, acme: Organization, alice: User, charlie: User, settings: Settings) -> str:
        configured(settings, confirm_invitations=True)
        return invited(box, alice, "charlie@example.com")

    def test_the_password_confirms(self, link: str, charlie: User, browser: Client) -> None:
        assert "You have an account here, charlie." in opened(browser, link).text
        assert sent(browser, link, "accept", password="correct horse battery").status == 200
        assert Membership.objects.get(user=charlie).is_active

    def test_a_wrong_one_does_not_and_is_counted(self, link: str, charlie: User, browser: Client) -> None:
        pages = [sent(browser, link, "accept", password=f"wrong {number}") for number in range(11)]
        assert [page.status for page in pages] == [400] * 10 + [429]
        assert "That is not the password of this account." in pages[0].text
        assert not Membership.objects.get(user=charlie).is_active

    def test_a_closed_account_stays_closed(self, link: str, charlie: User, browser: Client) -> None:
        User.objects.filter(pk=charlie.pk).update(is_active=False)
        assert sent(browser, link, "accept", password="correct horse battery").status == 400
        assert sent(browser, link, "accept", **new_account()).status == 400
        assert not User.objects.get(pk=charlie.pk).is_active


class TestTheLink:
    def test_is_more_than_the_key_which_members_see(
        self, box: Mailbox, acme: Organization, alice: User, bob: User, browser: Client
    ) -> None:
        link = invited(box, alice)
        key, proof = Invitation.objects.get().key, link.rpartition("=")[2]
        wrong = "0" * len(proof)
        for false in (
            f"?key={key}",
            f"?key={key}&proof=",
            f"?key={key}&proof={wrong}",
            f"?proof={proof}",
            "",
            "?key=ä&proof=ä",
        ):
            assert opened(browser, f"/invitation{false}").status == 404
        assert browser.post(f"/invitation?key={key}&proof={wrong}", new_account()).status_code == 403

    def test_ends_after_a_week(self, box: Mailbox, acme: Organization, alice: User, browser: Client) -> None:
        link = invited(box, alice)
        made = Invitation.objects.get().created_date
        Invitation.objects.update(sent_date=made - timedelta(days=7))
        page = opened(browser, link)
        assert (page.status, "expired" in page.text, page.buttons) == (400, True, [])

    def test_names_are_shown_as_text(self, box: Mailbox, acme: Organization, alice: User, browser: Client) -> None:
        Organization.objects.update(name="<script>alert(1)</script>")
        assert b"<script>" not in browser.get(invited(box, alice)).content


def test_a_form_from_elsewhere_is_refused(box: Mailbox, acme: Organization, alice: User, browser: Client) -> None:
    link = invited(box, alice)
    answer = browser.post(link, new_account())
    assert (answer.status_code, b"Allow cookies" in answer.content) == (403, True)
    assert not User.objects.filter(username="newbie").exists()
