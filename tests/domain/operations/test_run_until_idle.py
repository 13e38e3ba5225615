"""What a single command's helper does: all that is queued, then it ends."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.support.operations import KIND, an_operation, carried_out_by

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_until_idle
from labelkeep.operations.work import Work

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def _key(number: int) -> str:
    return f"action=export&target=task&target_id={number}"


def test_it_carries_out_all_and_what_that_queues(alice: User, now: datetime) -> None:
    def work_once_more(operation: Operation, work: Work) -> dict[str, Any]:
        if operation.key == _key(2):
            an_operation(alice, clock.now(), _key(3))
        return {}

    with carried_out_by(work_once_more):
        for number in (1, 2):
            an_operation(alice, now, _key(number))
        run_until_idle("command:test", threading.Event(), lambda: False)
    assert list(Operation.objects.values_list("status", flat=True)) == [Status.FINISHED] * 3


def test_it_waits_for_what_others_do_and_takes_it_over_when_they_fall_silent(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now)
    Operation.objects.update(
        status=Status.STARTED, worker="dead", lease_until=clock.now() + timedelta(seconds=0.3), attempts=1
    )
    with carried_out_by(lambda operation, work: {"by": operation.worker}):
        run_until_idle("command:test", threading.Event(), lambda: False)
    operation.refresh_from_db()
    assert (operation.status, operation.result) == (Status.FINISHED, {"by": "command:test"})


def test_it_ends_between_two_when_others_are_here(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    Operation.objects.update(lease_until=clock.now() + timedelta(days=1))  # to be tried again tomorrow
    run_until_idle("command:test", threading.Event(), lambda: True)
    assert Operation.objects.get().status == Status.QUEUED


def test_it_gives_back_what_it_has_when_it_is_told_to_stop(alice: User, now: datetime) -> None:
    stop = threading.Event()

    def stopped_midway(operation: Operation, work: Work) -> dict[str, Any]:
        stop.set()
        work.check()
        raise AssertionError("check came back")

    an_operation(alice, now)
    with carried_out_by(stopped_midway, KIND):
        run_until_idle("command:test", stop, lambda: False)
    assert Operation.objects.get().status == Status.QUEUED
