"""Which addresses this server may fetch from: the world's, and of private ones those that the operator has named.

Whoever can make a task can have this server ask any address for a file. Without a guard they would read what only
machines inside the operator's network are meant to see. So a name is resolved once, every address that it has is
judged, and a judged address is what gets connected to: what the name means a moment later does not matter.
"""

from __future__ import annotations

import base64
import posixpath
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, unquote, urlsplit

from labelkeep.errors import BadInput, Unavailable
from labelkeep.media import tree

_PORTS = {"http": 80, "https": 443}
_LONGEST = 8192
_SAFE = "/%:@!$&'()*+,;=~-._?"
_TRANSLATED = ip_network("64:ff9b::/96")  # IPv4 behind a NAT64 gateway
_PROTOCOLS = ip_network("192.0.0.0/24")  # for protocols of their own; some versions of Python call a few of them global


@dataclass(frozen=True)
class Address:
    """An http(s) address, taken apart. Shown without user, password and query: these are where secrets stand."""

    scheme: str
    host: str  # as DNS and certificates spell it
    port: int
    path: str
    query: str = ""
    authorization: str = ""

    @property
    def origin(self) -> str:
        """What the Host header says: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def target(self) -> str:
        """What is asked of the host."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def name(self) -> str:
        """The name of the file that lies there.

        Raises:
            BadInput: the path ends without one, or with one that no file may have.
        """
        name = posixpath.basename(unquote(self.path))
        if not name:
            raise BadInput(f"{self} does not end with the name of a file")
        return tree.checked(name)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.origin}{self.path}"


def parse(url: str) -> Address:
    """Take an address apart.

    Raises:
        BadInput: it is none, or not http(s). The message does not repeat it: it may hold a password.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS[parts.scheme]
        host = _host(parts.hostname or "")
    except (ValueError, KeyError) as error:
        raise BadInput("Only whole addresses that begin with http:// or https:// can be fetched") from error
    if len(url) > _LONGEST:
        raise BadInput(f"{parts.scheme}://{host}/… is longer than {_LONGEST} characters")
    who = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    authorization = "Basic " + base64.b64encode(who.encode()).decode() if who != ":" else ""
    return Address(parts.scheme, host, port, quote(parts.path or "/", _SAFE), quote(parts.query, _SAFE), authorization)


def _host(host: str) -> str:
    if not host:
        raise ValueError("no host")
    return host if ":" in host else host.encode("idna").decode("ascii")


def check(urls: Sequence[str]) -> None:
    """What can be said before anything is fetched.

    Raises:
        BadInput: an address cannot be fetched from, or two would be files of the same name.
    """
    seen: set[str] = set()
    for address in map(parse, urls):
        if address.name in seen:
            raise BadInput(f"Two addresses end with the same file name: {address.name}")
        seen.add(address.name)


@dataclass(frozen=True)
class Guard:
    """Says which addresses may be connected to."""

    allowed: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, networks: Sequence[str]) -> Guard:
        """A guard that lets these private networks pass besides the world."""
        return cls(tuple(ip_network(network, strict=False) for network in networks))

    def permits(self, address: str) -> bool:
        """Whether this address may be connected to."""
        meant = _meant(ip_address(address.partition("%")[0]))
        return _is_of_the_world(meant) or any(meant in network for network in self.allowed)

    def resolve(self, to: Address, act: str = "fetched") -> list[str]:
        """The addresses that a host has, all of them judged. `act` is what cannot be done with a bad one.

        Raises:
            BadInput: one of them is private.
            Unavailable: the host has none at the moment.
        """
        try:
            found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable(f"{to} cannot be {act}: the host is not known") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not addresses or not all(map(self.permits, addresses)):
            raise BadInput(
                f"{to} cannot be {act}: its address is a private one (LABELKEEP_ALLOW_PRIVATE_ADDRESSES names those"
                " that may be used)"
            )
        return addresses


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address where an IPv6 address only wraps one."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _is_of_the_world(address: IPv4Address | IPv6Address) -> bool:
    special = address.is_multicast or address.is_reserved or address in _PROTOCOLS
    return address.is_global and not special
