"""/api/backups/{id}/transfer: data of a backup back into a project or task that is there; before that, the plan of it.

Ours, not CVAT's.
"""

from __future__ import annotations

from typing import Literal, TypedDict
from uuid import UUID

import msgspec
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import View
from labelkeep.api.kept_backups import started
from labelkeep.api.schema import Detail, Method, RqId
from labelkeep.errors import BadInput
from labelkeep.projects.models import Project, Task
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task
from labelkeep.snapshots.selection import Selection
from labelkeep.snapshots.transfer_backup import Choices, plan_transfer, start_transfer


class TransferBody(msgspec.Struct, kw_only=True):
    """Into which project or task, how, and what: `tasks`, `jobs`, `labels` and `frames` as for a restore.

    `append` adds what is not there; `replace` also takes out what is there and not in the backup, of the chosen labels
    and frames; `skip` leaves tasks that are there alone.
    """

    project_id: int | None = None
    task_id: int | None = None
    mode: Literal["append", "replace", "skip"] = "append"
    users: dict[str, str] = {}
    tasks: list[int] = []
    jobs: list[int] = []
    labels: list[int | str] = []
    frames: list[tuple[int, int]] = []

    def choices(self) -> Choices:
        """As the verbs take it."""
        selection = Selection(tasks=self.tasks, jobs=self.jobs, labels=self.labels, frames=self.frames)
        return Choices(self.mode, selection, self.users)


class TransferredTask(TypedDict):
    """What becomes of a task of the backup, `id` there and `task` here. Objects are counted by kind. `missing_frames`:
    ranges of frames that are other pictures here; `missing_labels`: labels that have objects, and are not here."""

    id: int
    name: str
    task: int | None
    outcome: Literal["added", "changed", "same", "skipped"]
    why: str
    added: dict[str, int]
    removed: dict[str, int]
    same: dict[str, int]
    missing_frames: list[list[int]]
    missing_labels: list[str]


class TransferPlan(TypedDict):
    """What a transfer would change. `new`: what tasks that are added hold, `size` their bytes of media."""

    tasks: list[TransferredTask]
    new: dict[str, int]
    size: int
    not_carried: list[dict[str, str]]
    added: dict[str, int]
    removed: dict[str, int]
    same: dict[str, int]


class TransferView(View):
    """Data of a backup into what is there."""

    methods = {"POST": Method(takes=TransferBody, gives=RqId, status=202, also={409: Detail})}

    def post(self, request: Request, pk: UUID) -> Response:
        """Start transferring."""
        body = self.body(TransferBody)
        target, choices = self.target(body), body.choices()
        return started(
            request,
            lambda: start_transfer(actor=self.actor, now=clock.now(), id=pk, target=target, choices=choices),
        )

    def target(self, body: TransferBody) -> Project | Task:
        """The project or task that the body names.

        Raises:
            BadInput: it names none, or both. NotFound, Forbidden: not one that the actor may change.
        """
        if (body.project_id is None) == (body.task_id is None):
            raise BadInput(["Say into what to transfer: a project_id or a task_id"])
        if body.project_id is not None:
            return get_project(self.actor, body.project_id, "project:update")
        assert body.task_id is not None
        return get_task(self.actor, body.task_id, "task:update")


class TransferPlanView(TransferView):
    """What a transfer would change."""

    methods = {"POST": Method(takes=TransferBody, gives=TransferPlan, also={409: Detail})}
    read_only_methods = View.read_only_methods | {"POST"}

    def post(self, request: Request, pk: UUID) -> Response:
        """Count it."""
        body = self.body(TransferBody)
        target = self.target(body)
        plan = plan_transfer(actor=self.actor, now=clock.now(), id=pk, target=target, choices=body.choices())
        return Response(plan.to_json())


urlpatterns = [
    path("api/backups/<uuid:pk>/transfer", TransferView.as_view()),
    path("api/backups/<uuid:pk>/transfer-plan", TransferPlanView.as_view()),
]
