"""/api/auth/access_tokens."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings
from tests.support.api import Client, client_for

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, User
from labelkeep.errors import BadInput, NotAuthenticated

URL = "/api/auth/access_tokens"
PERSONAL = AccessToken.Kind.PERSONAL


def bearer(secret: str) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_a_new_token_shows_its_value_once(alice: User) -> None:
    client = client_for(alice)
    answer = client.post(URL, {"name": "ci"})
    assert answer.status_code == 201
    made = answer.json()
    prefix, _, secret = made["value"].partition(".")
    assert (len(prefix), len(secret)) == (8, 32)
    assert made["read_only"] is True
    assert made["owner"]["username"] == "alice"
    again = client.get(f"{URL}/{made['id']}").json()
    assert "value" not in again
    assert again["name"] == "ci"
    assert client.get(URL).json()["count"] == 1


def test_its_secret_is_not_in_the_database(alice: User) -> None:
    _, secret = tokens.issue(alice, "ci", PERSONAL, clock.now())
    row = AccessToken.objects.values().get()
    assert not any(secret.split(".")[1] in str(value) for value in row.values())


def test_the_key_of_a_login_is_no_personal_token(alice: User) -> None:
    assert client_for(alice).get(URL).json()["count"] == 0
    assert client_for(alice).get(f"{URL}/self").status_code == 404


def test_a_token_knows_itself(alice: User) -> None:
    assert client_for(alice, personal=True).get(f"{URL}/self").json()["name"] == "test"


def test_it_can_be_renamed_and_restrained(alice: User) -> None:
    client = client_for(alice)
    pk = client.post(URL, {"name": "ci", "read_only": False}).json()["id"]
    later = (clock.now() + timedelta(days=1)).isoformat()
    changed = client.patch(f"{URL}/{pk}", {"name": "build", "read_only": True, "expiry_date": later}).json()
    assert (changed["name"], changed["read_only"]) == ("build", True)
    assert changed["expiry_date"].endswith("Z")
    assert client.patch(f"{URL}/{pk}", {"expiry_date": None}).json()["expiry_date"] is None


def test_a_revoked_one_opens_nothing_and_is_not_seen(alice: User) -> None:
    client = client_for(alice)
    made = client.post(URL, {"name": "ci"}).json()
    assert client.delete(f"{URL}/{made['id']}").status_code == 204
    assert bearer(made["value"]).get("/api/users/self").status_code == 401
    assert client.get(f"{URL}/{made['id']}").status_code == 404
    assert client.delete(f"{URL}/{made['id']}").status_code == 404


def test_a_token_makes_changes_and_revokes_no_token(alice: User) -> None:
    client = client_for(alice, personal=True)
    pk = AccessToken.objects.get().pk
    assert client.post(URL, {"name": "child"}).status_code == 403
    assert client.patch(f"{URL}/{pk}", {"read_only": False}).status_code == 403
    assert client.delete(f"{URL}/{pk}").status_code == 403
    assert client.get(URL).json()["count"] == 1


def test_nobody_sees_the_tokens_of_others(alice: User, charlie: User) -> None:
    token, _ = tokens.issue(alice, "ci", PERSONAL, clock.now())
    stranger = client_for(charlie)
    assert stranger.get(URL).json()["count"] == 0
    for method in (stranger.get, stranger.patch, stranger.delete):
        assert method(f"{URL}/{token.pk}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "x", "expiry_date": "2001-01-01T00:00:00Z"}, "expiry_date"),
        ({"name": "x", "expiry_date": "soon"}, "expiry_date"),
        ({"name": "x", "read_only": "perhaps"}, "read_only"),
    ],
)
def test_what_makes_no_sense_is_a_field_error(alice: User, sent: dict[str, str], field: str) -> None:
    answer = client_for(alice).post(URL, sent)
    assert (answer.status_code, list(answer.json())) == (400, [field])


class TestLife:
    def test_fifty_are_enough(self, alice: User) -> None:
        now = clock.now()
        made = [tokens.issue(alice, "x", PERSONAL, now)[0] for _ in range(tokens.MAXIMUM)]
        with pytest.raises(BadInput, match="maximum allowed number"):
            tokens.issue(alice, "x", PERSONAL, now)
        tokens.revoke(alice, made[0].pk, now)
        tokens.issue(alice, "x", PERSONAL, now)

    def test_unused_for_half_a_year_it_is_dead_and_used_it_lives_on(self, alice: User) -> None:
        now = clock.now()
        _, secret = tokens.issue(alice, "x", PERSONAL, now)
        tokens.authenticate(secret, now + timedelta(days=180))
        tokens.authenticate(secret, now + timedelta(days=360))
        with pytest.raises(NotAuthenticated):
            tokens.authenticate(secret, now + timedelta(days=545))

    def test_its_use_is_written_down_once_a_minute_at_most(self, alice: User) -> None:
        now = clock.now()
        _, secret = tokens.issue(alice, "x", PERSONAL, now)
        for seconds in (1, 30, 59):
            tokens.authenticate(secret, now + timedelta(seconds=seconds))
        assert AccessToken.objects.get().last_used_date == now + timedelta(seconds=1)
        tokens.authenticate(secret, now + timedelta(seconds=61))
        assert AccessToken.objects.get().last_used_date == now + timedelta(seconds=61)

    def test_the_key_of_a_login_is_worthless_under_another_server_secret(self, alice: User, settings: Settings) -> None:
        first = tokens.issue(alice, "", AccessToken.Kind.LOGIN, clock.now())[1]
        settings.SECRET_KEY = "another"
        second = tokens.issue(alice, "", AccessToken.Kind.LOGIN, clock.now())[1]
        assert first != second
        assert AccessToken.objects.count() == 1
