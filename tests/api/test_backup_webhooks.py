"""/api/backup-webhooks: made, changed, pinged and removed; secrets are shown once, addresses without theirs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from tests.support.api import Client, client_for, organization_of

from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued
from labelkeep.schedules.actions import keep_webhook
from labelkeep.schedules.models import Webhook
from labelkeep.schedules.webhooks import EVENTS

URL = "https://hooks.example.com/labelkeep"


@pytest.fixture
def alice_says(alice: User) -> Client:
    return client_for(alice)


def made(client: Client, path: str = "/api/backup-webhooks", **more: Any) -> dict[str, Any]:
    answer = client.post(path, {"url": URL, **more})
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_the_secret_is_shown_once_and_the_address_without_its_own(alice_says: Client) -> None:
    webhook = made(alice_says, url="https://me:pa55@hooks.example.com/in?token=s3cret", events=["backup.failed"])
    assert len(webhook.pop("secret")) == 64
    assert webhook["url"] == "https://hooks.example.com/in?***"
    assert (webhook["events"], webhook["enabled"], webhook["owner"]["username"]) == (["backup.failed"], True, "alice")
    assert alice_says.get(f"/api/backup-webhooks/{webhook['id']}").json() == webhook
    assert alice_says.get("/api/backup-webhooks").json()["results"] == [webhook]


def test_each_secret_is_another_and_can_be_renewed(alice_says: Client) -> None:
    first, second = made(alice_says), made(alice_says)
    renewed = alice_says.post(f"/api/backup-webhooks/{first['id']}/secret").json()["secret"]
    assert len({first["secret"], second["secret"], renewed}) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "ftp://example.com/x"},
        {"url": "hooks.example.com"},
        {"url": ""},
        {"url": URL, "events": ["backup.eaten"]},
        {"url": URL, "enabled": "maybe"},
    ],
)
def test_what_cannot_be_told_is_refused(alice_says: Client, body: dict[str, Any]) -> None:
    assert alice_says.post("/api/backup-webhooks", body).status_code == 400
    assert Webhook.objects.count() == 0


def test_it_is_changed_and_removed(alice_says: Client) -> None:
    path = f"/api/backup-webhooks/{made(alice_says)['id']}"
    changed = alice_says.patch(path, {"url": "http://other.example.com/", "events": list(EVENTS), "enabled": False})
    assert changed.json()["url"] == "http://other.example.com/"
    assert (changed.json()["events"], changed.json()["enabled"]) == (sorted(EVENTS), False)
    assert alice_says.patch(path, {"events": ["nonsense"]}).status_code == 400
    assert alice_says.delete(path).status_code == 204
    assert alice_says.get(path).status_code == 404


def test_a_ping_is_a_delivery_that_waits_for_its_receiver(alice_says: Client, charlie: User) -> None:
    webhook = made(alice_says, url="http://127.0.0.1:9/")
    path = f"/api/backup-webhooks/{webhook['id']}"
    ping = alice_says.post(f"{path}/ping")
    assert ping.status_code == 202
    assert (ping.json()["event"], ping.json()["state"], ping.json()["attempts"]) == ("ping", "waiting", 0)
    again = f"/api/backup-webhooks/deliveries/{ping.json()['id']}/redeliver"
    assert alice_says.post(again).json()["id"] == ping.json()["id"]  # it is on its way
    run_queued()
    (told,) = alice_says.get(f"{path}/deliveries?state=failed").json()["results"]
    assert "a private one" in told["error"]
    assert alice_says.post(again).json()["state"] == "waiting"
    alice_says.patch(path, {"enabled": False})
    assert alice_says.post(f"{path}/ping").status_code == 409
    assert alice_says.post(again).status_code == 409
    assert alice_says.post(f"/api/backup-webhooks/deliveries/{uuid4()}/redeliver").status_code == 404
    assert client_for(charlie).post(again).status_code == 403


def answers(client: Client, id: int) -> list[int]:
    path = f"/api/backup-webhooks/{id}"
    return [
        client.get(path).status_code,
        client.get(f"{path}/deliveries").status_code,
        client.patch(path, {"enabled": True}).status_code,
        client.post(f"{path}/ping").status_code,
        client.post(f"{path}/secret").status_code,
        client.delete(path).status_code,
    ]


ALLOWED, REFUSED = [200, 200, 200, 202, 200, 204], [403] * 6


def test_owner_member_and_stranger(alice_says: Client, bob: User, charlie: User) -> None:
    webhook = made(alice_says)
    for user in (bob, charlie):
        assert client_for(user).get("/api/backup-webhooks").json()["count"] == 0
        assert answers(client_for(user), webhook["id"]) == REFUSED
    assert client_for().get("/api/backup-webhooks").status_code == 401
    assert answers(alice_says, webhook["id"]) == ALLOWED


def test_one_of_an_organization_is_its_owners_too(alice: User, bob: User, charlie: User, alice_says: Client) -> None:
    organization = organization_of(charlie, maintainer=bob, supervisor=alice)
    webhook = made(alice_says, "/api/backup-webhooks?org=acme")
    assert webhook["organization_id"] == organization.pk
    assert answers(client_for(bob), webhook["id"]) == REFUSED
    assert client_for(charlie).get("/api/backup-webhooks?org=acme").json()["count"] == 1
    assert alice_says.get("/api/backup-webhooks?org=").json()["count"] == 0
    assert answers(client_for(charlie), webhook["id"]) == ALLOWED


def test_a_stranger_makes_none_in_an_organization(charlie: User, alice: User) -> None:
    organization_of(alice)
    assert client_for(charlie).post("/api/backup-webhooks?org=acme", {"url": URL}).status_code == 403


def test_a_read_only_token_only_looks(alice: User, alice_says: Client) -> None:
    webhook = made(alice_says)
    reader = client_for(alice, read_only=True)
    assert answers(reader, webhook["id"]) == [200, 200, 403, 403, 403, 403]
    assert reader.post("/api/backup-webhooks", {"url": URL}).status_code == 403


def test_there_is_a_limit(alice_says: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_webhook, "MOST", 2)
    made(alice_says)
    made(alice_says)
    assert alice_says.post("/api/backup-webhooks", {"url": URL}).status_code == 400
