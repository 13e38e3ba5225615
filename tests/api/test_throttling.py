"""Guessing passwords is slow, by whichever door: login, Basic, change of password, registration."""

from __future__ import annotations

import base64

import pytest
from pytest_django import Settings
from tests.support.api import Client, client_for
from tests.support.configuration import configured

from labelkeep.accounts.models import User

PASSWORD = "correct horse battery"


def login(name: str, password: str, address: str = "192.0.2.1") -> int:
    answer = Client(REMOTE_ADDR=address).post("/api/auth/login", {"username": name, "password": password})
    code: int = answer.status_code
    return code


def basic(name: str, password: str) -> Client:
    client = Client()
    client.credentials(HTTP_AUTHORIZATION=f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}")
    return client


def test_one_address_may_try_a_hundred_names_a_minute(alice: User) -> None:
    assert {login(f"name{number}", "x") for number in range(100)} == {400}
    slow = Client(REMOTE_ADDR="192.0.2.1").post("/api/auth/login", {"username": "alice", "password": PASSWORD})
    assert slow.status_code == 429
    assert 1 <= int(slow["Retry-After"]) <= 60
    assert slow.json()["detail"].startswith("Request was throttled. Expected available in ")
    assert login("alice", PASSWORD, "192.0.2.2") == 200


def test_one_account_is_slowed_down_wherever_the_tries_come_from(alice: User, bob: User) -> None:
    assert {login("alice", "wrong", f"192.0.2.{number}") for number in range(10)} == {400}
    assert login("alice", PASSWORD, "198.51.100.1") == 429
    assert login("bob", PASSWORD) == 200
    assert client_for(alice).get("/api/users/self").status_code == 200


def test_basic_is_no_way_around(alice: User) -> None:
    assert {basic("alice", f"wrong {number}").get("/api/users/self").status_code for number in range(10)} == {401}
    slow = basic("alice", PASSWORD).get("/api/users/self")
    assert (slow.status_code, int(slow["Retry-After"]) > 0) == (429, True)
    assert login("alice", PASSWORD) == 429


def test_a_right_pair_that_is_remembered_goes_on(alice: User) -> None:
    client = basic("alice", PASSWORD)
    assert client.get("/api/users/self").status_code == 200
    for number in range(10):
        basic("alice", f"wrong {number}").get("/api/users/self")
    assert client.get("/api/users/self").status_code == 200


def test_a_stolen_session_does_not_find_out_the_password(alice: User) -> None:
    client = client_for(alice)
    sent = {"old_password": "wrong", "new_password1": "a new one 123", "new_password2": "a new one 123"}
    codes = [client.post("/api/auth/password/change", sent).status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]


@pytest.mark.parametrize("password", ["password", "a new one 123"])
def test_registering_is_slow_even_when_it_succeeds(db: None, settings: Settings, password: str) -> None:
    configured(settings, registration=True)

    def register(number: int) -> int:
        sent = {"username": f"name{number:03}", "email": f"n{number}@example.com"}
        passwords = {"password1": password, "password2": password}
        code: int = Client().post("/api/auth/register", sent | passwords).status_code
        return code

    assert len({register(number) for number in range(100)}) == 1
    assert register(100) == 429
