"""The server's middleware: proxies that are believed or not, compression, cookies that every client can read."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from pytest_django import Settings
from tests.support.api import Client, client_for
from tests.support.configuration import configured

from labelkeep.accounts.models import User
from labelkeep.server.middleware import CompressionMiddleware, FlagsFirst, ProxyMiddleware

PROXIED = {
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "labels.example.com",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
}


class TestProxy:
    def through(self, settings: Settings, trusted: tuple[str, ...], address: str, **headers: str) -> HttpRequest:
        configured(settings, trusted_proxies=trusted)
        seen: list[HttpRequest] = []

        def view(request: HttpRequest) -> HttpResponse:
            seen.append(request)
            return HttpResponse()

        request = RequestFactory().get("/", REMOTE_ADDR=address, **headers)
        ProxyMiddleware(view)(request)
        return seen[0]

    def test_a_trusted_one_says_scheme_host_and_client(self, settings: Settings) -> None:
        request = self.through(settings, ("10.0.0.0/8",), "10.1.2.3", **PROXIED)
        assert request.build_absolute_uri("/x") == "https://labels.example.com/x"
        assert request.META["REMOTE_ADDR"] == "203.0.113.9"
        assert request.is_secure()

    @pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",)])
    def test_a_stranger_is_not_believed(self, settings: Settings, trusted: tuple[str, ...]) -> None:
        request = self.through(settings, trusted, "198.51.100.1", **PROXIED)
        assert request.build_absolute_uri("/x") == "http://testserver/x"
        assert request.META["REMOTE_ADDR"] == "198.51.100.1"
        assert not [name for name in request.META if "FORWARDED" in name]

    @pytest.mark.parametrize("address", ["::1", "::ffff:10.1.2.3", "fd00::7"])
    def test_both_families_of_addresses_work(self, settings: Settings, address: str) -> None:
        assert self.through(settings, ("10.0.0.0/8", "::1", "fd00::/8"), address, **PROXIED).is_secure()

    def test_only_the_last_proxy_is_believed(self, settings: Settings) -> None:
        headers = {
            "HTTP_X_FORWARDED_PROTO": "http, https",
            "HTTP_X_FORWARDED_HOST": "evil.example.com, labels.example.com",
            "HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.9, 10.9.9.9",
        }
        request = self.through(settings, ("10.0.0.0/8",), "10.1.2.3", **headers)
        assert request.build_absolute_uri("/") == "https://labels.example.com/"
        assert request.META["REMOTE_ADDR"] == "203.0.113.9"

    @pytest.mark.parametrize(
        ("host", "port", "expected"),
        [
            ("labels.example.com", "8443", "https://labels.example.com:8443/"),
            ("labels.example.com", "443", "https://labels.example.com/"),
            ("labels.example.com:8443", "443", "https://labels.example.com:8443/"),
            ("labels.example.com", "x", "https://labels.example.com/"),
        ],
    )
    def test_a_port_may_be_named_apart(self, settings: Settings, host: str, port: str, expected: str) -> None:
        headers = {**PROXIED, "HTTP_X_FORWARDED_HOST": host, "HTTP_X_FORWARDED_PORT": port}
        assert self.through(settings, ("10.1.2.3",), "10.1.2.3", **headers).build_absolute_uri("/") == expected

    @pytest.mark.parametrize("scheme", ["ftp", "", "https://"])
    def test_nonsense_changes_nothing(self, settings: Settings, scheme: str) -> None:
        headers = {"HTTP_X_FORWARDED_PROTO": scheme, "HTTP_X_FORWARDED_FOR": "unknown"}
        request = self.through(settings, ("10.1.2.3",), "10.1.2.3", **headers)
        assert request.scheme == "http"

    def test_a_host_that_is_not_allowed_stays_out(self, db: None, settings: Settings) -> None:
        settings.ALLOWED_HOSTS = ["labels.example.com"]
        assert Client().get("/api/server/about", HTTP_HOST="labels.example.com").status_code == 200
        answer = client_for().get("/api/nonsense", HTTP_HOST="evil.example.com")
        assert answer.status_code in (400, 404)


class TestCompression:
    LONG = b'{"a": "' + b"x" * 2000 + b'"}'

    def through(
        self, view: Callable[[], HttpResponseBase], path: str = "/api/x", accept: str = "gzip"
    ) -> HttpResponseBase:
        request = RequestFactory().get(path, HTTP_ACCEPT_ENCODING=accept)
        return CompressionMiddleware(lambda _: view())(request)

    def json(self, **headers: str) -> HttpResponse:
        return HttpResponse(self.LONG, content_type="application/vnd.cvat+json", headers=headers)

    def test_json_is_shrunk_for_who_asks(self) -> None:
        answer = self.through(self.json)
        assert isinstance(answer, HttpResponse)
        assert answer["Content-Encoding"] == "gzip"
        assert answer["Vary"] == "Accept-Encoding"
        assert int(answer["Content-Length"]) == len(answer.content) < 200
        assert gzip.decompress(answer.content) == self.LONG

    @pytest.mark.parametrize("accept", ["", "identity", "br", "gzip;q=0"])
    def test_not_for_who_does_not(self, accept: str) -> None:
        answer = self.through(self.json, accept=accept)
        assert "Content-Encoding" not in answer
        assert answer["Vary"] == "Accept-Encoding"

    def test_a_stream_is_shrunk_as_it_comes(self) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(100):
                yield self.LONG

        answer = self.through(lambda: StreamingHttpResponse(pieces(), content_type="application/json"))
        assert isinstance(answer, StreamingHttpResponse)
        shrunk = b"".join(answer)
        assert gzip.decompress(shrunk) == self.LONG * 100
        assert len(shrunk) < 10_000

    @pytest.mark.parametrize("kind", ["application/zip", "image/jpeg", "application/octet-stream", "video/mp4"])
    def test_media_never_are(self, kind: str) -> None:
        answer = self.through(lambda: HttpResponse(self.LONG, content_type=kind))
        assert "Content-Encoding" not in answer

    @pytest.mark.parametrize("name", ["Content-Disposition", "Content-Range", "ETag", "Accept-Ranges"])
    def test_files_never_are_whatever_their_type(self, name: str) -> None:
        assert "Content-Encoding" not in self.through(lambda: self.json(**{name: "x"}))

    def test_short_answers_and_secrets_are_left_alone(self) -> None:
        assert "Content-Encoding" not in self.through(lambda: HttpResponse(b"{}", content_type="application/json"))
        assert "Content-Encoding" not in self.through(self.json, path="/api/auth/login")

    def test_a_list_comes_compressed_through_the_whole_server(self, alice: User) -> None:
        User.objects.bulk_create(User(username=f"u{n}", email=f"u{n}@example.com", password="!") for n in range(50))
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        answer = client_for(alice).get("/api/users?page_size=all", HTTP_ACCEPT_ENCODING="gzip, deflate")
        assert answer["Content-Encoding"] == "gzip"
        assert b'"count":51' in gzip.decompress(answer.content)


class TestCookies:
    def test_over_tls_they_are_secure(self, alice: User) -> None:
        sent = {"username": "alice", "password": "correct horse battery"}
        answer = Client().post("/api/auth/login", sent, secure=True)
        assert all(cookie["secure"] for cookie in answer.cookies.values())
        answer = Client().post("/api/auth/login", sent)
        assert not any(cookie["secure"] for cookie in answer.cookies.values())

    def test_all_are_read_by_a_client_that_joins_them_with_commas(self, alice: User) -> None:
        sent = {"username": "alice", "password": "correct horse battery"}
        answer = Client().post("/api/auth/login", sent, secure=True)
        headers = [cookie.OutputString() for cookie in answer.cookies.values()]
        for order in (headers, headers[::-1]):
            assert set(SimpleCookie(", ".join(order))) == {"sessionid", "csrftoken"}

    def test_flags_stand_before_what_has_a_value(self) -> None:
        cookie = FlagsFirst()
        cookie.set("name", "value", "value")
        cookie.update({"secure": True, "httponly": True, "path": "/", "samesite": "Lax"})
        assert cookie.OutputString() == "name=value; HttpOnly; Secure; Path=/; SameSite=Lax"
