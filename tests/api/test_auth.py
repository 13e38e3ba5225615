"""/api/auth: every way in, and every way that must stay shut."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from pytest_django import Settings
from tests.support.api import Client, client_for
from tests.support.configuration import configured

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, User

PASSWORD = "correct horse battery"


def login(client: Client, name: str = "alice", password: str = PASSWORD) -> str:
    answer = client.post("/api/auth/login", {"username": name, "password": password})
    assert answer.status_code == 200, answer.content
    key: str = answer.json()["key"]
    return key


def says(scheme: str, credentials: str) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"{scheme} {credentials}")
    return client


def basic(name: str, password: str) -> Client:
    return says("Basic", base64.b64encode(f"{name}:{password}".encode()).decode())


class TestLogin:
    def test_sets_both_cookies_and_gives_the_key(self, alice: User) -> None:
        client = Client()
        key = login(client)
        assert len(key) == 40
        assert client.cookies["sessionid"]["httponly"]
        assert client.cookies["sessionid"]["samesite"] == "Lax"
        assert "csrftoken" in client.cookies

    def test_gives_the_same_key_again(self, alice: User) -> None:
        assert login(Client()) == login(Client())

    @pytest.mark.parametrize("name", ["ALICE", "Alice@Example.com", "alice@example.com"])
    def test_does_not_care_about_case_or_which_name(self, alice: User, name: str) -> None:
        login(Client(), name)

    def test_takes_the_address_in_its_own_field(self, alice: User) -> None:
        answer = Client().post("/api/auth/login", {"email": "alice@example.com", "password": PASSWORD})
        assert answer.status_code == 200

    @pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("", PASSWORD)])
    def test_says_the_same_of_every_failure(self, alice: User, name: str, password: str) -> None:
        answer = Client().post("/api/auth/login", {"username": name, "password": password})
        assert answer.status_code == 400
        assert answer.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}

    def test_is_closed_to_the_inactive(self, alice: User) -> None:
        User.objects.update(is_active=False)
        assert Client().post("/api/auth/login", {"username": "alice", "password": PASSWORD}).status_code == 400

    def test_wants_the_csrf_token_only_from_who_has_a_session(self, alice: User) -> None:
        client = Client(enforce_csrf_checks=True)
        login(client)
        again = client.post("/api/auth/login", {"username": "alice", "password": PASSWORD})
        assert again.status_code == 403
        assert again.json()["detail"].startswith("CSRF Failed")

    def test_names_a_missing_field(self, db: None) -> None:
        assert Client().post("/api/auth/login", {}).json() == {"password": ["This field is required."]}


class TestSession:
    def test_opens_the_door_and_changes_things_with_the_csrf_token(self, alice: User) -> None:
        client = Client(enforce_csrf_checks=True)
        login(client)
        assert client.get("/api/users/self").status_code == 200
        refused = client.patch(f"/api/users/{alice.pk}", {"first_name": "Al"})
        assert (refused.status_code, refused.json()["detail"][:12]) == (403, "CSRF Failed:")
        token = client.cookies["csrftoken"].value
        assert client.patch(f"/api/users/{alice.pk}", {"first_name": "Al"}, HTTP_X_CSRFTOKEN=token).status_code == 200

    def test_ends_with_logout_and_so_does_the_key(self, alice: User) -> None:
        client = Client()
        key = login(client)
        token = client.cookies["csrftoken"].value
        told = client.post("/api/auth/logout", HTTP_X_CSRFTOKEN=token)
        assert told.json() == {"detail": "Successfully logged out."}
        assert client.get("/api/users/self").status_code == 401
        assert says("Token", key).get("/api/users/self").status_code == 401


class TestToken:
    def test_key_of_a_login_opens_the_door(self, alice: User) -> None:
        assert says("Token", login(Client())).get("/api/users/self").json()["username"] == "alice"

    def test_logout_with_the_key_ends_it(self, alice: User) -> None:
        key = login(Client())
        assert says("Token", key).post("/api/auth/logout").status_code == 200
        assert says("Token", key).get("/api/users/self").status_code == 401
        assert login(Client()) != key

    @pytest.mark.parametrize("scheme", ["Token", "Bearer"])
    @pytest.mark.parametrize("secret", ["", "x", "0" * 40, "abcdefgh." + "y" * 32, "a b"])
    def test_wrong_one_is_an_error_even_with_a_good_session(self, alice: User, scheme: str, secret: str) -> None:
        client = Client()
        login(client)
        answer = client.get("/api/users/self", HTTP_AUTHORIZATION=f"{scheme} {secret}")
        assert answer.status_code == 401
        assert answer.json() == {"detail": "Invalid token."}
        assert answer["WWW-Authenticate"] == "Token"

    def test_of_somebody_inactive_is_refused(self, alice: User) -> None:
        client = client_for(alice)
        User.objects.update(is_active=False)
        assert client.get("/api/users/self").json() == {"detail": "User inactive or deleted."}


class TestPersonalToken:
    @pytest.mark.parametrize("scheme", ["Bearer", "Token"])
    def test_opens_the_door_by_either_word(self, alice: User, scheme: str) -> None:
        _, secret = tokens.issue(alice, "ci", AccessToken.Kind.PERSONAL, clock.now())
        assert says(scheme, secret).get("/api/users/self").status_code == 200

    def test_survives_logout(self, alice: User) -> None:
        client = client_for(alice, personal=True)
        assert client.post("/api/auth/logout").status_code == 200
        assert client.get("/api/users/self").status_code == 200

    def test_when_read_only_looks_and_changes_nothing(self, alice: User) -> None:
        client = client_for(alice, read_only=True)
        assert client.get("/api/users").status_code == 200
        answer = client.post("/api/organizations", {"slug": "acme"})
        assert (answer.status_code, answer.json()["detail"]) == (
            403,
            "You do not have permission to perform this action.",
        )

    def test_never_changes_the_password_or_its_owner(self, alice: User) -> None:
        client = client_for(alice, personal=True)
        change = {"old_password": PASSWORD, "new_password1": "a new one 123", "new_password2": "a new one 123"}
        assert client.post("/api/auth/password/change", change).status_code == 403
        assert client.patch(f"/api/users/{alice.pk}", {"first_name": "Al"}).status_code == 403

    def test_expires(self, alice: User) -> None:
        now = clock.now()
        made = now - timedelta(days=2)
        _, secret = tokens.issue(alice, "old", AccessToken.Kind.PERSONAL, made, expiry=now - timedelta(seconds=1))
        assert says("Bearer", secret).get("/api/users/self").status_code == 401


class TestBasic:
    def test_opens_the_door_each_time(self, alice: User) -> None:
        client = basic("alice", PASSWORD)
        assert [client.get("/api/users/self").status_code for _ in range(2)] == [200, 200]

    def test_notices_a_changed_password_at_once(self, alice: User) -> None:
        client = basic("alice", PASSWORD)
        client.get("/api/users/self")
        alice.set_password("another one entirely")
        alice.save()
        answer = client.get("/api/users/self")
        assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid username/password."})

    def test_notices_that_the_account_was_closed(self, alice: User) -> None:
        client = basic("alice", PASSWORD)
        client.get("/api/users/self")
        User.objects.update(is_active=False)
        assert client.get("/api/users/self").status_code == 401

    @pytest.mark.parametrize("credentials", ["", "%%%", "YWxpY2U=", "/////w=="])
    def test_nonsense_is_401(self, alice: User, credentials: str) -> None:
        assert says("Basic", credentials).get("/api/users/self").status_code == 401


class TestPasswordChange:
    def change(self, client: Client, **other: str) -> tuple[int, object]:
        sent = {"old_password": PASSWORD, "new_password1": "a new one 123", "new_password2": "a new one 123", **other}
        answer = client.post("/api/auth/password/change", sent)
        return answer.status_code, answer.json()

    def test_ends_other_sessions_and_the_key_but_not_this_session(self, alice: User) -> None:
        here, there = Client(), Client()
        key = login(here)
        login(there)
        assert self.change(here) == (200, {"detail": "New password has been saved."})
        assert here.get("/api/users/self").status_code == 200
        assert there.get("/api/users/self").status_code == 401
        assert says("Token", key).get("/api/users/self").status_code == 401
        login(Client(), password="a new one 123")

    def test_says_what_is_wrong(self, alice: User) -> None:
        client = client_for(alice)
        status, told = self.change(client, new_password2="other")
        assert (status, told) == (400, {"new_password2": ["The two password fields didn’t match."]})
        status, told = self.change(client, new_password1="password", new_password2="password")
        assert (status, told) == (400, {"new_password2": ["This password is too common."]})
        status, told = self.change(client, old_password="wrong")
        assert status == 400
        assert isinstance(told, dict)
        assert list(told) == ["old_password"]


class TestRegister:
    SENT = {"username": "danny", "email": "d@example.com", "password1": "a new one 123", "password2": "a new one 123"}

    def test_is_closed_unless_the_operator_opens_it(self, db: None) -> None:
        answer = Client().post("/api/auth/register", self.SENT)
        assert answer.status_code == 403
        assert "LABELKEEP_REGISTRATION" in answer.json()["detail"]

    def test_makes_an_account_that_can_log_in(self, db: None, settings: Settings) -> None:
        configured(settings, registration=True)
        answer = Client().post("/api/auth/register", self.SENT)
        assert answer.status_code == 201
        made = answer.json()
        assert made["username"] == "danny"
        assert made["email_verification_required"] is False
        assert says("Token", made["key"]).get("/api/users/self").json()["groups"] == ["user"]

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"username": "ALICE2"}, {"username": ["A user with that username already exists."]}),
            ({"email": "ALICE2@example.com"}, {"email": ["A user is already registered with this e-mail address."]}),
            ({"email": "nonsense"}, {"email": ["Enter a valid email address."]}),
            ({"username": "abc"}, {"username": ["Ensure this field has at least 5 characters."]}),
            ({"password1": "password", "password2": "password"}, {"password1": ["This password is too common."]}),
            ({"password2": "x"}, {"non_field_errors": ["The two password fields didn't match."]}),
        ],
    )
    def test_says_what_is_wrong(
        self, db: None, settings: Settings, change: dict[str, str], told: dict[str, list[str]]
    ) -> None:
        configured(settings, registration=True)
        User.objects.create_user("alice2", "alice2@example.com", PASSWORD)
        answer = Client().post("/api/auth/register", {**self.SENT, **change})
        assert (answer.status_code, answer.json()) == (400, told)


def test_a_forgotten_password_is_the_operators_business_where_no_mail_is_sent(db: None) -> None:
    answer = Client().post("/api/auth/password/reset", {"email": "a@example.com"})
    assert (answer.status_code, "operator" in answer.json()["detail"]) == (404, True)
