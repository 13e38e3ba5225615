"""Files that lie at an address: fetched one after the other, each a staged file until the next is asked for.

Every hop of a redirect is an address of its own: taken apart, resolved and judged again (guard.py). What a host may
cost is bounded: size, hops, silence, and slowness. Failures that may pass raise Unavailable, so that the operation is
tried again; the others say at once why they cannot be fetched.
"""

from __future__ import annotations

import functools
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urljoin

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

import labelkeep
from labelkeep import clock
from labelkeep.errors import BadInput, TooLarge, Unavailable
from labelkeep.media.guard import Address, Guard, parse
from labelkeep.media.staged import Staged, file_opener

_PIECE = 2**18
_REDIRECTS = (301, 302, 303, 307, 308)
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_HEADERS = {
    "User-Agent": f"Labelkeep/{labelkeep.__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Connection": "close",
}

Tick = Callable[[int, int | None], None]  # bytes so far, bytes in all where that is known; may raise to stop
Told = Callable[[int, float], None]  # files that are done, share of the one that is coming; may raise to stop


@dataclass(frozen=True)
class Limits:
    """What a host may cost. `most`: bytes of all files together; the rest in seconds, and bytes a second."""

    most: int
    hops: int = 5
    silence: float = 30.0  # without a byte, or without an address answering
    answer: float = 60.0  # until the headers are there
    grace: float = 60.0  # before slowness counts
    slowest: int = 8192


def of_remote(urls: Sequence[str], guard: Guard, limits: Limits, spool: Path, told: Told) -> Iterator[Staged]:
    """The files at these addresses, in their order. Each is valid until the next is asked for.

    Raises:
        BadInput: an address may not be fetched, or its host refuses.
        TooLarge: the files are more than `limits.most` together.
        Unavailable: a host does not answer now.
    """
    left = limits.most
    for done, url in enumerate(urls):
        address, tick = parse(url), functools.partial(_tell, told, done)
        with tempfile.NamedTemporaryFile(dir=spool, prefix="fetched-") as copy:
            size = fetch(address, cast(BinaryIO, copy), guard=guard, limits=limits, most=left, tick=tick)
            copy.flush()
            left -= size
            yield Staged(address.name, size, file_opener(Path(copy.name)))


def _tell(told: Told, done: int, received: int, length: int | None) -> None:
    told(done, min(1.0, received / length) if length else 0.0)


def fetch(address: Address, target: BinaryIO, *, guard: Guard, limits: Limits, most: int, tick: Tick) -> int:
    """Write what lies at `address` to `target`; return its size. Raises as `of_remote`."""
    asked = address
    for _ in range(limits.hops + 1):
        with _answer(address, guard, limits) as response:
            if response.status not in _REDIRECTS:
                return _read(response, address, target, limits, most, tick)
            address = _next(address, response)
    raise BadInput(f"{asked} cannot be fetched: it leads elsewhere more than {limits.hops} times")


def post(address: Address, body: bytes, headers: Mapping[str, str], *, guard: Guard, limits: Limits) -> int:
    """Hand `body` in at `address`; return the status of the answer. No redirect is followed: who was named is told.

    Raises:
        BadInput: the address may not be connected to.
        Unavailable: its host does not answer now.
    """
    with _answer(address, guard, limits, body=body, headers=headers) as response:
        return int(response.status)


def _next(address: Address, response: Any) -> Address:
    """Where a redirect leads. The login of one host is not for another."""
    location = response.headers.get("Location", "")
    base = f"{address.scheme}://{address.origin}{address.target}"
    try:
        return parse(urljoin(base, location))
    except (BadInput, ValueError) as error:
        raise BadInput(f"{address} cannot be fetched: it leads to what is not an http(s) address") from error


