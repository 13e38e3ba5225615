"""What annotations.json has no place for, and the extra member keeps: numbers of objects, and null groups.

"No group" may be null or 0 in a document; of the two only 0 may be written (spec of the archive), so which it was is
noted here.
"""

from __future__ import annotations

from typing import Protocol

from labelkeep.archive.runs import Runs, numbers


class Numbering(Protocol):
    """Gives the objects of a list their numbers while it is read, an object before its elements."""

    def number(self) -> int:
        """The number of the next object or element."""

    def group(self, number: int, written: int | None) -> int | None:
        """The group of the object with the number just given, when `written` stands in the archive."""


class Facts:
    """What the JSON of one list of one job leaves out, in its order: an object comes before its elements."""

    def __init__(self) -> None:
        self._numbers = Runs()
        self._ungrouped = Runs()

    def note(self, number: int, group: int | None) -> None:
        """The next object or element."""
        self._numbers.add(number)
        if group is None:
            self._ungrouped.add(number)

    @property
    def numbers(self) -> str:
        """The numbers of all objects and elements (runs.py)."""
        return self._numbers.text()

    @property
    def ungrouped(self) -> str:
        """The numbers of those whose group is null."""
        return self._ungrouped.text()


class Arrival:
    """Numbers for the objects of one job as they come; groups as they are written."""

    def __init__(self, first: int = 1) -> None:
        self.next = first

    def number(self) -> int:
        """The number of the next object or element."""
        self.next += 1
        return self.next - 1

    def group(self, number: int, written: int | None) -> int | None:
        """The group of the object with the number just given."""
        return written


class Recall:
    """The numbers and groups that a `Facts` noted, for the same objects in the same order.

    `used` is shared by the lists of one job, as no number may come twice: one bit a number.
    """

    def __init__(self, known: str, ungrouped: str, used: bytearray) -> None:
        self._numbers = numbers(known)
        self._ungrouped = numbers(ungrouped)
        self._next = next(self._ungrouped, None)
        self._used = used

    def number(self) -> int:
        """The number of the next object or element.

        Raises:
            ValueError: there are fewer numbers than objects, one comes twice, or the text is damaged.
        """
        number = next(self._numbers, None)
        if number is None:
            raise ValueError("there are more objects than numbers")
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(self._used):
            self._used.extend(bytes(byte + 1 - len(self._used)))
        if self._used[byte] & bit:
            raise ValueError(f"the number {number} is there twice")
        self._used[byte] |= bit
        return number

    def group(self, number: int, written: int | None) -> int | None:
        """The group of the object with the number just given."""
        if number != self._next:
            return written
        self._next = next(self._ungrouped, None)
        return written or None
