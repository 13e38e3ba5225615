"""Collects findings. Of each code only the first are kept and the others counted: a hostile archive may hold a million
bad names, and nobody reads more than fifty."""

from __future__ import annotations

from collections import Counter

from labelkeep.errors import Refused
from labelkeep.findings import Finding, Level

KEPT = 50  # findings of one code and level that are kept


class Report:
    """The findings of one archive, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        self._counts: Counter[tuple[Level, str]] = Counter()

    def add(self, level: Level, code: str, message: str, member: str = "", place: str = "") -> None:
        """Keep a finding, or count it."""
        self._counts[level, code] += 1
        if self._counts[level, code] <= KEPT:
            self._found.append(Finding(level, code, message, member, place))

    def error(self, code: str, message: str, member: str = "", place: str = "") -> None:
        """Keep an error: the archive cannot be restored."""
        self.add(Level.ERROR, code, message, member, place)

    def take(self, refused: Refused) -> None:
        """Keep the findings of an exception."""
        for finding in refused.findings:
            self.add(finding.level, finding.code, finding.message, finding.member, finding.place)

    @property
    def findings(self) -> list[Finding]:
        """All that is known, with a line for what was only counted."""
        more = [
            Finding(level, code, f"{count - KEPT} more of this kind were found")
            for (level, code), count in self._counts.items()
            if count > KEPT
        ]
        return [*self._found, *more]

    @property
    def has_errors(self) -> bool:
        """Whether the archive must be refused."""
        return any(finding.is_error for finding in self._found)

    def refuse(self) -> None:
        """Raise what was found, if any of it is an error.

        Raises:
            Refused: with all findings.
        """
        if self.has_errors:
            raise Refused(self.findings)
