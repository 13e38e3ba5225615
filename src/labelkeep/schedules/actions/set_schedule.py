"""Say when backups happen and which are kept: for the server, an organization, a project, or a task in none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import subject_of_backups
from labelkeep.retention import Policy
from labelkeep.schedules.models import Due, Schedule
from labelkeep.schedules.settings import FIELDS, TIMING, Effective, Known
from labelkeep.schedules.slots import Timing

_SERVER = Subject()  # nobody's: admins only


@dataclass(frozen=True)
class Place:
    """Where something is set: a source, an organization, or (None) the server."""

    thing: Project | Task | Organization | None = None

    @property
    def subject(self) -> Subject:
        """Whose it is."""
        if self.thing is None:
            return _SERVER
        if isinstance(self.thing, Organization):
            return Subject(organization_id=self.thing.pk)
        return subject_of_backups(self.thing)

    @property
    def key(self) -> dict[str, Any]:
        """The columns that find its row."""
        if isinstance(self.thing, Organization):
            return {"organization": self.thing, "source_uuid": None}
        return {"organization": None, "source_uuid": self.thing.uuid if self.thing else None}

    def held(self) -> Effective:
        """What holds there now."""
        if self.thing is None:
            return Known().of(None, None)
        if isinstance(self.thing, Organization):
            return Known((), [self.thing.pk]).of(None, self.thing.pk)
        above = [self.thing.organization_id] if self.thing.organization_id else []
        return Known([self.thing.uuid], above).of(self.thing.uuid, self.thing.organization_id)

    def row(self) -> Schedule | None:
        """What it says itself, where it says anything."""
        return Schedule.objects.filter(**self.key).first()


def set_schedule(*, actor: Actor, place: Place, changes: Mapping[str, Any]) -> None:
    """Set the fields in `changes`; None takes a field back to what the scope above says.

    Raises:
        Forbidden: the actor may not. BadInput: by field; a task in a project follows its project.
    """
    require(actor, "backup:update", place.subject)
    if isinstance(place.thing, Task) and place.thing.project_id is not None:
        raise BadInput(["A task in a project is backed up with its project: set the schedule there"])
    with transaction.atomic():
        row = Schedule.objects.select_for_update().filter(**place.key).first() or Schedule(**place.key)
        for name in FIELDS:
            if name in changes:
                setattr(row, name, changes[name])
        row.save()
        _check(place.held(), changes)
        _due(place).update(next_run_at=None, retained_at=None, overdue_at=None)


def _check(held: Effective, changes: Mapping[str, Any]) -> None:
    """What holds with the changes must be a timing and a policy; inside the transaction, so what is refused is undone.

    Raises:
        BadInput: by field.
    """
    Timing(**{name: held.values[name] for name in TIMING})
    if changes.get("retention") is not None:
        try:
            Policy.of(changes["retention"])
        except BadInput as error:
            raise BadInput({"retention": error.detail}) from error


def _due(place: Place) -> Any:
    """What has to be worked out anew."""
    if place.thing is None:
        return Due.objects.all()
    if isinstance(place.thing, Organization):
        projects = Project.objects.filter(organization=place.thing).values("uuid")
        tasks = Task.objects.filter(organization=place.thing, project=None).values("uuid")
        return Due.objects.filter(source_uuid__in=projects) | Due.objects.filter(source_uuid__in=tasks)
    return Due.objects.filter(source_uuid=place.thing.uuid)
