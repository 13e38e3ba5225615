"""What every route shares: negotiation, bodies, errors, pages, the organization context, ids of requests."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from django.test import Client as DjangoClient
from pytest_django import DjangoAssertNumQueries
from tests.support.api import Client, client_for, organization_of

from labelkeep.accounts.models import Organization, User
from labelkeep.api.bodies import decode
from labelkeep.errors import BadInput


class TestNegotiation:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            ("application/vnd.cvat+json", "application/vnd.cvat+json"),
            ("application/vnd.cvat+json; version=2.0", "application/vnd.cvat+json"),
            ("application/vnd.cvat+json;version=2.0, */*;q=0.1", "application/vnd.cvat+json"),
            ("application/json", "application/json"),
            ("application/json, text/plain, */*", "application/json"),
            ("*/*", "application/vnd.cvat+json"),
            ("", "application/vnd.cvat+json"),
            ("text/html,application/xhtml+xml", "application/vnd.cvat+json"),
        ],
    )
    def test_answers_in_the_type_that_is_asked_for(self, db: None, accept: str, kind: str) -> None:
        assert Client().get("/api/server/about", HTTP_ACCEPT=accept)["Content-Type"] == kind

    def test_no_accept_at_all_is_fine(self, db: None) -> None:
        assert Client().get("/api/server/about")["Content-Type"] == "application/vnd.cvat+json"

    def test_scheme_picks_the_renderer_and_format_does_not(self, db: None) -> None:
        assert Client().get("/api/server/about?scheme=json")["Content-Type"] == "application/json"
        assert Client().get("/api/server/about?format=json")["Content-Type"] == "application/vnd.cvat+json"
        assert Client().get("/api/server/about?scheme=xml").status_code == 404


class TestBodies:
    def post(self, user: User, body: bytes | str, kind: str = "application/json") -> tuple[int, Any]:
        answer = client_for(user).generic("POST", "/api/organizations", body, content_type=kind)
        return answer.status_code, answer.json()

    def test_empty_json_is_no_data(self, alice: User) -> None:
        assert self.post(alice, "") == (400, {"slug": ["This field is required."]})

    def test_malformed_json_is_told(self, alice: User) -> None:
        status, told = self.post(alice, '{"slug":')
        assert status == 400
        assert told["detail"].startswith("JSON parse error - ")

    @pytest.mark.parametrize("body", ["NaN", '{"slug": NaN}', "\xff", '{"slug": "\\ud800"}', "[" * 5000])
    def test_what_json_does_not_know_is_malformed(self, alice: User, body: str) -> None:
        assert self.post(alice, body.encode("latin-1"))[0] == 400

    def test_another_type_is_415(self, alice: User) -> None:
        status, told = self.post(alice, "slug=acme", "application/x-www-form-urlencoded")
        assert (status, told["detail"][:23]) == (415, "Unsupported media type ")

    def test_a_list_is_no_object(self, alice: User) -> None:
        status, told = self.post(alice, "[]")
        assert (status, told) == (
            400,
            {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]},
        )

    def test_too_large_a_body_is_413(self, alice: User) -> None:
        assert self.post(alice, b" " * (16 * 2**20 + 1))[0] == 413

    def test_body_without_length_is_not_taken_for_an_empty_one(self, alice: User) -> None:
        answer = client_for(alice).post("/api/organizations", HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
        assert answer.status_code == 411


class TestDecode:
    """Field errors in REST framework's words."""

    class Inner(msgspec.Struct):
        id: int

    class Outer(msgspec.Struct):
        name: str
        inner: list[TestDecode.Inner] = []
        ratio: float | None = None
        done: bool = False

    @pytest.mark.parametrize(
        ("sent", "told"),
        [
            ({}, {"name": ["This field is required."]}),
            ({"name": None}, {"name": ["This field may not be null."]}),
            ({"name": []}, {"name": ["Not a valid string."]}),
            ({"name": "a", "inner": {}}, {"inner": ['Expected a list of items but got type "object".']}),
            ({"name": "a", "inner": [{}]}, {"inner": {"0": {"id": ["This field is required."]}}}),
            ({"name": "a", "inner": [{"id": "x"}]}, {"inner": {"0": {"id": ["A valid integer is required."]}}}),
            ({"name": "a", "ratio": []}, {"ratio": ["A valid number is required."]}),
            ({"name": "a", "done": "perhaps"}, {"done": ["Must be a valid boolean."]}),
        ],
    )
    def test_says_what_is_wrong_where(self, sent: dict[str, Any], told: dict[str, Any]) -> None:
        with pytest.raises(BadInput) as caught:
            decode(sent, self.Outer)
        assert caught.value.detail == told

    def test_takes_numbers_as_text_and_ignores_what_it_does_not_know(self) -> None:
        found = decode({"name": "a", "inner": [{"id": "7"}], "done": "true", "colour": 1}, self.Outer)
        assert (found.inner[0].id, found.done) == (7, True)


