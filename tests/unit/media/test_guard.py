"""Which addresses a server may be made to fetch from, and what is said of those it may not."""

from __future__ import annotations

import socket

import pytest

from labelkeep.errors import BadInput, Unavailable
from labelkeep.media import guard
from labelkeep.media.guard import Guard, parse

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # where clouds keep the credentials of their machines
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo for 127.0.0.1
]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_the_worlds_are_refused(address: str) -> None:
    assert not Guard().permits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_world_are_permitted(address: str) -> None:
    assert Guard().permits(address)


def test_the_operator_may_name_private_networks() -> None:
    named = Guard.of(["10.0.0.0/8", "fd00::/8"])
    assert named.permits("10.1.2.3")
    assert named.permits("::ffff:10.1.2.3")
    assert named.permits("fd00::1")
    assert not named.permits("192.168.0.1")
    assert not named.permits("::1")


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "localhost"])
def test_a_host_is_judged_by_what_it_resolves_to(host: str) -> None:
    with pytest.raises(BadInput, match="private"):
        Guard().resolve(parse(f"http://{host}/a.png"))


def test_a_host_that_has_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(BadInput, match="private"):
        Guard().resolve(parse("http://two.example/a.png"))


def test_an_unknown_host_may_be_known_later() -> None:
    with pytest.raises(Unavailable, match="not known"):
        Guard().resolve(parse("http://nowhere.invalid/a.png"))


def test_secrets_of_an_address_are_never_shown() -> None:
    address = parse("https://ann:hunter2@Example.COM:8443/folder/a%20b.png?X-Signature=s3cret#part")
    assert str(address) == "https://example.com:8443/folder/a%20b.png"
    assert (address.host, address.port, address.name) == ("example.com", 8443, "a b.png")
    assert address.target == "/folder/a%20b.png?X-Signature=s3cret"
    assert address.authorization == "Basic YW5uOmh1bnRlcjI="


def test_names_and_paths_are_spelt_as_the_wire_wants_them() -> None:
    address = parse("http://bücher.example/größe 1.png?q=ä")
    assert address.host == "xn--bcher-kva.example"
    assert address.target == "/gr%C3%B6%C3%9Fe%201.png?q=%C3%A4"
    assert address.name == "größe 1.png"
    assert parse("http://[2606:4700::1]/a.png").origin == "[2606:4700::1]"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.png",
        "ftp://example.com/a.png",
        "file:///etc/passwd",
        "http:///a.png",
        "http://example.com:99999/a.png",
        "http://[::1/a.png",
        "http://ann:hunter2@exa mple..com/a.png",
        "javascript:alert(1)",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        guard.check([url])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://example.com/folder/", "http://e.com/..", "http://e.com/%00", "http://e.com/a%0a"],
)
def test_an_address_must_end_with_a_name_that_a_file_may_have(url: str) -> None:
    with pytest.raises(BadInput):
        guard.check([url])


def test_two_files_of_the_same_name_are_refused() -> None:
    with pytest.raises(BadInput, match=r"same file name: a\.png"):
        guard.check(["http://one.example/a.png", "http://two.example/a.png?x=1"])


def test_an_address_may_be_long_but_not_endless() -> None:
    guard.check(["http://example.com/a.png?" + "x" * 4000])
    with pytest.raises(BadInput, match="longer"):
        guard.check(["http://example.com/a.png?" + "x" * 9000])
