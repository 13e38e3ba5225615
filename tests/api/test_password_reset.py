"""A forgotten password: the letter, its link, and that nothing tells who has an account here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.tokens import default_token_generator
from pytest_django import Settings
from tests.support.api import Client, client_for
from tests.support.configuration import configured
from tests.support.mail import Mailbox, mailbox, nobody_listens

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued

NEW = "a new one 123"
SENT = (200, {"detail": "Password reset e-mail has been sent."})


@pytest.fixture
def box(settings: Settings) -> Iterator[Mailbox]:
    with mailbox() as box:
        configured(settings, smtp_url=box.url, public_url="https://keep.example.org")
        yield box


def ask(email: str, **headers: str) -> tuple[int, object]:
    answer = Client().post("/api/auth/password/reset", {"email": email}, **headers)
    return answer.status_code, answer.json()


def proof(box: Mailbox) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(box.link()).query).items()}


def confirm(sent: dict[str, str], new: str = NEW, again: str = NEW) -> tuple[int, object]:
    answer = Client().post("/api/auth/password/reset/confirm", {**sent, "new_password1": new, "new_password2": again})
    return answer.status_code, answer.json()


def login(password: str, name: str = "alice") -> int:
    code: int = Client().post("/api/auth/login", {"username": name, "password": password}).status_code
    return code


class TestTheLetter:
    def test_comes_after_the_answer_and_leads_to_a_new_password(self, box: Mailbox, alice: User) -> None:
        key, there = client_for(alice), Client()
        there.post("/api/auth/login", {"username": "alice", "password": "correct horse battery"})
        assert ask("ALICE@example.com") == SENT
        assert box.letters == []
        run_queued()
        assert box.letters[0]["To"] == "alice@example.com"
        assert "https://keep.example.org/password/reset?uid=" in box.letters[0].get_content()
        assert confirm(proof(box)) == (200, {"detail": "Password has been reset with the new password."})
        assert (login(NEW), login("correct horse battery")) == (200, 400)
        assert key.get("/api/users/self").status_code == 401
        assert there.get("/api/users/self").status_code == 401

    def test_goes_to_nobody_else_and_the_answer_is_the_same(self, box: Mailbox, alice: User, bob: User) -> None:
        User.objects.filter(pk=bob.pk).update(is_active=False)
        known = ask("alice@example.com")
        assert [known, ask("nobody@example.com"), ask("bob@example.com"), ask("nonsense")] == [SENT] * 4
        made = [(row.kind, sorted(row.params), row.owner) for row in Operation.objects.all()]
        assert made == [("mail:password-reset", ["address", "user"], None)] * 4
        run_queued()
        assert [letter["To"] for letter in box.letters] == ["alice@example.com"]

    def test_is_in_no_list_of_requests_and_its_token_in_no_row(self, box: Mailbox, alice: User) -> None:
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        ask("alice@example.com")
        run_queued()
        assert client_for(alice).get("/api/requests").json()["count"] == 0
        row = Operation.objects.values().get()
        assert client_for(alice).get(f"/api/requests/{row['key']}").status_code == 404
        assert proof(box)["token"] not in repr(row)

    def test_is_tried_again_when_the_mail_server_is_down(self, box: Mailbox, alice: User, settings: Settings) -> None:
        configured(settings, smtp_url=nobody_listens())
        ask("alice@example.com")
        run_queued()
        row = Operation.objects.get()
        assert (row.status, row.attempts) == ("queued", 1)
        configured(settings, smtp_url=box.url)
        run_queued(clock.now() + timedelta(minutes=1))
        row.refresh_from_db()
        assert (row.status, len(box.letters)) == ("finished", 1)

    def test_is_given_up_when_the_address_is_refused_and_the_log_says_so(
        self, alice: User, settings: Settings, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with mailbox(answer="550 No such user") as box:
            configured(settings, smtp_url=box.url, public_url="https://keep.example.org")
            ask("alice@example.com")
            run_queued()
        row = Operation.objects.get()
        assert (row.status, "550 No such user" in row.message) == ("failed", True)
        logged = capsys.readouterr().err
        assert '"event": "mail.failed"' in logged
        assert "550 No such user" in logged

    def test_does_not_fill_a_mailbox(self, box: Mailbox, alice: User) -> None:
        assert [ask("alice@example.com")[0] for _ in range(6)] == [200] * 5 + [429]
        assert [ask("nobody@example.com")[0] for _ in range(6)] == [200] * 5 + [429]


class TestWhereLinksLead:
    """The address of a request is what its sender says; a letter must not repeat that to somebody else."""

    def test_the_public_address_wins(self, box: Mailbox, alice: User) -> None:
        ask("alice@example.com", HTTP_HOST="evil.example")
        run_queued()
        assert "evil.example" not in box.letters[0].get_content()

    @pytest.mark.parametrize(("host", "code"), [("evil.example", 404), ("localhost:8080", 200), ("127.0.0.1", 200)])
    def test_without_one_only_this_machine_is_believed(
        self, box: Mailbox, alice: User, settings: Settings, host: str, code: int
    ) -> None:
        configured(settings, public_url="")
        status, told = ask("alice@example.com", HTTP_HOST=host)
        assert status == code
        assert code == 200 or "LABELKEEP_PUBLIC_URL" in str(told)

    def test_hosts_that_the_operator_names_are_believed(self, box: Mailbox, alice: User, settings: Settings) -> None:
        configured(settings, public_url="", allowed_hosts=("keep.example.org",))
        settings.ALLOWED_HOSTS = ["keep.example.org"]
        assert ask("alice@example.com", HTTP_HOST="keep.example.org") == SENT
        run_queued()
        assert "http://keep.example.org/password/reset" in box.letters[0].get_content()


class TestTheLink:
    @pytest.fixture
    def link(self, box: Mailbox, alice: User) -> dict[str, str]:
        ask("alice@example.com")
        run_queued()
        return proof(box)

    def test_works_once(self, link: dict[str, str]) -> None:
        assert confirm(link)[0] == 200
        assert confirm(link, "yet another 1", "yet another 1") == (400, {"token": ["Invalid value"]})

    def test_says_what_is_wrong_with_the_password_and_works_afterwards(self, link: dict[str, str]) -> None:
        assert confirm(link, again="other") == (400, {"new_password2": ["The two password fields didn’t match."]})
        assert confirm(link, "password", "password") == (400, {"new_password2": ["This password is too common."]})
        assert confirm(link)[0] == 200

    @pytest.mark.parametrize("change", [{"uid": "OTk5"}, {"uid": "%"}, {"uid": ""}, {"token": "a-b"}, {"token": ""}])
    def test_cannot_be_made_up(self, link: dict[str, str], change: dict[str, str]) -> None:
        assert confirm({**link, **change}) == (400, {"token": ["Invalid value"]})

    def test_is_of_one_user(self, link: dict[str, str], bob: User, box: Mailbox) -> None:
        ask("bob@example.com")
        run_queued()
        assert confirm({**link, "uid": proof(box)["uid"]})[0] == 400

    def test_is_good_for_a_day(self, alice: User, link: dict[str, str]) -> None:
        seconds = default_token_generator._num_seconds(default_token_generator._now())  # type: ignore[attr-defined]
        make = default_token_generator._make_token_with_timestamp  # type: ignore[attr-defined]
        old = make(alice, seconds - 86_400 - 60, default_token_generator.secret)
        fresh = make(alice, seconds - 86_400 + 60, default_token_generator.secret)
        assert confirm({**link, "token": old})[0] == 400
        assert confirm({**link, "token": fresh})[0] == 200

    def test_ends_with_the_account(self, link: dict[str, str]) -> None:
        User.objects.update(is_active=False)
        assert confirm(link)[0] == 400

    def test_false_ones_are_tried_slowly(self, link: dict[str, str]) -> None:
        assert {confirm({**link, "token": f"a-{number}"})[0] for number in range(99)} == {400}  # asking was one
        assert confirm(link)[0] == 429
