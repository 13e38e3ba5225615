"""What can be changed alike of a project and of a task: by whom, to what, and together with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import fields
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of
from labelkeep.projects.status import STATUSES


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The fields that were given; the others are UNSET."""

    name: str | Unset
    bug_tracker: str | Unset
    owner_id: int | Unset | None
    assignee_id: int | Unset | None
    status: str | Unset
    source_storage: Mapping[str, Any] | Unset | None
    target_storage: Mapping[str, Any] | Unset | None

    def permit(self, actor: Actor, thing: Project | Task) -> None:
        """Let pass who may change all of it.

        Raises:
            Forbidden: the actor may not change it, or not one of these fields.
        """
        kind, subject = kind_of(thing), subject_of(thing)
        require(actor, f"{kind}:update", subject)
        if self.owner_id is not UNSET:
            require(actor, f"{kind}:update-owner", subject)
        if self.assignee_id is not UNSET:
            require(actor, f"{kind}:update-assignee", subject)
        if self.source_storage is not UNSET or self.target_storage is not UNSET:
            require(actor, f"{kind}:update-storage", subject)

    def of(self, thing: Project | Task, now: datetime) -> dict[str, Any]:
        """The columns to set, and to what.

        Raises:
            BadInput: a field cannot be used.
        """
        found: dict[str, Any] = {}
        if self.name is not UNSET:
            found["name"] = fields.text("name", self.name, limit=256)
        if self.bug_tracker is not UNSET:
            found["bug_tracker"] = fields.text("bug_tracker", self.bug_tracker, limit=2000, blank=True)
        if self.status is not UNSET:
            found |= {"status": fields.choice("status", self.status, STATUSES), "status_kept": True}
        if self.source_storage is not UNSET:
            found["source_storage"] = fields.storage("source_storage", self.source_storage)
        if self.target_storage is not UNSET:
            found["target_storage"] = fields.storage("target_storage", self.target_storage)
        return {**found, **self._people(thing, now)}

    def _people(self, thing: Project | Task, now: datetime) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.owner_id is not UNSET:
            found["owner"] = fields.user("owner_id", self.owner_id)
        if self.assignee_id is not UNSET and self.assignee_id != thing.assignee_id:
            found |= {"assignee": fields.user("assignee_id", self.assignee_id), "assignee_updated_date": now}
        return found

    def check_transfer(self, *others: object) -> None:
        """Raise unless storages are all that is to change together with the organization.

        Raises:
            BadInput: something else is, here or among the others.
        """
        here = (self.name, self.bug_tracker, self.owner_id, self.assignee_id, self.status)
        if any(given is not UNSET for given in (*here, *others)):
            sentence = "Only source_storage and target_storage can be changed together with it"
            raise BadInput({"organization_id": [sentence]})
