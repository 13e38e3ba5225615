"""/api/organizations and /api/memberships: who may found, rule, join and leave."""

from __future__ import annotations

import pytest
from tests.support.api import client_for, organization_of

from labelkeep.accounts.models import Membership, Organization, User


@pytest.fixture
def acme(alice: User, bob: User) -> Organization:
    return organization_of(alice, worker=bob)


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


class TestFounding:
    def test_the_founder_owns_it(self, alice: User) -> None:
        answer = client_for(alice).post("/api/organizations", {"slug": "acme", "contact": {"email": "a@b.c"}})
        assert answer.status_code == 201
        made = answer.json()
        assert (made["slug"], made["owner"]["username"], made["contact"]) == ("acme", "alice", {"email": "a@b.c"})
        assert made["created_date"].endswith("Z")
        assert membership(alice).role == "owner"

    @pytest.mark.parametrize("slug", ["", "x" * 17, "a b", "ä", "acme\n", "a/b"])
    def test_a_slug_is_short_and_plain(self, alice: User, slug: str) -> None:
        answer = client_for(alice).post("/api/organizations", {"slug": slug})
        assert (answer.status_code, list(answer.json())) == (400, ["slug"])

    def test_a_slug_is_taken_once(self, acme: Organization, charlie: User) -> None:
        answer = client_for(charlie).post("/api/organizations", {"slug": "acme"})
        assert answer.json() == {"slug": ["organization with this slug already exists."]}
        assert not Membership.objects.filter(user=charlie).exists()

    def test_a_worker_founds_none(self, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(privilege="worker")
        assert client_for(alice).post("/api/organizations", {"slug": "acme"}).status_code == 403


class TestRuling:
    def test_members_see_it_and_strangers_do_not(self, acme: Organization, bob: User, charlie: User) -> None:
        assert client_for(bob).get(f"/api/organizations/{acme.pk}").json()["slug"] == "acme"
        assert client_for(bob).get("/api/organizations?slug=acme").json()["count"] == 1
        assert client_for(charlie).get("/api/organizations").json()["count"] == 0
        assert client_for(charlie).get(f"/api/organizations/{acme.pk}").status_code == 403
        assert client_for(charlie).get("/api/organizations/999999").status_code == 404

    def test_owner_and_maintainers_change_it(self, acme: Organization, alice: User, bob: User) -> None:
        url = f"/api/organizations/{acme.pk}"
        assert client_for(bob).patch(url, {"name": "Bob's"}).status_code == 403
        Membership.objects.filter(user=bob).update(role="maintainer")
        assert client_for(bob).patch(url, {"name": "Acme, Inc."}).json()["name"] == "Acme, Inc."
        assert client_for(alice).patch(url, {"slug": "acme2"}).json()["slug"] == "acme2"

    def test_only_the_owner_ends_it(self, acme: Organization, alice: User, bob: User) -> None:
        Membership.objects.filter(user=bob).update(role="maintainer")
        url = f"/api/organizations/{acme.pk}"
        assert client_for(bob).delete(url).status_code == 403
        assert client_for(alice).delete(url).status_code == 204
        assert not Membership.objects.exists()


class TestMembers:
    def patch(self, actor: User, member: User, role: str) -> int:
        code: int = client_for(actor).patch(f"/api/memberships/{membership(member).pk}", {"role": role}).status_code
        return code

    def test_list_shows_people_and_roles(self, acme: Organization, bob: User) -> None:
        page = client_for(bob).get("/api/memberships?org=acme&sort=id").json()
        told = [(m["user"]["username"], m["role"], m["organization"], m["invitation"]) for m in page["results"]]
        assert told == [("alice", "owner", acme.pk, None), ("bob", "worker", acme.pk, None)]
        assert client_for(bob).get("/api/memberships?org=acme&role=owner").json()["count"] == 1

    def test_the_owner_gives_any_role_but_his_own(self, acme: Organization, alice: User, bob: User) -> None:
        assert self.patch(alice, bob, "maintainer") == 200
        assert self.patch(alice, bob, "owner") == 403
        assert self.patch(alice, alice, "worker") == 403
        assert self.patch(alice, bob, "king") == 400

    def test_a_maintainer_rules_those_below(self, acme: Organization, alice: User, bob: User, charlie: User) -> None:
        Membership.objects.filter(user=bob).update(role="maintainer")
        Membership.objects.create(user=charlie, organization=acme, role="worker")
        assert self.patch(bob, charlie, "supervisor") == 200
        assert self.patch(bob, charlie, "maintainer") == 403
        assert self.patch(bob, bob, "worker") == 403
        assert client_for(bob).delete(f"/api/memberships/{membership(charlie).pk}").status_code == 204
        assert client_for(bob).delete(f"/api/memberships/{membership(alice).pk}").status_code == 403

    def test_a_worker_may_leave_and_no_more(self, acme: Organization, alice: User, bob: User) -> None:
        assert self.patch(bob, bob, "maintainer") == 403
        assert client_for(bob).delete(f"/api/memberships/{membership(alice).pk}").status_code == 403
        assert client_for(bob).delete(f"/api/memberships/{membership(bob).pk}").status_code == 204
        assert client_for(bob).get("/api/organizations").json()["count"] == 0

    def test_the_owner_stays(self, acme: Organization, alice: User) -> None:
        assert client_for(alice).delete(f"/api/memberships/{membership(alice).pk}").status_code == 403

    def test_a_stranger_learns_nothing(self, acme: Organization, bob: User, charlie: User) -> None:
        pk = membership(bob).pk
        stranger = client_for(charlie)
        assert stranger.get(f"/api/memberships/{pk}").status_code == 403
        assert stranger.patch(f"/api/memberships/{pk}", {"role": "worker"}).status_code == 403
        assert stranger.delete(f"/api/memberships/{pk}").status_code == 403
