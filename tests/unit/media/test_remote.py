"""Fetching files from other servers: real ones on loopback, which behave or do not."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import trustme
from tests.support.hosts import Host, Says, answers, breaks_off, drips, falls_silent, host, sends

from labelkeep.errors import BadInput, Cancelled, LabelkeepError, TooLarge, Unavailable
from labelkeep.media import remote
from labelkeep.media.guard import Guard, parse
from labelkeep.media.remote import Limits

LOOPBACK = Guard.of(["127.0.0.0/8"])
LIMITS = Limits(most=2**20, silence=5, answer=5, grace=5)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Set when the test is over, so that no server hangs."""
    event = threading.Event()
    yield event
    event.set()


def fetched(url: str, guard: Guard = LOOPBACK, limits: Limits = LIMITS) -> bytes:
    target = io.BytesIO()
    size = remote.fetch(parse(url), target, guard=guard, limits=limits, most=limits.most, tick=lambda *_: None)
    assert size == len(target.getvalue())
    return target.getvalue()


def refused(says: Says, kind: type[LabelkeepError], limits: Limits = LIMITS) -> str:
    """What is said of a host that does this; always with the address, never with its secrets."""
    with host({"/a.png?key=s3cret": says}) as there:
        with pytest.raises(kind) as caught:
            fetched(there.url("/a.png?key=s3cret", login="ann:hunter2"), limits=limits)
        assert there.url("/a.png") in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("counted", [True, False])
def test_a_file_comes_whole(counted: bool) -> None:
    data = bytes(range(256)) * 3000
    with host({"/a.png?v=1": sends(data, counted=counted)}) as there:
        assert fetched(there.url("/a.png?v=1")) == data
        (_, headers), *others = there.asked
    assert others == []
    assert headers["Host"] == f"127.0.0.1:{there.port}"
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers


def test_progress_is_told_and_may_stop_it() -> None:
    told: list[tuple[int, int | None]] = []

    def tick(received: int, length: int | None) -> None:
        told.append((received, length))
        raise Cancelled("enough")

    with host({"/a.png": sends(b"x" * 1000)}) as there, pytest.raises(Cancelled):
        remote.fetch(parse(there.url("/a.png")), io.BytesIO(), guard=LOOPBACK, limits=LIMITS, most=9999, tick=tick)
    assert [length for _, length in told] == [1000]


def test_a_full_disk_is_not_blamed_on_the_host() -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(28, "No space left on device")

    with host({"/a.png": sends(b"x" * 1000)}) as there, pytest.raises(OSError, match="No space left"):
        remote.fetch(parse(there.url("/a.png")), Full(), guard=LOOPBACK, limits=LIMITS, most=9999, tick=lambda *_: None)


