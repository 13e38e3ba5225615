"""/api/backups/{id}/restore: a new project or task from a backup or a part of it, and before that, the plan of it.

Ours, not CVAT's. The plan is what the restore itself goes by, so its numbers are those of the result.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict
from uuid import UUID

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import View
from labelkeep.api.kept_backups import started
from labelkeep.api.quotas import QuotaRead, room_json
from labelkeep.api.schema import Detail, Method, RqId
from labelkeep.projects.quotas import Room
from labelkeep.snapshots.plan import Plan
from labelkeep.snapshots.restore_backup import plan_restore, room_of, start_restore
from labelkeep.snapshots.selection import Selection


class Restore(msgspec.Struct, kw_only=True):
    """How to restore: under another name, usernames of the backup led to usernames here; and what of it.

    An empty list does not narrow. `tasks` come with all their jobs; of a task of which only `jobs` are named, the other
    jobs come empty. `labels` are ids or names; `frames` are ranges `[first, last]` of each task. Ids are the backup's.
    """

    name: str = ""
    users: dict[str, str] = {}
    tasks: list[int] = []
    jobs: list[int] = []
    labels: list[int | str] = []
    frames: list[tuple[int, int]] = []

    def choices(self) -> dict[str, Any]:
        """As the verbs take it."""
        selection = Selection(tasks=self.tasks, jobs=self.jobs, labels=self.labels, frames=self.frames)
        return {"name": self.name, "users": self.users, "selection": selection}


class PlannedTask(TypedDict):
    """A task to be: its id in the backup, its name, and what it holds."""

    id: int
    name: str
    counts: dict[str, int]


class RestorePlan(TypedDict):
    """What a restore would make. `size`: bytes of media. `labels`: objects by the name of their label.

    `quota`: what is used of it without the restore; where there is none, nothing is counted. `fits`: whether it lets
    the restore in.
    """

    kind: Literal["project", "task"]
    name: str
    counts: dict[str, int]
    labels: dict[str, dict[str, int]]
    tasks: list[PlannedTask]
    size: int
    not_carried: list[dict[str, str]]
    unknown_users: list[str]
    quota: QuotaRead
    fits: bool


def plan_json(plan: Plan, room: Room) -> RestorePlan:
    """A plan as the wire tells it."""
    made = plan.project or plan.tasks[0]
    return {
        "kind": "task" if plan.project is None else "project",
        "name": made.name,
        "counts": plan.contents.counts,
        "labels": plan.contents.labels,
        "tasks": [
            {"id": id, "name": task.name, "counts": plan.contents.tasks[id]}
            for id, task in plan.origins.get("tasks", [])
        ],
        "size": plan.contents.size,
        "not_carried": [finding.to_json() for finding in plan.findings],
        "unknown_users": plan.unknown_users,
        "quota": room_json(room),
        "fits": room.projects.takes(int(plan.project is not None)) and room.bytes.takes(plan.contents.size),
    }


class RestoreView(View):
    """A new project or task from a backup."""

    methods = {"POST": Method(takes=Restore, gives=RqId, status=202, also={409: Detail})}

    def post(self, request: Request, pk: UUID) -> Response:
        """Start restoring."""
        choices = self.body(Restore).choices()
        return started(request, lambda: start_restore(actor=self.actor, now=clock.now(), id=pk, **choices))


class RestorePlanView(View):
    """What a restore would make."""

    methods = {"POST": Method(takes=Restore, gives=RestorePlan, also={409: Detail})}
    read_only_methods = View.read_only_methods | {"POST"}  # it writes nothing

    def post(self, request: Request, pk: UUID) -> Response:
        """Count it."""
        plan = plan_restore(actor=self.actor, now=clock.now(), id=pk, **self.body(Restore).choices())
        return Response(plan_json(plan, room_of(self.actor)))


urlpatterns = [
    path("api/backups/<uuid:pk>/restore", RestoreView.as_view()),
    path("api/backups/<uuid:pk>/restore-plan", RestorePlanView.as_view()),
]
