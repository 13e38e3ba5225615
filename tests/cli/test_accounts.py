"""`labelkeep user` and `labelkeep token`."""

from __future__ import annotations

import json

import pytest
from click.testing import Result
from tests.support.api import client_for
from typer.testing import CliRunner

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, User
from labelkeep.cli import app
from labelkeep.errors import LabelkeepError

PASSWORD = "correct horse battery"


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(app, list(arguments))


def told(*arguments: str, **environment: str) -> str:
    result = run(*arguments, **environment)
    assert result.exit_code == 0, result.output
    return result.output


class TestUserAdd:
    def test_makes_a_user_who_can_log_in(self, db: None) -> None:
        output = told("user", "add", "danny", "--email", "d@example.com", LABELKEEP_PASSWORD=PASSWORD)
        assert output == "Added user danny\n"
        danny = User.objects.get(username="danny")
        assert danny.check_password(PASSWORD)
        assert (danny.email, danny.is_superuser, danny.privilege) == ("d@example.com", False, "user")

    def test_makes_an_admin(self, db: None) -> None:
        told("user", "add", "danny", "--admin", LABELKEEP_PASSWORD=PASSWORD)
        assert User.objects.get().is_superuser

    @pytest.mark.parametrize(
        ("arguments", "password", "field"),
        [
            (["ALICE"], PASSWORD, "username"),
            (["a b"], PASSWORD, "username"),
            (["danny", "--email", "Alice@example.com"], PASSWORD, "email"),
            (["danny", "--email", "nonsense"], PASSWORD, "email"),
            (["danny"], "short", "password"),
            (["danny"], "password1", "password"),
            (["danny"], "x" * 300, "password"),
        ],
    )
    def test_refuses_what_cannot_be(self, alice: User, arguments: list[str], password: str, field: str) -> None:
        result = run("user", "add", *arguments, LABELKEEP_PASSWORD=password)
        assert isinstance(result.exception, LabelkeepError)
        assert list(result.exception.detail) == [field]
        assert User.objects.count() == 1
        assert password not in result.output

    def test_asks_for_no_password_without_a_terminal(self, db: None) -> None:
        result = run("user", "add", "danny")
        assert isinstance(result.exception, LabelkeepError)
        assert "LABELKEEP_PASSWORD" in str(result.exception)


def test_user_list_shows_everybody(alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert told("user", "list") == "alice  alice@example.com  admin\nbob  bob@example.com  may not log in\n"
    rows = json.loads(told("user", "list", "--json"))
    assert [(row["username"], row["is_superuser"]) for row in rows] == [("alice", True), ("bob", False)]


class TestToken:
    def test_is_the_last_word_printed_and_opens_the_door(self, alice: User) -> None:
        secret = told("token", "add", "ALICE").split()[-1]
        token = tokens.authenticate(secret, clock.now())
        assert (token.owner, token.read_only, token.expiry_date) == (alice, False, None)

    def test_takes_a_name_a_life_and_less_power(self, alice: User) -> None:
        told("token", "add", "alice", "--name", "ci", "--read-only", "--days", "3")
        token = AccessToken.objects.get()
        assert (token.name, token.read_only) == ("ci", True)
        assert token.expiry_date is not None
        assert (token.expiry_date - token.created_date).days == 3

    def test_is_listed_without_its_secret_and_revoked_by_number(self, alice: User) -> None:
        secret = told("token", "add", "alice", "--name", "ci").split()[-1]
        listed = told("token", "list", "alice")
        assert "ci  reads and writes  until revoked  never used" in listed
        assert secret not in listed
        number = str(json.loads(told("token", "list", "alice", "--json"))[0]["id"])
        assert told("token", "revoke", "alice", number) == f"Revoked token {number}\n"
        assert told("token", "list", "alice") == ""
        assert isinstance(run("token", "revoke", "alice", number).exception, LabelkeepError)

    def test_of_nobody_is_refused(self, db: None) -> None:
        result = run("token", "add", "nobody")
        assert isinstance(result.exception, LabelkeepError)
        assert result.exception.exit_code == 4


class TestPasswordOfAUser:
    def test_is_set_by_the_operator_and_ends_what_was_open(self, alice: User) -> None:
        key = client_for(alice)
        assert (
            told("user", "reset-password", "ALICE", LABELKEEP_PASSWORD="a new one 123") == "Set the password of alice\n"
        )
        alice.refresh_from_db()
        assert alice.check_password("a new one 123")
        assert key.get("/api/users/self").status_code == 401

    def test_is_made_up_and_printed_when_asked_for(self, alice: User) -> None:
        password = told("user", "reset-password", "alice@example.com", "--generate").split()[-1]
        alice.refresh_from_db()
        assert alice.check_password(password)
        assert len(password) == 20

    def test_lets_in_somebody_who_was_slowed_down(self, alice: User) -> None:
        def login(password: str) -> int:
            sent = {"username": "alice", "password": password}
            code: int = client_for().post("/api/auth/login", sent).status_code
            return code

        assert [login("wrong") for _ in range(11)][-1] == 429
        told("user", "reset-password", "alice", LABELKEEP_PASSWORD="a new one 123")
        assert login("a new one 123") == 200

    @pytest.mark.parametrize(("name", "password", "code"), [("nobody", PASSWORD, 4), ("alice", "short", 2)])
    def test_is_refused_for_nobody_and_when_it_is_poor(self, alice: User, name: str, password: str, code: int) -> None:
        result = run("user", "reset-password", name, LABELKEEP_PASSWORD=password)
        assert isinstance(result.exception, LabelkeepError)
        assert result.exception.exit_code == code
        assert User.objects.get().check_password(PASSWORD)


class TestDeactivate:
    def test_shuts_every_door_and_keeps_the_account(self, alice: User) -> None:
        doors = [client_for(alice), client_for(alice, personal=True)]
        assert told("user", "deactivate", "alice") == "alice may not log in any more\n"
        assert {door.get("/api/users/self").status_code for door in doors} == {401}
        assert client_for().post("/api/auth/login", {"username": "alice", "password": PASSWORD}).status_code == 400
        assert "may not log in" in told("user", "list")

    def test_leaves_an_admin(self, alice: User) -> None:
        User.objects.update(is_superuser=True)
        result = run("user", "deactivate", "alice")
        assert isinstance(result.exception, LabelkeepError)
        assert result.exception.exit_code == 5
        assert User.objects.get().is_active
