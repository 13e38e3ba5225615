"""/api/users: who sees whom."""

from __future__ import annotations

from tests.support.api import client_for, organization_of

from labelkeep.accounts.models import User


def test_somebody_sees_himself_in_full(alice: User) -> None:
    answer = client_for(alice).get("/api/users/self")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/vnd.cvat+json"
    me = answer.json()
    assert me["username"] == "alice"
    assert me["groups"] == ["user"]
    assert me["url"] == f"http://testserver/api/users/{alice.pk}"


def test_a_stranger_sees_nobody_else(alice: User, charlie: User) -> None:
    stranger = client_for(charlie)
    assert [user["username"] for user in stranger.get("/api/users").json()["results"]] == ["charlie"]
    assert stranger.get(f"/api/users/{alice.pk}").status_code == 403


def test_members_see_members_but_not_their_addresses(alice: User, bob: User, charlie: User) -> None:
    organization_of(alice, worker=bob)
    seen = client_for(bob).get("/api/users?org=acme&sort=id").json()["results"]
    assert [user["username"] for user in seen] == ["alice", "bob"]
    assert "email" not in seen[0]
    assert "email" in seen[1]
    assert client_for(charlie).get("/api/users?org=acme").status_code == 403


def test_nobody_at_all_gets_401_that_says_how(db: None) -> None:
    answer = client_for().get("/api/users/self")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}
    assert answer["WWW-Authenticate"] == "Token"
