"""Findings: problems found in data, as values. They are collected and shown together, never raised one by one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    NOTE = "note"  # worth knowing; nothing is lost
    WARNING = "warning"  # something could not be carried, or was repaired
    ERROR = "error"  # cannot be restored


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem. `member` is the archive member or file, `place` a JSON pointer, line or byte offset in it."""

    level: Level
    code: str
    message: str
    member: str = ""
    place: str = ""

    @property
    def is_error(self) -> bool:
        """Whether this alone refuses the archive."""
        return self.level is Level.ERROR

    def __str__(self) -> str:
        where = f"{self.member}{'#' if self.member and self.place else ''}{self.place}"
        return f"{where}: {self.message}" if where else self.message

    def to_json(self) -> dict[str, str]:
        """For reports and `--json`."""
        return {
            "level": self.level.value,
            "code": self.code,
            "message": self.message,
            "member": self.member,
            "place": self.place,
        }
