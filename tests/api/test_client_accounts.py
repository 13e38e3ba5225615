"""The stock CVAT client on invitations and forgotten passwords: each understands what the other sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from cvat_sdk import Client, make_client
from cvat_sdk.api_client import ApiClient, Configuration, exceptions, models
from pytest_django import Settings
from tests.support.api import organization_of
from tests.support.configuration import configured
from tests.support.live import live
from tests.support.mail import Mailbox, mailbox

from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued

PASSWORD, NEW = "correct horse battery", "a new one 123"
pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    with mailbox() as box:
        configured(settings, smtp_url=box.url, confirm_invitations=True)
        yield box


@pytest.fixture
def server(box: Mailbox, alice: User, charlie: User) -> Iterator[str]:
    organization_of(alice)
    with live() as url:
        yield url


def logged_in(server: str, user: User) -> Client:
    return make_client(server, credentials=(user.username, PASSWORD))


def invited(client: Client, email: str) -> models.IInvitationRead:
    sent = models.InvitationWriteRequest(role=models.RoleEnum("worker"), email=email)
    made, _ = client.api_client.invitations_api.create(sent, x_organization="acme")
    return made


def test_invites_lists_accepts_and_is_a_member(server: str, alice: User, charlie: User) -> None:
    with logged_in(server, alice) as inviting, logged_in(server, charlie) as asked:
        made = invited(inviting, "charlie@example.com")
        assert (made.role.value, made.organization_info.slug, made.expired, made.accepted) == (
            "worker",
            "acme",
            False,
            False,
        )
        listed, _ = asked.api_client.invitations_api.list()
        assert [(found.key, found.owner.username) for found in listed.results] == [(made.key, "alice")]
        accepted, _ = asked.api_client.invitations_api.accept(made.key)
        assert accepted.organization_slug == "acme"
        members, _ = inviting.api_client.memberships_api.list(org="acme", sort="id")
        told = [(member.user.username, member.is_active, member.invitation) for member in members.results]
        assert told == [("alice", True, None), ("charlie", True, made.key)]


def test_resends_declines_and_takes_back(server: str, box: Mailbox, alice: User, charlie: User) -> None:
    with logged_in(server, alice) as inviting, logged_in(server, charlie) as asked:
        api = inviting.api_client.invitations_api
        made = invited(inviting, "charlie@example.com")
        api.resend(made.key)
        run_queued()
        assert [letter["To"] for letter in box.letters] == ["charlie@example.com"] * 2
        asked.api_client.invitations_api.decline(made.key)
        with pytest.raises(exceptions.NotFoundException):
            api.retrieve(made.key)
        other = invited(inviting, "new@example.com")
        assert (other.user.username, api.retrieve(other.key)[0].key) == ("new@example.com", other.key)
        api.destroy(other.key)
        assert api.list()[0].count == 0


def test_replaces_a_forgotten_password(server: str, box: Mailbox, alice: User) -> None:
    with ApiClient(Configuration(host=server)) as stranger:
        stranger.auth_api.create_password_reset(models.PasswordResetSerializerExRequest(email="alice@example.com"))
        run_queued()
        found = re.search(r"uid=(\w+)&token=([\w-]+)", box.link())
        assert found is not None
        confirmed = models.PasswordResetConfirmRequest(
            new_password1=NEW, new_password2=NEW, uid=found[1], token=found[2]
        )
        stranger.auth_api.create_password_reset_confirm(confirmed)
    with make_client(server, credentials=("alice", NEW)) as client:
        assert client.users.retrieve_current_user().username == "alice"
