"""Splits the JSON of annotations while it arrives, so that memory never grows with the number of shapes (invariant 7).

Two texts are read: one object `{"version", "tags", "shapes", "tracks"}` (the body of PUT and PATCH), and an array of
such objects, one a job (`annotations.json` of an archive). Lists of objects come out as batches of whole objects of
about 1 MiB; everything else is checked for syntax and skipped.

How it is fast: msgspec skips over JSON at more than 1 GB/s and says of a text whether it is whole, cut off, or followed
by something else, and where. So a cut is *guessed* (a `}` where braces and brackets balance) and then *proved*: if
`[` + piece + `]` is JSON, the piece is whole objects, whatever its strings contain. Where no guess is right, objects
are found one by one in the same way.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from labelkeep.annotations import probe
from labelkeep.errors import BadInput

Read = Callable[[int], bytes]

BATCH = 2**20  # bytes of a batch, unless one object alone is larger
OBJECT_LIMIT = 64 * 2**20  # one object; a track of a million key frames is about this size
LISTS = frozenset({"tags", "shapes", "tracks", "intervals"})

_FIRST_WINDOW = 2**13
_GUESSES = 2_000
_KEY_LIMIT = 2**10
_NEXT_OBJECT = re.compile(rb"[ \t\n\r]*,[ \t\n\r]*\{")


class JsonError(BadInput):
    """The text is not JSON of the expected form. `place` is a JSON pointer, `offset` counts bytes from the start."""

    def __init__(self, place: str, offset: int, message: str) -> None:
        super().__init__(f"JSON parse error - {message}, at {place or 'the top level'} (byte {offset})")
        self.place = place
        self.offset = offset
        self.message = message


class Batch(NamedTuple):
    """Some whole objects of one list. `items` is the text of a JSON array; an empty one announces an empty list, and
    with an empty `key` a job that has no list at all. `first` is the index of the first object in its list."""

    job: int
    key: str
    first: int
    items: bytes


def batches(read: Read, *, jobs: bool, limit: int = OBJECT_LIMIT) -> Iterator[Batch]:
    """Split what `read(n)` delivers (`b""` at the end). `jobs`: the top level is an array with one object a job.

    Holds at most a few batches, or one object up to `limit` bytes.

    Raises:
        JsonError: the text is not JSON, holds NaN or Infinity, nests too deeply, names a list twice, or one object is
            larger than `limit`. Batches before the place of the error have been delivered by then.
    """
    text = _Text(read, limit)
    if bytes(text.peek(3)) == codecs.BOM_UTF8:
        text.advance(3)
    if jobs:
        yield from _array_of_jobs(text)
    else:
        yield from _job(text, 0, "")
    if text.token():
        raise text.error("", "something follows the end of the JSON")


class _Text:
    """The bytes that were read and not yet consumed."""

    def __init__(self, read: Read, limit: int) -> None:
        self._read = read
        self._data = b""
        self._at = 0
        self._base = 0
        self._ended = False
        self.limit = limit

    @property
    def offset(self) -> int:
        return self._base + self._at

    def error(self, place: str, message: str, ahead: int = 0) -> JsonError:
        return JsonError(place, self.offset + ahead, message)

    def peek(self, size: int) -> memoryview:
        """The next `size` bytes, fewer only at the end."""
        if len(self._data) - self._at < size and not self._ended:
            self._fill(size)
        return memoryview(self._data)[self._at : self._at + size]

    def _fill(self, size: int) -> None:
        pieces = [self._data[self._at :]]
        missing = max(size - len(pieces[0]), BATCH)
        while missing > 0:
            piece = self._read(missing)
            if not piece:
                self._ended = True
                break
            pieces.append(piece)
            missing -= len(piece)
        self._base += self._at
        self._at = 0
        self._data = b"".join(pieces)

    def ends_within(self, size: int) -> bool:
        return self._ended and len(self._data) - self._at <= size

    def advance(self, size: int) -> None:
        self._at += size

    def token(self) -> str:
        """The next character that is not white space, not consumed; empty at the end."""
        while window := self.peek(_FIRST_WINDOW):
            blank = probe.blank(window)
            self._at += blank
            if blank < len(window):
                return chr(window[blank])
        return ""

    def expect(self, wanted: str, place: str) -> str:
        """Consume the next character, which must be one of `wanted`."""
        found = self.token()
        if not found or found not in wanted:
            raise self.error(place, f"expected {' or '.join(wanted)}, found {found or 'the end'}")
        self._at += 1
        return found

    def value(self, place: str) -> bytes:
        """Consume the next value and return its text."""
        self.token()
        size = self.measure(msgspec.Raw, 0, place)
        found = bytes(self.peek(size))
        self._at += size
        return found

    def measure(self, kind: object, ahead: int, place: str) -> int:
        """The length of the value that begins `ahead` bytes from here."""
        size = _FIRST_WINDOW
        while True:
            window = self.peek(ahead + size)[ahead:]
            length = probe.whole(window, kind)
            if length is not None and (length < len(window) or self.ends_within(ahead + size)):
                if length > self.limit:
                    raise self._too_large(place, ahead)
                return length
            self._refuse(window, place, size, ahead)
            size *= 8

    def _refuse(self, window: memoryview, place: str, size: int, ahead: int) -> None:
        """Raise if a longer window cannot help."""
        fault = probe.fault(window)
        if fault and fault[1] < len(window):
            raise self.error(place, fault[0], ahead + fault[1])
        if self.ends_within(ahead + size):
            raise self.error(place, fault[0] if fault else "the text ends too early", ahead + len(window))
        if size >= self.limit:
            raise self._too_large(place, ahead)

    def _too_large(self, place: str, ahead: int) -> JsonError:
        return self.error(place, f"one object is larger than {self.limit} bytes", ahead)


def _array_of_jobs(text: _Text) -> Iterator[Batch]:
    text.expect("[", "")
    if text.token() == "]":
        text.advance(1)
        return
    job = 0
    while True:
        yield from _job(text, job, f"/{job}")
        job += 1
        if text.expect(",]", f"/{job}") == "]":
            return


def _job(text: _Text, job: int, place: str) -> Iterator[Batch]:
    text.expect("{", place)
    seen: set[str] = set()
    closed = text.token() == "}"
    if closed:
        text.advance(1)
    while not closed:
        key = _key(text, place)
        if key in LISTS:
            if key in seen:
                raise text.error(f"{place}/{key}", "the list is there twice")
            seen.add(key)
            yield from _list(text, job, key, f"{place}/{key}")
        else:
            text.value(f"{place}/{key}")
        closed = text.expect(",}", place) == "}"
    if not seen:
        yield Batch(job, "", 0, b"[]")


def _key(text: _Text, place: str) -> str:
    if text.token() != '"':
        raise text.error(place, "expected a key")
    raw = text.value(place)
    if len(raw) > _KEY_LIMIT:
        raise text.error(place, "a key is too long")
    try:
        key = msgspec.json.decode(raw, type=str)
    except msgspec.DecodeError as error:
        raise text.error(place, "a key is not text") from error
    text.expect(":", f"{place}/{key}")
    return key


def _list(text: _Text, job: int, key: str, place: str) -> Iterator[Batch]:
    """The batches of one list. The window is small first, so that many small jobs cost no more than one large one."""
    text.expect("[", place)
    if text.token() == "]":
        text.advance(1)
        yield Batch(job, key, 0, b"[]")
        return
    first, size, ended = 0, _FIRST_WINDOW, False
    while not ended:
        if text.token() != "{":
            raise text.error(f"{place}/{first}", "expected an object")
        length, size = _piece(text, size, f"{place}", first)
        items = b"[%b]" % bytes(text.peek(length))
        _utf8(text, items, f"{place}/{first}")
        text.advance(length)
        ended = text.expect(",]", f"{place}/{first}") == "]"
        yield Batch(job, key, first, items)
        # counted only where another batch follows, and then at the speed of the skipping decoder
        first += 0 if ended else len(msgspec.json.decode(items, type=list[msgspec.Raw]))


def _piece(text: _Text, size: int, place: str, first: int) -> tuple[int, int]:
    """The length of the objects to deliver next, and the window to begin with the next time."""
    while True:
        window = text.peek(size)
        length = _guess(window) if size == BATCH else None
        if length is None:
            length = _to_the_end(window)
        if length is not None:
            return length, size
        if size < BATCH and not text.ends_within(size):
            size = min(size * 8, BATCH)
            continue
        return _one_by_one(text, window, place, first), size


def _guess(window: memoryview) -> int | None:
    """Where the last whole object of `window` ends, if a guess can be proved."""
    data = bytes(window)
    braces = data.count(b"{") - data.count(b"}")
    brackets = data.count(b"[") - data.count(b"]")
    end = len(data)
    for _ in range(_GUESSES):
        cut = data.rfind(b"}", 0, end) + 1
        if not cut:
            return None
        braces -= data.count(b"{", cut, end) - data.count(b"}", cut, end)
        brackets -= data.count(b"[", cut, end) - data.count(b"]", cut, end)
        if braces == 0 and brackets == 0 and _NEXT_OBJECT.match(data, cut):
            return cut if _is_list(data[:cut]) else None
        braces, end = braces + 1, cut - 1
    return None


def _is_list(objects: bytes) -> bool:
    try:
        msgspec.json.decode(b"[%b]" % objects, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _to_the_end(window: memoryview) -> int | None:
    """The length of the objects up to the end of the list, if the window holds it."""
    data = b"[%b" % bytes(window)
    length = probe.whole(data, list[msgspec.Raw])
    return None if length is None else length - 2


def _one_by_one(text: _Text, window: memoryview, place: str, first: int) -> int:
    """The length of as many whole objects as the window holds, at least one, found singly; raises what is wrong."""
    at = count = 0
    while True:
        length = probe.whole(window[at:])
        if length is None or at + length >= len(window):
            break
        at, count = at + length, count + 1
        follows = _NEXT_OBJECT.match(window, at)
        if not follows:
            return at
        at = follows.end() - 1
    fault = probe.fault(window[at:])
    if fault and at + fault[1] < len(window):
        raise text.error(f"{place}/{first + count}", fault[0], at + fault[1])
    if count and not text.ends_within(len(window)):
        return _before_comma(window, at)
    return at + text.measure(msgspec.Raw, at, f"{place}/{first + count}")


def _before_comma(window: memoryview, at: int) -> int:
    return bytes(window[:at]).rstrip(b" \t\n\r,").__len__()


def _utf8(text: _Text, items: bytes, place: str) -> None:
    try:
        str(items, "utf-8")
    except UnicodeDecodeError as error:
        raise text.error(place, "it is not UTF-8", error.start - 1) from error
