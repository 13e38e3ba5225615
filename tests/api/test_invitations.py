"""/api/invitations: who may invite whom, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings
from tests.support.api import client_for, organization_of
from tests.support.configuration import configured
from tests.support.mail import Mailbox, mailbox

from labelkeep.accounts.models import Invitation, Membership, Organization, User
from labelkeep.operations.run import run_queued

URL = "/api/invitations"


@pytest.fixture
def acme(alice: User, bob: User) -> Organization:
    return organization_of(alice, worker=bob)


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    with mailbox() as box:
        configured(settings, smtp_url=box.url, public_url="https://keep.example.org")
        yield box


@pytest.fixture
def confirmed(settings: Settings) -> None:
    configured(settings, confirm_invitations=True)


def invite(actor: User, email: str, role: str = "worker", query: str = "?org=acme") -> Any:
    return client_for(actor).post(URL + query, {"email": email, "role": role})


def invited(actor: User, email: str, role: str = "worker") -> dict[str, Any]:
    answer = invite(actor, email, role)
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def act(actor: User, key: str, what: str) -> tuple[int, Any]:
    answer = client_for(actor).post(f"{URL}/{key}/{what}")
    return answer.status_code, answer.json() if answer.content else None


class TestInviting:
    def test_an_unknown_address_makes_a_placeholder_that_is_no_member_yet(
        self, acme: Organization, alice: User
    ) -> None:
        told = invited(alice, "New.One@example.com", "supervisor")
        assert (told["role"], told["owner"]["username"], told["expired"], told["accepted"]) == (
            "supervisor", "alice", False, False,
        )  # fmt: skip
        assert told["organization_info"] == {"id": acme.pk, "slug": "acme"}
        user = User.objects.get(email="New.One@example.com")
        assert told["user"]["username"] == user.username == "New.One@example.com"
        assert (user.is_active, user.has_usable_password()) == (False, False)
        members = client_for(alice).get("/api/memberships?org=acme&sort=-id").json()["results"]
        assert (members[0]["is_active"], members[0]["invitation"]) == (False, told["key"])

    def test_somebody_with_an_account_is_a_member_at_once(self, acme: Organization, alice: User, charlie: User) -> None:
        told = invited(alice, "CHARLIE@example.com")
        assert (told["accepted"], told["expired"], told["user"]["username"], "link" in told) == (
            True, None, "charlie", False,
        )  # fmt: skip
        assert client_for(charlie).get("/api/memberships?org=acme").json()["count"] == 3

    def test_or_is_asked_where_the_operator_wants_that(
        self, acme: Organization, alice: User, charlie: User, confirmed: None
    ) -> None:
        told = invited(alice, "charlie@example.com")
        assert told["accepted"] is False
        assert client_for(charlie).get("/api/memberships?org=acme").status_code == 403

    @pytest.mark.parametrize("email", ["bob@example.com", "new@example.com"])
    def test_nobody_is_invited_twice(self, acme: Organization, alice: User, email: str) -> None:
        invite(alice, "new@example.com")
        answer = invite(alice, email)
        assert (answer.status_code, answer.json()) == (400, ["The user is a member of the organization already."])

    def test_an_organization_has_to_be_named(self, acme: Organization, alice: User) -> None:
        for query in ("", "?org="):
            assert invite(alice, "new@example.com", query=query).status_code == 400
        assert invite(alice, "new@example.com", query=f"?org_id={acme.pk}").status_code == 201

    @pytest.mark.parametrize(
        ("sent", "field"),
        [({"role": "worker"}, "email"), ({"email": "x", "role": "worker"}, "email"),
         ({"email": "", "role": "worker"}, "email"), ({"email": "a@b.c"}, "role"),
         ({"email": "a@b.c", "role": "king"}, "role")],
    )  # fmt: skip
    def test_says_what_is_wrong(self, acme: Organization, alice: User, sent: dict[str, str], field: str) -> None:
        answer = client_for(alice).post(f"{URL}?org=acme", sent)
        assert (answer.status_code, list(answer.json())) == (400, [field])
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize(
        ("inviter", "may"),
        [("worker", set()), ("supervisor", set()), ("maintainer", {"worker", "supervisor"}),
         ("owner", {"worker", "supervisor", "maintainer"}), (None, set())],
    )  # fmt: skip
    def test_maintainers_and_owners_may_each_below_themselves(
        self, alice: User, charlie: User, inviter: str | None, may: set[str]
    ) -> None:
        if inviter == "owner":
            organization_of(charlie)
        else:
            organization_of(alice, **({inviter: charlie} if inviter else {}))
        roles = ("worker", "supervisor", "maintainer", "owner")
        codes = {role: invite(charlie, f"{role}@example.com", role).status_code for role in roles}
        assert codes == {role: 201 if role in may else 403 for role in roles}
        assert User.objects.filter(is_active=False).count() == len(may)

    def test_needs_the_privilege_of_a_user(self, acme: Organization, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(privilege="worker")
        assert invite(alice, "new@example.com").status_code == 403


class TestAnswering:
    def test_accepting_makes_a_member(self, acme: Organization, alice: User, charlie: User, confirmed: None) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        assert act(charlie, key, "accept") == (200, {"organization_slug": "acme"})
        membership = Membership.objects.get(user=charlie)
        assert (membership.is_active, membership.joined_date is not None) == (True, True)
        assert act(charlie, key, "accept") == (400, "Your invitation is already accepted.")
        assert client_for(charlie).get(f"{URL}/{key}").json()["expired"] is None

    def test_declining_leaves_nothing(self, acme: Organization, alice: User, charlie: User, confirmed: None) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        assert act(charlie, key, "decline") == (204, None)
        assert not Membership.objects.filter(user=charlie).exists()
        assert User.objects.filter(pk=charlie.pk).exists()
        assert act(charlie, key, "decline") == (404, "This invitation does not exist.")

    @pytest.mark.parametrize("what", ["accept", "decline"])
    def test_is_for_the_invited_alone(
        self, acme: Organization, alice: User, bob: User, charlie: User, confirmed: None, what: str
    ) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        User.objects.filter(pk=bob.pk).update(is_superuser=True)
        assert [act(person, key, what)[0] for person in (alice, bob)] == [403, 403]
        assert client_for().post(f"{URL}/{key}/{what}").status_code == 401
        assert client_for(charlie, read_only=True).post(f"{URL}/{key}/{what}").status_code == 403
        assert Invitation.objects.filter(key=key, accepted=False).exists()

    def test_is_too_late_after_a_week(self, acme: Organization, alice: User, charlie: User, confirmed: None) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        made = Invitation.objects.get().created_date
        Invitation.objects.update(created_date=made - timedelta(days=7))
        assert client_for(charlie).get(f"{URL}/{key}").json()["expired"] is True
        assert act(charlie, key, "accept")[0] == 400
        Invitation.objects.update(sent_date=made)
        assert act(charlie, key, "accept")[0] == 200


class TestSending:
    def test_a_letter_tells_the_invited(self, box: Mailbox, acme: Organization, alice: User) -> None:
        told = invited(alice, "new@example.com")
        assert "link" not in told
        run_queued()
        letter = box.letters[0]
        assert (letter["To"], letter["Subject"]) == ("new@example.com", "Alice invites you to Acme")
        assert f"https://keep.example.org/invitation?key={told['key']}&proof=" in letter.get_content()

    def test_who_is_a_member_at_once_needs_none(
        self, box: Mailbox, acme: Organization, alice: User, charlie: User
    ) -> None:
        invite(alice, "charlie@example.com")
        assert run_queued() == []

    def test_none_is_sent_once_it_was_taken_back(self, box: Mailbox, acme: Organization, alice: User) -> None:
        key = invited(alice, "new@example.com")["key"]
        client_for(alice).delete(f"{URL}/{key}")
        assert [row.status for row in run_queued()] == ["finished"]
        assert box.letters == []

    def test_again_makes_it_good_for_another_week(self, box: Mailbox, acme: Organization, alice: User) -> None:
        key = invited(alice, "new@example.com")["key"]
        sent = Invitation.objects.get().sent_date
        assert sent is not None
        Invitation.objects.update(sent_date=sent - timedelta(days=8))
        assert client_for(alice).get(f"{URL}/{key}").json()["expired"] is True
        assert act(alice, key, "resend") == (204, None)
        assert client_for(alice).get(f"{URL}/{key}").json()["expired"] is False
        run_queued()
        assert len(box.letters) == 2

    def test_again_not_without_end(self, box: Mailbox, acme: Organization, alice: User) -> None:
        key = invited(alice, "new@example.com")["key"]
        assert [act(alice, key, "resend")[0] for _ in range(6)] == [204] * 5 + [429]

    def test_again_needs_mail_and_somebody_who_waits(self, acme: Organization, alice: User, charlie: User) -> None:
        code, told = act(alice, invited(alice, "new@example.com")["key"], "resend")
        assert (code, "LABELKEEP_SMTP_URL" in told) == (400, True)
        accepted = invited(alice, "charlie@example.com")["key"]
        assert act(alice, accepted, "resend") == (400, "This invitation is already accepted.")
        assert act(alice, "nothing", "resend") == (404, "This invitation does not exist.")

    def test_without_mail_the_link_is_shown_once(self, acme: Organization, alice: User) -> None:
        told = invited(alice, "new@example.com")
        assert told["link"].startswith(f"http://testserver/invitation?key={told['key']}&proof=")
        assert "link" not in client_for(alice).get(f"{URL}/{told['key']}").json()


class TestSeeing:
    @pytest.fixture
    def key(self, acme: Organization, alice: User, charlie: User, confirmed: None) -> str:
        key: str = invited(alice, "charlie@example.com")["key"]
        return key

    def test_is_for_who_invites_who_is_invited_and_who_rules(
        self, key: str, acme: Organization, alice: User, bob: User, charlie: User
    ) -> None:
        codes = {
            person.username: client_for(person).get(f"{URL}/{key}").status_code for person in (alice, bob, charlie)
        }
        assert codes == {"alice": 200, "bob": 403, "charlie": 200}
        Membership.objects.filter(user=bob).update(role="maintainer")
        assert client_for(bob).get(f"{URL}/{key}").status_code == 200
        assert client_for(bob).get(f"{URL}/unknown").status_code == 404

    def test_the_list_holds_what_one_may_see(
        self, key: str, acme: Organization, alice: User, bob: User, charlie: User
    ) -> None:
        assert [client_for(person).get(URL).json()["count"] for person in (alice, bob, charlie)] == [1, 0, 1]
        assert client_for(bob).get(f"{URL}?org=acme").json()["count"] == 0
        assert client_for(charlie).get(f"{URL}?org=acme").status_code == 403
        Membership.objects.filter(user=bob).update(role="maintainer")
        assert client_for(bob).get(f"{URL}?org=acme").json()["count"] == 1

    def test_the_list_is_narrowed_and_sorted_in_one_query_a_page(
        self, key: str, alice: User, charlie: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        other = invited(alice, "new@example.com")["key"]
        client = client_for(alice)
        keys = [row["key"] for row in client.get(URL).json()["results"]]
        assert keys == [other, key]
        assert [row["key"] for row in client.get(f"{URL}?sort=created_date").json()["results"]] == [key, other]
        assert client.get(f"{URL}?user_id={charlie.pk}").json()["results"][0]["key"] == key
        assert client.get(f"{URL}?owner=alice&accepted=false&search=ali").json()["count"] == 2
        assert client.get(f'{URL}?filter={{"!":{{"var":"accepted"}}}}').json()["count"] == 2
        for number in range(8):
            invite(alice, f"n{number}@example.com")
        with django_assert_max_num_queries(4):  # token, its use, count, page
            assert len(client.get(URL).json()["results"]) == 10


class TestTakingBack:
    def test_ends_the_membership_and_the_placeholder(self, acme: Organization, alice: User) -> None:
        key = invited(alice, "new@example.com")["key"]
        assert client_for(alice).delete(f"{URL}/{key}").status_code == 204
        assert not User.objects.filter(email="new@example.com").exists()
        assert Membership.objects.count() == 2

    def test_leaves_a_placeholder_that_another_invitation_needs(
        self, acme: Organization, alice: User, charlie: User
    ) -> None:
        organization_of(charlie, "other")
        invite(charlie, "new@example.com", query="?org=other")
        key = invited(alice, "new@example.com")["key"]
        client_for(alice).delete(f"{URL}/{key}")
        assert User.objects.filter(email="new@example.com").exists()

    def test_of_an_accepted_one_leaves_the_member(self, acme: Organization, alice: User, charlie: User) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        assert client_for(alice).delete(f"{URL}/{key}").status_code == 204
        assert Membership.objects.get(user=charlie).is_active

    def test_is_not_for_workers_strangers_or_the_invited(
        self, acme: Organization, alice: User, bob: User, charlie: User, confirmed: None
    ) -> None:
        key = invited(alice, "charlie@example.com")["key"]
        assert [client_for(person).delete(f"{URL}/{key}").status_code for person in (bob, charlie)] == [403, 403]
        assert [act(person, key, "resend")[0] for person in (bob, charlie)] == [403, 403]

    def test_placeholders_go_with_the_organization(self, acme: Organization, alice: User, charlie: User) -> None:
        invite(alice, "new@example.com")
        assert client_for(alice).delete(f"/api/organizations/{acme.pk}").status_code == 204
        assert not User.objects.filter(email="new@example.com").exists()
        assert User.objects.count() == 3

    def test_removing_the_membership_does_the_same(self, acme: Organization, alice: User) -> None:
        key = invited(alice, "new@example.com")["key"]
        pk = Invitation.objects.get(key=key).membership_id
        assert client_for(alice).delete(f"/api/memberships/{pk}").status_code == 204
        assert not User.objects.filter(email="new@example.com").exists()
