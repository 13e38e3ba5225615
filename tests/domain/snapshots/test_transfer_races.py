"""Somebody draws while a transfer is prepared: it is prepared anew, and nothing of either is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from tests.support.annotations import a_box
from tests.support.kinds import LATER, add, annotate, ids_of
from tests.support.projects import a_task, jobs_of

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Task
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.transfer_backup import Choices, start_transfer


class Drawing:
    """Draws a box on the task when the quota is asked for, which is right before publishing; so many times."""

    def __init__(self, alice: User, task: Task, times: int) -> None:
        self.alice, self.task, self.left = alice, task, times

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Wraps a statement."""
        if self.left and sql.startswith("SELECT") and "accounts_quota" in sql:
            self.left -= 1
            box = a_box(ids_of(self.task)["cat"], 1, [50 + self.left, 50, 60, 60])
            add(self.alice, jobs_of(self.task)[0], shapes=[box])
        return execute(sql, params, many, context)


@pytest.fixture
def task(alice: User) -> Task:
    found = a_task(alice, frames=2)
    annotate(alice, found, shapes=[a_box(ids_of(found)["cat"], frame) for frame in range(2)])
    return found


def test_what_is_drawn_meanwhile_stays(alice: User, task: Task) -> None:
    backup = capture(actor=Actor.of(alice), kind="task", id=task.pk, now=LATER)
    annotate(alice, task, tags=[])
    start_transfer(actor=Actor.of(alice), now=LATER, id=backup.pk, target=task, choices=Choices())
    drawing = Drawing(alice, task, times=2)
    with connection.execute_wrapper(drawing):
        run_queued()
    operation = Operation.objects.get(kind="transfer:task")
    assert (operation.status, drawing.left) == ("finished", 0)
    assert sum(sum(kinds.values()) for job in jobs_of(task) for kinds in job.counts.values()) == 4
    safety = Backup.objects.get(trigger=Backup.Trigger.SAFETY)
    assert str(safety.pk) == operation.result["safety"]
    assert safety.counts["shapes"] == 2  # those that were drawn meanwhile, and none of the backup's