class TestGuarded:
    def test_a_private_address_is_not_even_connected_to(self) -> None:
        with host({"/a.png": sends(b"secret")}) as there:
            with pytest.raises(BadInput, match="LABELKEEP_ALLOW_PRIVATE_ADDRESSES"):
                fetched(there.url("/a.png"), Guard())
            assert there.asked == []

    def test_a_name_is_resolved_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A name that means a permitted address when judged, and a private one a moment later."""
        answers_of_dns = ["127.0.0.1", "10.0.0.1"]
        asked: list[str] = []

        def resolve(name: str, port: int, *_: object, **__: object) -> list[object]:
            asked.append(name)
            where = name if name[0].isdigit() else answers_of_dns.pop(0)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with host({"/a.png": sends(b"once")}) as there:
            assert fetched(there.url("/a.png", name="rebinding.example")) == b"once"
            assert there.asked[0][1]["Host"] == f"rebinding.example:{there.port}"
        assert asked.count("rebinding.example") == 1

    def test_a_redirect_is_followed_and_the_login_stays_at_home(self) -> None:
        with host({"/b.png": sends(b"moved")}) as new:
            paths = {
                "/a.png": answers(302, Location="/c.png?x=1"),
                "/c.png?x=1": answers(307, Location=new.url("/b.png")),
            }
            with host(paths) as old:
                assert fetched(old.url("/a.png", login="ann:hunter2")) == b"moved"
        assert old.asked[0][1]["Authorization"].startswith("Basic ")
        assert "Authorization" not in new.asked[0][1]

    def test_a_redirect_to_a_private_address_is_refused(self) -> None:
        """127.0.0.1 is permitted here, 127.0.0.2 is not: what a redirect leads to is judged anew."""
        first_only = Guard.of(["127.0.0.1/32"])
        with host({}) as there:
            inside = there.url("/b.png", name="127.0.0.2")
            with host({"/a.png": answers(301, Location=inside)}) as old, pytest.raises(BadInput, match=r"127\.0\.0\.2"):
                fetched(old.url("/a.png"), first_only)
            assert there.asked == []

    @pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://example.com/a", "http://[", ""])
    def test_a_redirect_to_nothing_that_can_be_fetched_is_refused(self, location: str) -> None:
        expected = "more than 5 times" if location == "" else r"leads to what is not an http\(s\) address"
        with host({"/a.png": answers(302, Location=location)}) as there, pytest.raises(BadInput, match=expected):
            fetched(there.url("/a.png"))

    def test_redirects_end(self) -> None:
        with host({"/a.png": answers(302, Location="/a.png")}) as there:
            with pytest.raises(BadInput, match="more than 5 times"):
                fetched(there.url("/a.png"))
            assert len(there.asked) == 6


class TestMisbehaving:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206, 304])
    def test_what_is_not_there_is_refused_for_good(self, status: int) -> None:
        assert str(status) in refused(answers(status), BadInput)

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_what_may_pass_is_tried_again_by_the_operation(self, status: int) -> None:
        assert str(status) in refused(answers(status), Unavailable)

    @pytest.mark.parametrize("counted", [True, False])
    def test_a_connection_that_breaks_off_is_noticed(self, counted: bool) -> None:
        assert "broke off" in refused(breaks_off(b"x" * 100, 1000, counted=counted), Unavailable)

    def test_a_host_that_nobody_listens_on_may_listen_later(self) -> None:
        with host({}) as there:
            gone = there.url("/a.png")
        with pytest.raises(Unavailable, match="cannot be connected to"):
            fetched(gone)

    def test_nonsense_instead_of_an_answer_is_refused(self) -> None:
        def nonsense(request: BaseHTTPRequestHandler) -> None:
            request.wfile.write(b"\0\1\2 nonsense\r\n\r\n")

        assert "broke off" in refused(nonsense, Unavailable)

    def test_more_than_may_come_is_refused_before_it_comes(self) -> None:
        told = refused(breaks_off(b"", 2**20 + 1), TooLarge)
        assert str(2**20) in told

    def test_more_than_may_come_is_refused_where_nobody_said_how_much(self) -> None:
        refused(sends(b"x" * 5000, counted=False), TooLarge, replace(LIMITS, most=4999))

    def test_packed_bytes_are_refused(self) -> None:
        """A small answer could unpack to a large one."""
        assert "packs" in refused(sends(b"x", packed="gzip"), BadInput)

    def test_headers_that_never_end_are_waited_for_no_longer_than_allowed(self, over: threading.Event) -> None:
        says = drips(b"HTTP/1.1 200 OK\r\n", b"X", over)
        assert "in time" in refused(says, Unavailable, replace(LIMITS, answer=0.2))

    def test_a_body_that_drips_is_given_up(self, over: threading.Event) -> None:
        assert "too slowly" in refused(drips(HEAD, b"x", over), Unavailable, replace(LIMITS, grace=0.2, slowest=10**6))

    @pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200", HEAD, HEAD + b"x"])
    def test_silence_is_given_up(self, begin: bytes, over: threading.Event) -> None:
        assert "in time" in refused(falls_silent(begin, over), Unavailable, replace(LIMITS, silence=0.1))


class TestEncrypted:
    @pytest.fixture
    def there(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
        """A server whose certificate is for media.example alone, and the authority that vouches for it."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / "authority.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("media.example").configure_cert(context)
        with host({"/a.png": sends(b"sealed")}, tls=context) as there:
            yield there

    @pytest.fixture(autouse=True)
    def names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
        real = socket.getaddrinfo

        def resolve(name: str, port: int, *others: object, **more: object) -> object:
            return there if name.endswith(".example") else real(name, port, *others, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)

    def test_the_certificate_is_for_the_name_although_an_address_is_connected_to(self, there: Host) -> None:
        assert fetched(there.url("/a.png", name="media.example")) == b"sealed"

    @pytest.mark.parametrize("name", ["other.example", "127.0.0.1"])
    def test_a_certificate_for_another_name_is_refused(self, there: Host, name: str) -> None:
        with pytest.raises(Unavailable, match="certificate"):
            fetched(there.url("/a.png", name=name))

    def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, there: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(Unavailable, match="certificate"):
            fetched(there.url("/a.png", name="media.example"))
        assert there.asked == []


def test_files_are_staged_one_after_the_other(tmp_path: Path) -> None:
    told: list[tuple[int, float]] = []
    with host({f"/{name}": sends(name.encode() * 10) for name in ("b.png", "a.png")}) as there:
        urls = [there.url("/b.png"), there.url("/a.png")]
        seen = []
        for file in remote.of_remote(urls, LOOPBACK, LIMITS, tmp_path, lambda done, share: told.append((done, share))):
            with file.open() as content:
                seen.append((file.path, file.size, content.read()))
            assert len(list(tmp_path.iterdir())) == 1
    assert seen == [("b.png", 50, b"b.png" * 10), ("a.png", 50, b"a.png" * 10)]
    assert told == [(0, 1.0), (1, 1.0)]
    assert list(tmp_path.iterdir()) == []


def test_files_are_bounded_together(tmp_path: Path) -> None:
    with host({"/a.png": sends(b"x" * 60), "/b.png": sends(b"x" * 60)}) as there:
        urls = [there.url("/a.png"), there.url("/b.png")]
        with pytest.raises(TooLarge, match=r"/b\.png"):
            list(remote.of_remote(urls, LOOPBACK, replace(LIMITS, most=100), tmp_path, lambda *_: None))
