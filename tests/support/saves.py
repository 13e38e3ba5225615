"""Saving and reading annotations through the verbs, with bodies as the wire has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.projects import saved
from labelkeep.projects.models import Job, Task
from tests.support.annotations import NOW, a_box, received, sent

LATER = NOW + timedelta(minutes=5)


def put(user: User, place: Job | Task, **lists: Any) -> None:
    """Replace all: put(alice, task, shapes=[…])."""
    saved.replace(Actor.of(user), place, sent(lists), now=LATER)


def patch(user: User, place: Job | Task, action: Any, **lists: Any) -> dict[str, Any]:
    """Create, update or delete some; what was affected."""
    return received(saved.patch(Actor.of(user), place, action, sent(lists), now=LATER))


def seen(user: User, place: Job | Task) -> dict[str, Any]:
    """What the user sees there."""
    actor = Actor.of(user)
    return received(saved.view_job(actor, place) if isinstance(place, Job) else saved.view_task(actor, place))


def first_job(task: Task) -> Job:
    """The job with the first frames."""
    return Job.objects.select_related("task__project").filter(task=task).order_by("start_frame")[0]


def boxes(label_id: int, *frames: int) -> list[dict[str, Any]]:
    """A rectangle on each of these frames."""
    return [a_box(label_id, frame) for frame in frames]
