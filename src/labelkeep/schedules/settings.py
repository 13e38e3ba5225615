"""What holds for a source: each field from the nearest scope that sets it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from labelkeep.configuration import machine_zone
from labelkeep.retention import DEFAULT, Policy
from labelkeep.schedules.models import Schedule
from labelkeep.schedules.slots import Timing

Scope = Literal["default", "server", "organization", "source"]
TIMING = ("frequency", "time", "weekday", "day", "cron", "zone")
FIELDS = ("enabled", *TIMING, "skip_if_unchanged", "lightweight", "retention")


def defaults() -> dict[str, Any]:
    """What holds where nobody has set anything: on, daily at a quiet hour, the seven newest kept."""
    timing = Timing(zone=settings.CONFIGURATION.time_zone or machine_zone())
    return {
        "enabled": True,
        **{name: getattr(timing, name) for name in TIMING},
        "skip_if_unchanged": False,
        "lightweight": True,
        "retention": DEFAULT.to_json(),
    }


@dataclass(frozen=True)
class Effective:
    """All fields, and which scope each comes from."""

    values: Mapping[str, Any]
    origin: Mapping[str, Scope] = field(default_factory=dict)

    @cached_property
    def timing(self) -> Timing:
        """When."""
        return Timing(**{name: self.values[name] for name in TIMING})

    @cached_property
    def policy(self) -> Policy:
        """How many are kept."""
        return Policy.of(self.values["retention"])

    @property
    def enabled(self) -> bool:
        """Whether anything is done at all."""
        return bool(self.values["enabled"])

    @property
    def zone(self) -> ZoneInfo:
        """Whose days are counted."""
        return ZoneInfo(self.values["zone"])


class Known:
    """The schedules of many sources, read at once."""

    def __init__(self, sources: Iterable[UUID] = (), organizations: Iterable[int] = ()) -> None:
        """Read those of the server, of these organizations and of these sources: three statements."""
        self._defaults = defaults()
        self._server = Schedule.objects.filter(organization=None, source_uuid=None).first()
        found = Schedule.objects.filter(organization__in=[pk for pk in organizations if pk is not None])
        self._organizations = {row.organization_id: row for row in found}
        self._sources = {row.source_uuid: row for row in Schedule.objects.filter(source_uuid__in=list(sources))}

    def of(self, source: UUID | None, organization: int | None) -> Effective:
        """What holds for a source; without one, for an organization; without either, for the server."""
        values, origin = dict(self._defaults), dict.fromkeys(FIELDS, "default")
        layers: list[tuple[Scope, Schedule | None]] = [
            ("server", self._server),
            ("organization", self._organizations.get(organization)),
            ("source", self._sources.get(source)),
        ]
        for scope, row in layers:
            for name in FIELDS:
                if row is not None and getattr(row, name) is not None:
                    values[name], origin[name] = getattr(row, name), scope
        return Effective(values, origin)  # type: ignore[arg-type]


def of_source(source: UUID, organization: int | None) -> Effective:
    """What holds for one source."""
    return Known([source], [organization] if organization is not None else []).of(source, organization)


def own(row: Schedule | None) -> dict[str, Any]:
    """What a scope itself says; null where it says nothing."""
    return {name: getattr(row, name, None) for name in FIELDS}