@contextmanager
def _answer(
    address: Address, guard: Guard, limits: Limits, *, body: bytes | None = None, headers: Mapping[str, str] = _HEADERS
) -> Iterator[Any]:
    """Ask, or hand a body in, and have the headers. The body of the answer is read by the caller."""
    method, act = ("GET", "fetched") if body is None else ("POST", "reached")
    found = guard.resolve(address, act)
    with _said_plainly(address, act):
        connection = _connected(address, found, limits)
    try:
        with _said_plainly(address, act), _deadline(connection, limits.answer):
            sent = {**_headers(address), **headers}
            connection.request(method, address.target, body=body, headers=sent, preload_content=False)
            response = connection.getresponse()
        yield response
    finally:
        connection.close()


@contextmanager
def _said_plainly(address: Address, act: str = "fetched") -> Iterator[None]:
    """Errors of the network in our words; those of the disk, which look the same, are never inside the block."""
    try:
        yield
    except (HTTPError, HTTPException, OSError) as error:
        raise Unavailable(f"{address} cannot be {act}: {_why(error)}") from error


def _headers(address: Address) -> dict[str, str]:
    login = {"Authorization": address.authorization} if address.authorization else {}
    return {"Host": address.origin, **_HEADERS, **login}


def _connected(address: Address, found: Sequence[str], limits: Limits) -> HTTPConnection:
    """A connection to the first of the judged addresses that takes one; certificates are for the host's name."""
    problem: Exception | None = None
    for each in found:
        connection = HTTPConnection(each, address.port, timeout=limits.silence)
        if address.scheme == "https":
            connection = HTTPSConnection(
                each,
                address.port,
                timeout=limits.silence,
                server_hostname=address.host,
                cert_reqs="CERT_REQUIRED",
            )
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            problem = error
        else:
            return connection
    raise problem or OSError("it has no address")


@contextmanager
def _deadline(connection: HTTPConnection, seconds: float) -> Iterator[None]:
    """Hang up when the block takes longer: a host that sends its headers letter by letter never falls silent."""
    opened, late = connection.sock, threading.Event()

    def hang_up() -> None:
        late.set()
        with suppress(OSError):
            socket.socket.shutdown(opened, socket.SHUT_RDWR)  # not TLS's own, which takes the reader's state away

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if late.is_set():  # to the parser, headers that are cut look whole
        raise TimeoutError("timed out")


def _read(response: Any, address: Address, target: BinaryIO, limits: Limits, most: int, tick: Tick) -> int:
    if response.status != 200:
        problem = f"{address} cannot be fetched: the server answered {response.status}"
        raise Unavailable(problem) if response.status in _PASSING else BadInput(problem)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadInput(f"{address} cannot be fetched: the server packs what it sends, although it was asked not to")
    length = response.length_remaining
    received, begun = 0, clock.monotonic()
    _check_size(address, length or 0, most, limits)
    while data := _piece(response, address):
        received += len(data)
        _check_size(address, received, most, limits)
        target.write(data)
        tick(received, length)
        passed = clock.monotonic() - begun
        if passed > limits.grace and received < passed * limits.slowest:
            raise Unavailable(f"{address} cannot be fetched: it comes too slowly")
    return received


def _piece(response: Any, address: Address) -> bytes:
    """What has come, without waiting for more; empty at the end."""
    with _said_plainly(address):
        data: bytes = response.read1(_PIECE, decode_content=False)
        return data


def _check_size(address: Address, size: int, most: int, limits: Limits) -> None:
    if size > most:
        raise TooLarge(f"{address} cannot be fetched: more than {limits.most} bytes would come together")


def _why(error: Exception) -> str:
    """The reason in few words; the libraries' own name objects and addresses in memory."""
    text = f"{type(error).__name__} {error}".lower()
    if "certificate" in text or "ssl" in text:
        return "its certificate or encryption is not valid"
    if "timed out" in text or "timeout" in text:
        return "it does not answer in time"
    if "refused" in text or "unreachable" in text or "newconnection" in text:
        return "it cannot be connected to"
    return "the connection broke off"