class TestErrors:
    def test_unknown_id_names_the_model(self, alice: User) -> None:
        answer = client_for(alice).get("/api/users/999999")
        assert (answer.status_code, answer.json()) == (404, {"detail": "No User matches the given query."})

    def test_unknown_path_is_json_too(self, db: None) -> None:
        answer = Client().get("/api/nonsense")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})

    def test_method_that_is_not_there_is_405(self, alice: User) -> None:
        answer = client_for(alice).put("/api/users/self", {})
        assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "PUT" not allowed.'})

    def test_unexpected_failure_tells_no_secret(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        from labelkeep.api import users

        def broken(actor: object) -> None:
            raise RuntimeError("the secret is 42")

        monkeypatch.setattr(users, "users_visible", broken)
        unchecked = DjangoClient()  # ours would complain: no document tells of this status
        unchecked.force_login(alice)
        answer = unchecked.get("/api/users")
        assert answer.status_code == 500
        assert b"42" not in answer.content
        assert b"Traceback" not in answer.content


class TestPages:
    @pytest.fixture
    def admin(self, alice: User) -> Client:
        User.objects.bulk_create(
            User(username=f"user{number:02}", email=f"u{number}@example.com", password="!") for number in range(24)
        )
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        return client_for(alice)

    def test_envelope_and_absolute_links(self, admin: Client) -> None:
        page = admin.get("/api/users?search=user&sort=username&page=2").json()
        assert page["count"] == 24
        assert len(page["results"]) == 10
        assert page["results"][0]["username"] == "user10"
        following = urlsplit(page["next"])
        assert (following.scheme, following.netloc, following.path) == ("http", "testserver", "/api/users")
        assert parse_qs(following.query) == {"search": ["user"], "sort": ["username"], "page": ["3"]}
        assert "page=1" in page["previous"]

    def test_last_page_has_no_next(self, admin: Client) -> None:
        assert admin.get("/api/users?search=user&page=3").json()["next"] is None

    def test_all_are_one_page(self, admin: Client) -> None:
        page = admin.get("/api/users?page_size=all").json()
        assert (page["count"], len(page["results"]), page["next"], page["previous"]) == (25, 25, None, None)

    @pytest.mark.parametrize("size", ["0", "-1", "x", "9" * 30])
    def test_size_that_is_none_means_ten(self, admin: Client, size: str) -> None:
        assert len(admin.get(f"/api/users?page_size={size}").json()["results"]) == 10

    @pytest.mark.parametrize("page", ["0", "4", "-1", "x", "9" * 30])
    def test_page_that_is_not_there(self, admin: Client, page: str) -> None:
        answer = admin.get(f"/api/users?page={page}&search=user")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})

    def test_first_page_of_nothing_is_there(self, admin: Client) -> None:
        page = admin.get("/api/users?search=nobody").json()
        assert page == {"count": 0, "next": None, "previous": None, "results": []}

    def test_no_query_a_row(self, admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_max_num_queries(4):  # token, its last use, count, rows
            admin.get("/api/users?page_size=all")

    def test_bad_filter_is_a_list_of_one_sentence(self, admin: Client) -> None:
        answer = admin.get("/api/users", {"filter": '{"==":[{"var":"password"},"x"]}'})
        assert (answer.status_code, answer.json()) == (400, ["filter: term 'password' is not supported"])


class TestOrganizationContext:
    @pytest.fixture
    def acme(self, alice: User, bob: User) -> Organization:
        return organization_of(alice, worker=bob)

    def seen(self, user: User, query: str = "", **headers: str) -> tuple[int, Any]:
        answer = client_for(user).get(f"/api/memberships?sort=id&{query}", **headers)
        told = answer.json()
        return answer.status_code, [m["user"]["username"] for m in told["results"]] if "results" in told else told

    def test_header_slug_and_number_name_the_same(self, acme: Organization, bob: User) -> None:
        expected = (200, ["alice", "bob"])
        assert self.seen(bob, HTTP_X_ORGANIZATION="acme") == expected
        assert self.seen(bob, "org=acme") == expected
        assert self.seen(bob, f"org_id={acme.pk}") == expected
        assert self.seen(bob, "org=acme", HTTP_X_ORGANIZATION="acme") == expected

    def test_two_ways_at_once_contradict(self, acme: Organization, bob: User) -> None:
        status, told = self.seen(bob, f"org_id={acme.pk}&org=acme")
        assert status == 400
        assert told[0].startswith('You cannot specify "org_id" query parameter with "org"')
        assert self.seen(bob, f"org_id={acme.pk}", HTTP_X_ORGANIZATION="")[0] == 400
        assert self.seen(bob, "org=acme", HTTP_X_ORGANIZATION="other")[0] == 400

    def test_unknown_one_is_404_and_a_strange_one_403(self, acme: Organization, charlie: User) -> None:
        assert self.seen(charlie, "org=nope") == (404, {"detail": "nope organization does not exist."})
        assert self.seen(charlie, "org_id=999999")[0] == 404
        assert self.seen(charlie, "org_id=x")[0] == 400
        assert self.seen(charlie, "org=acme")[0] == 403

    def test_empty_name_is_the_sandbox(self, acme: Organization, bob: User) -> None:
        assert self.seen(bob, "org=") == (200, ["bob"])
        assert self.seen(bob, HTTP_X_ORGANIZATION="") == (200, ["bob"])


class TestEveryAnswer:
    def test_has_an_id(self, db: None) -> None:
        one, other = (Client().get("/api/server/about")["X-Request-Id"] for _ in range(2))
        assert re.fullmatch(r"[0-9a-f-]{36}", one)
        assert one != other
        assert Client().get("/api/server/about", HTTP_X_REQUEST_ID="trace-7")["X-Request-Id"] == "trace-7"
        assert Client().get("/api/server/about", HTTP_X_REQUEST_ID="a b\x01")["X-Request-Id"] != "a b\x01"

    @pytest.mark.parametrize("path", ["/api/server/about", "/api/server/about/", "/api/users", "/api/users/"])
    def test_is_the_same_with_a_slash_at_the_end(self, alice: User, path: str) -> None:
        assert client_for(alice).get(path).status_code == 200

    def test_says_how_long_it_is(self, alice: User) -> None:
        answer = client_for(alice).get("/api/users/self")
        assert int(answer["Content-Length"]) == len(answer.content)

    def test_keeps_browsers_safe(self, db: None) -> None:
        answer = Client().get("/api/server/about")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-cache"
