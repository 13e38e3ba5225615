"""Long lists of whole numbers as short text: `1-200000,200007,200009-200010`.

The extra member keeps object numbers this way, in rendering order. They are mostly consecutive, anybody can read the
text, two texts are joined with a comma, and neither direction holds the list in memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_RUN: Final = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?(?:,|$)", re.ASCII)
LIMIT = 2**28  # numbers of a job stay below


class Runs:
    """Takes numbers one by one; `text()` is what was taken."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._first = self._last = -2

    def add(self, number: int) -> None:
        """Append a number (not negative)."""
        if number == self._last + 1:
            self._last = number
        else:
            self._close()
            self._first = self._last = number

    def _close(self) -> None:
        if self._first >= 0:
            self._done.append(f"{self._first}" if self._first == self._last else f"{self._first}-{self._last}")

    def text(self) -> str:
        """All numbers so far; more may follow."""
        self._close()
        self._first = self._last = -2
        if len(self._done) > 1:
            self._done = [",".join(self._done)]
        return self._done[0] if self._done else ""


def numbers(text: str) -> Iterator[int]:
    """The numbers of a text.

    Raises:
        ValueError: it is not of this form, or a number is too large.
    """
    at = 0
    while at < len(text):
        found = _RUN.match(text, at)
        if found is None:
            raise ValueError(f"not a list of numbers at character {at}")
        first, last = int(found[1]), int(found[2] or found[1])
        if not first <= last < LIMIT:
            raise ValueError(f"no possible run at character {at}")
        yield from range(first, last + 1)
        at = found.end()
