"""Schedules and retention of backups: of the server, an organization, a project, or a task that is in none.

`…/backup-schedule` says what is set there, what holds, and where each field comes from; `…/backup-retention` says which
backups the policy keeps, and why, and what another policy would do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypedDict

import msgspec
from django.urls import URLPattern, path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts.permissions import require
from labelkeep.accounts.queries import get_organization
from labelkeep.api.base import View, iso
from labelkeep.api.schema import Method, Moment
from labelkeep.api.shapes import UNSET, Unset
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task
from labelkeep.retention import Policy
from labelkeep.schedules.actions.set_schedule import Place, set_schedule
from labelkeep.schedules.models import Due
from labelkeep.schedules.retain import decisions
from labelkeep.schedules.settings import own
from labelkeep.schedules.slots import next_slots
from labelkeep.snapshots.models import Backup

SHOWN = 10  # slots
Home = Literal["server", "organization", "project", "task"]


class SchedulePatch(msgspec.Struct, kw_only=True):
    """What is to be set; null takes a field back to what the scope above says."""

    enabled: bool | Unset | None = UNSET
    frequency: str | Unset | None = UNSET
    time: str | Unset | None = UNSET
    weekday: int | Unset | None = UNSET
    day: int | Unset | None = UNSET
    cron: str | Unset | None = UNSET
    zone: str | Unset | None = UNSET
    skip_if_unchanged: bool | Unset | None = UNSET
    lightweight: bool | Unset | None = UNSET
    retention: dict[str, Any] | Unset | None = UNSET


class ScheduleRead(TypedDict):
    """`own`: what is set here; `effective`: what holds; `origin`: which scope each field of it comes from."""

    own: dict[str, Any]
    effective: dict[str, Any]
    origin: dict[str, str]
    next_run_at: Moment | None
    next_slots: list[Moment | None]


class DecisionRead(TypedDict):
    """What a policy does with one backup, and why."""

    backup: str
    created_date: Moment | None
    keep: bool
    reasons: list[str]


class RetentionRead(TypedDict):
    """A policy, and what it does with each backup, the newest first."""

    policy: dict[str, int | None]
    decisions: list[DecisionRead]


class RetentionBody(msgspec.Struct):
    """A policy to be tried; nothing is removed."""

    retention: dict[str, Any]


class PlaceView(View):
    """Base: a route of each kind of home."""

    home: Home = "server"

    def place(self, pk: int | None) -> Place:
        """Where it is about, when the actor may know."""
        if pk is None or self.home == "server":
            place = Place()
        elif self.home == "organization":
            place = Place(get_organization(self.actor, pk))
        elif self.home == "project":
            place = Place(get_project(self.actor, pk, "project:view"))
        else:
            place = Place(get_task(self.actor, pk, "task:view"))
        require(self.actor, "backup:view", place.subject)
        return place


class ScheduleView(PlaceView):
    """When backups happen, and which are kept."""

    methods = {
        "GET": Method(gives=ScheduleRead),
        "PATCH": Method(takes=SchedulePatch, gives=ScheduleRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int | None = None) -> Response:
        """What is set and what holds."""
        return Response(_read(self.place(pk)))

    def patch(self, request: Request, pk: int | None = None) -> Response:
        """Set some of it."""
        place = self.place(pk)
        sent = msgspec.structs.asdict(self.body(SchedulePatch))
        changes = {name: value for name, value in sent.items() if value is not UNSET}
        set_schedule(actor=self.actor, place=place, changes=changes)
        return Response(_read(place))

    def delete(self, request: Request, pk: int | None = None) -> Response:
        """Go back to what the scope above says, in everything."""
        place = self.place(pk)
        set_schedule(actor=self.actor, place=place, changes=dict.fromkeys(own(None)))
        return Response(status=204)


class RetentionView(PlaceView):
    """Which backups are kept, and why."""

    methods = {
        "GET": Method(gives=RetentionRead),
        "POST": Method(takes=RetentionBody, gives=RetentionRead),
    }
    read_only_methods = View.read_only_methods | {"POST"}

    def get(self, request: Request, pk: int) -> Response:
        """By the policy that holds."""
        place = self.place(pk)
        return Response(_decided(place, place.held().policy))

    def post(self, request: Request, pk: int) -> Response:
        """By a policy that is sent: a dry run."""
        return Response(_decided(self.place(pk), Policy.of(self.body(RetentionBody).retention)))


def _read(place: Place) -> ScheduleRead:
    held, now = place.held(), clock.now()
    thing = place.thing
    due = Due.objects.filter(source_uuid=thing.uuid).first() if isinstance(thing, Project | Task) else None
    slots = next_slots(held.timing, now, SHOWN) if held.enabled else []
    return {
        "own": own(place.row()),
        "effective": dict(held.values),
        "origin": dict(held.origin),
        "next_run_at": iso(due.next_run_at) if due and held.enabled else None,
        "next_slots": [iso(slot) for slot in slots],
    }


def _decided(place: Place, policy: Policy) -> RetentionRead:
    assert isinstance(place.thing, Project | Task), "routes of projects and tasks only"
    backups = {str(backup.pk): backup for backup in Backup.objects.filter(source_uuid=place.thing.uuid)}
    return {
        "policy": policy.to_json(),
        "decisions": [
            {
                "backup": decision.id,
                "created_date": iso(backups[decision.id].created_date),
                "keep": decision.keep,
                "reasons": list(decision.reasons),
            }
            for decision in decisions(backups.values(), policy, place.held(), clock.now())
        ],
    }


def _routes(home: Home) -> Iterator[URLPattern]:
    yield path(f"api/{home}s/<int:pk>/backup-schedule", ScheduleView.as_view(home=home))
    if home != "organization":
        yield path(f"api/{home}s/<int:pk>/backup-retention", RetentionView.as_view(home=home))


urlpatterns = [
    path("api/server/backup-schedule", ScheduleView.as_view(home="server")),
    *_routes("organization"),
    *_routes("project"),
    *_routes("task"),
]
