"""The stock CVAT client against a live server: every way to log in, plainly and through a proxy that ends TLS."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cvat_sdk import Client, Config, make_client
from cvat_sdk.api_client import ApiClient, Configuration, exceptions
from cvat_sdk.core.auth import AccessTokenCredentials, PasswordCredentials
from pytest_django import Settings
from tests.support.configuration import configured
from tests.support.live import live
from tests.support.proxy import tls_proxy

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.models import AccessToken, User

PASSWORD = "correct horse battery"
pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.filterwarnings("ignore:Unverified HTTPS request"),
]


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", "alice@example.com", PASSWORD)


@pytest.fixture
def server() -> Iterator[str]:
    with live() as url:
        yield url


def test_logs_in_by_password_changes_something_and_logs_out(server: str, alice: User) -> None:
    with make_client(server, credentials=("Alice", PASSWORD)) as client:
        assert client.users.retrieve_current_user().username == "alice"
        made = client.organizations.create({"slug": "acme"})
        assert made.slug == "acme"
        assert [found.slug for found in client.organizations.list()] == ["acme"]
        client.organization_slug = "acme"
        assert [user.username for user in client.users.list()] == ["alice"]
        made.remove()
        session = client.api_client.cookies["sessionid"].value
        client.logout()
    request = urllib.request.Request(f"{server}/api/users/self")
    request.add_header("Cookie", f"sessionid={session}")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request)


def test_is_told_that_the_password_is_wrong(server: str, alice: User) -> None:
    with pytest.raises(exceptions.ApiException) as caught:
        make_client(server, credentials=("alice", "wrong"))
    assert caught.value.status == 400


def test_speaks_with_a_personal_token(server: str, alice: User) -> None:
    _, secret = tokens.issue(alice, "ci", AccessToken.Kind.PERSONAL, clock.now(), read_only=True)
    with make_client(server, access_token=secret) as client:
        assert client.users.retrieve_current_user().username == "alice"
        with pytest.raises(exceptions.ForbiddenException):
            client.organizations.create({"slug": "acme"})


@pytest.mark.parametrize("way", ["basic", "key"])
def test_low_level_client_speaks_basic_and_key(server: str, alice: User, way: str) -> None:
    key = tokens.issue(alice, "", AccessToken.Kind.LOGIN, clock.now())[1]
    credentials: dict[str, Any] = (
        {"username": "alice", "password": PASSWORD} if way == "basic" else {"api_key": {"tokenAuth": key}}
    )
    with ApiClient(Configuration(server, **credentials)) as client:
        me, _ = client.users_api.retrieve_self()
        assert me.username == "alice"


def test_finds_a_server_that_it_knows(server: str, alice: User, caplog: pytest.LogCaptureFixture) -> None:
    with Client(server, config=Config(allow_unsupported_server=False)) as client:
        assert str(client.get_server_version()).startswith("2.80")


class TestBehindTLS:
    @pytest.fixture
    def proxied(self, settings: Settings, tmp_path: Path, alice: User) -> Iterator[tuple[str, Path]]:
        configured(settings, trusted_proxies=("127.0.0.0/8",))
        with live() as upstream, tls_proxy(upstream, tmp_path) as proxy:
            yield proxy.url, proxy.authority

    def get(self, url: str, signed: Path, path: str) -> Any:
        context = ssl.create_default_context(cafile=str(signed))
        request = urllib.request.Request(url + path)
        request.add_header("Authorization", "Basic " + base64.b64encode(f"alice:{PASSWORD}".encode()).decode())
        with urllib.request.urlopen(request, context=context) as answer:
            return json.load(answer)

    def test_addresses_are_those_that_the_client_sees(self, proxied: tuple[str, Path]) -> None:
        url, signed = proxied
        assert self.get(url, signed, "/api/users/self")["url"].startswith(f"{url}/api/users/")

    def test_stock_client_logs_in_and_changes_something(self, proxied: tuple[str, Path]) -> None:
        url, _ = proxied
        with Client(url, config=Config(verify_ssl=False)) as client:
            client.login(PasswordCredentials("alice", PASSWORD))
            assert client.organizations.create({"slug": "acme"}).slug == "acme"
            assert client.api_client.cookies["sessionid"]["secure"]
            assert client.api_client.cookies["csrftoken"]["secure"]
            client.organizations.list()[0].remove()


class TestPublicURL:
    """A proxy that says nothing, or that nobody trusts: the operator says the address."""

    PUBLIC = "https://labels.example.com"

    def test_wins_over_what_a_request_says(self, settings: Settings, server: str, alice: User) -> None:
        configured(settings, public_url=self.PUBLIC)
        _, secret = tokens.issue(alice, "ci", AccessToken.Kind.PERSONAL, clock.now())
        with Client(server) as client:
            client.login(AccessTokenCredentials(secret))
            assert client.users.retrieve_current_user().url.startswith(f"{self.PUBLIC}/api/users/")

    def test_is_an_origin_that_csrf_knows(self, settings: Settings, server: str, alice: User) -> None:
        settings.CSRF_TRUSTED_ORIGINS = [self.PUBLIC]
        with make_client(server, credentials=("alice", PASSWORD)) as client:
            client.api_client.default_headers["Origin"] = self.PUBLIC
            assert client.organizations.create({"slug": "acme"}).slug == "acme"
