"""Takes the fields of a JSON object one by one, and says of each what is wrong with it and where.

Archives come from many versions of CVAT and from many hands. What is missing gets its default, what is unknown is named
in a note and left out, what has the wrong type or value is an error with its JSON pointer; reading goes on after each,
so that all findings are there at once. A typed decoder would stop at the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from labelkeep.archive.reports import Report
from labelkeep.findings import Level

_REQUIRED: Final = object()
_LARGEST = 2**31 - 1  # of a number: what a database column holds


def decode(data: bytes, member: str, report: Report) -> object:
    """The value of a JSON text; None and an error finding with the byte offset where it is not JSON.

    A byte order mark is passed over, as editors leave one. NaN and Infinity are not JSON.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        report.add(Level.NOTE, "byte-order-mark", "begins with a byte order mark, which was passed over", member, "0")
        data = data[3:]
    try:
        str(data, "utf-8")
        value: object = msgspec.json.decode(data)
    except UnicodeDecodeError as error:
        report.error("bad-json", f"is not UTF-8 at byte {error.start}", member, str(error.start))
    except msgspec.MsgspecError as error:
        message = str(error).removeprefix("JSON is malformed: ")
        report.error("bad-json", f"is not JSON: {message}", member, _byte(message, len(data)))
    except RecursionError:
        report.error("bad-json", "is nested too deeply", member, "0")
    else:
        return value
    return None


def _byte(message: str, size: int) -> str:
    _, found, rest = message.partition("(byte ")
    return rest.rstrip(")") if found else str(size)


def escape(key: str) -> str:
    """A key as a reference token of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class Fields:
    """The fields of one object. Take each by its type; `rest()` names those that nobody took."""

    def __init__(self, value: object, member: str, place: str, report: Report) -> None:
        self.member = member
        self.place = place
        self.report = report
        self._left: dict[str, object] = {}
        if isinstance(value, dict):
            self._left = dict(value)
        else:
            self.error("wrong-type", f"must be an object, not {name_of_type(value)}")

    def error(self, code: str, message: str, name: str | int | None = None) -> None:
        """An error at this object, or at a field of it."""
        self.report.error(code, message, self.member, self.at(name))

    def warn(self, code: str, message: str, name: str | int | None = None) -> None:
        """A warning at this object, or at a field of it."""
        self.report.add(Level.WARNING, code, message, self.member, self.at(name))

    def at(self, name: str | int | None) -> str:
        """The JSON pointer of a field."""
        return self.place if name is None else f"{self.place}/{escape(str(name))}"

    def has(self, name: str) -> bool:
        """Whether the field is there, not taken yet, and not null."""
        return self._left.get(name) is not None

    def _take(self, name: str, default: object) -> object:
        value = self._left.pop(name, None)
        if value is None and default is _REQUIRED:
            self.error("missing", f"the key {name!r} is missing", name)
        return value

    def _wrong(self, name: str | int, expected: str, value: object) -> None:
        self.error("wrong-type", f"must be {expected}, not {name_of_type(value)}", name)

    def text(self, name: str, default: object = _REQUIRED, *, longest: int = 0) -> str:
        """A string of at most `longest` characters."""
        value = self._take(name, default)
        if value is None:
            return default if isinstance(default, str) else ""
        if not isinstance(value, str):
            self._wrong(name, "a string", value)
            return ""
        if "\x00" in value:
            self.error("nul", "contains a NUL character, which databases cannot hold", name)
        if longest and len(value) > longest:
            self.error("too-long", f"has {len(value)} characters, at most {longest} are possible", name)
        return value

    def choice(self, name: str, choices: Collection[str], default: object = _REQUIRED) -> str:
        """One of `choices`."""
        value = self.text(name, default)
        if value not in choices and not (value == "" and default is _REQUIRED):
            self.error("unknown-value", f"{value!r} is none of {', '.join(sorted(choices))}", name)
        return value

    def flag(self, name: str, default: object = _REQUIRED) -> bool:
        """True or false."""
        value = self._take(name, default)
        if value is None:
            return bool(default) if isinstance(default, bool) else False
        if not isinstance(value, bool):
            self._wrong(name, "true or false", value)
        return value is True

    def integer(self, name: str, default: object = _REQUIRED, *, least: int = 0, most: int = _LARGEST) -> int:
        """A whole number; `5.0` counts as one."""
        value = self._take(name, default)
        if value is None:
            return default if isinstance(default, int) else least
        return self._whole(name, value, least, most)

    def _whole(self, name: str | int, value: object, least: int, most: int, place: str = "") -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong(f"{place}{name}" if place else name, "a whole number", value)
            return least
        if not least <= value <= most:
            self.error("out-of-range", f"{value} is not between {least} and {most}", name)
            return max(least, min(value, most))
        return value

    def number(self, name: str, default: object = _REQUIRED) -> float:
        """A number."""
        value = self._take(name, default)
        if value is None:
            return float(default) if isinstance(default, (int, float)) else 0.0
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self._wrong(name, "a number", value)
            return 0.0
        return float(value)

    def _list(self, name: str, default: object) -> list[object]:
        value = self._take(name, default)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong(name, "an array", value)
            return []
        return value

    def _inside(self, name: str) -> Fields:
        return Fields({}, self.member, self.at(name), self.report)

    def integers(self, name: str, default: object = _REQUIRED) -> list[int]:
        """An array of whole numbers."""
        inside = self._inside(name)
        return [inside._whole(i, item, 0, _LARGEST) for i, item in enumerate(self._list(name, default))]

    def numbers(self, name: str, default: object = _REQUIRED) -> list[float]:
        """An array of numbers."""
        inside, found = self._inside(name), []
        for i, item in enumerate(self._list(name, default)):
            if isinstance(item, bool) or not isinstance(item, (int, float)):
                inside._wrong(i, "a number", item)
            else:
                found.append(float(item))
        return found

    def texts(self, name: str, default: object = _REQUIRED) -> list[str]:
        """An array of strings."""
        inside, found = self._inside(name), []
        for i, item in enumerate(self._list(name, default)):
            if isinstance(item, str):
                found.append(item)
            else:
                inside._wrong(i, "a string", item)
        return found

    def objects(self, name: str, default: object = _REQUIRED) -> Iterator[Fields]:
        """The objects of an array."""
        for i, item in enumerate(self._list(name, default)):
            yield Fields(item, self.member, f"{self.at(name)}/{i}", self.report)

    def object(self, name: str, default: object = _REQUIRED) -> Fields | None:
        """An object."""
        value = self._take(name, default)
        return None if value is None else Fields(value, self.member, self.at(name), self.report)

    def passed_over(self, *names: str) -> None:
        """Keys that are known and carry nothing that is kept."""
        for name in names:
            self._left.pop(name, None)

    def rest(self) -> None:
        """A note for each key that nobody took."""
        for name in self._left:
            message = f"the key {name!r} is not known and was left out"
            self.report.add(Level.NOTE, "unknown-key", message, self.member, self.at(name))
        self._left = {}


def name_of_type(value: object) -> str:
    """What a JSON value is, in a word."""
    if isinstance(value, bool):
        return "true or false"
    names = {
        type(None): "null",
        str: "a string",
        int: "a number",
        float: "a number",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), type(value).__name__)
