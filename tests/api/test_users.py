"""/api/users: who sees whom."""

from __future__ import annotations

from tests.support.api import client_for, organization_of

from labelkeep.accounts.models import User
from labelkeep.projects.models import Project


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


class TestChanging:
    def test_one_may_change_ones_names_alone(self, alice: User) -> None:
        client, url = client_for(alice), f"/api/users/{alice.pk}"
        assert client.patch(url, {"first_name": "Al", "last_name": "Ice"}).json()["last_name"] == "Ice"
        for change in ({"email": "x@example.com"}, {"groups": ["admin"]}, {"is_superuser": True}, {"username": "al"}):
            assert client.patch(url, change).status_code == 403

    def test_nobody_changes_or_removes_others(self, alice: User, bob: User) -> None:
        organization_of(alice, worker=bob)
        url = f"/api/users/{alice.pk}"
        assert client_for(bob).get(url).status_code == 200
        assert client_for(bob).patch(url, {"first_name": "Al"}).status_code == 403
        assert client_for(bob).delete(url).status_code == 403
        assert client_for(alice, personal=True).delete(url).status_code == 403

    def test_one_may_remove_oneself_and_what_one_made_stays(self, alice: User) -> None:
        client = client_for(alice)
        project = client.post("/api/projects", {"name": "cats"}).json()["id"]
        assert client.delete(f"/api/users/{alice.pk}").status_code == 204
        assert client.get("/api/users/self").status_code == 401
        assert Project.objects.get(pk=project).owner is None

    def test_an_admin_may_change_anything(self, alice: User, bob: User) -> None:
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        admin, url = client_for(alice), f"/api/users/{bob.pk}"
        assert admin.patch(url, {"groups": ["worker"], "email": "b@example.com"}).json()["groups"] == ["worker"]
        assert admin.patch(url, {"groups": ["kings"]}).status_code == 400
        assert admin.patch(url, {"email": "ALICE@example.com"}).status_code == 400
        assert admin.patch(url, {"first_name": "x" * 151}).status_code == 400
        assert admin.patch(url, {"is_active": False}).status_code == 200
        assert client_for(bob).get("/api/users/self").status_code == 401
        assert admin.delete(url).status_code == 204

    def test_the_last_admin_stays(self, alice: User, bob: User) -> None:
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        admin, url = client_for(alice), f"/api/users/{alice.pk}"
        assert admin.delete(url).status_code == 409
        for change in ({"is_active": False}, {"is_superuser": False}, {"groups": ["user"]}):
            assert admin.patch(url, change).status_code == 409
        User.objects.filter(pk=bob.pk).update(is_superuser=True)
        assert admin.patch(url, {"groups": ["user"]}).json()["groups"] == ["user"]
