"""Who gets an operation, for how long, and what happens to it when they go silent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.support.operations import an_operation

from labelkeep.accounts.models import User
from labelkeep.operations import claims
from labelkeep.operations.embedded import predecessors_of
from labelkeep.operations.models import Operation, Status

SILENT = claims.LEASE + timedelta(seconds=1)


def test_the_oldest_is_claimed_first(alice: User, now: datetime) -> None:
    an_operation(alice, now, "action=export&target=task&target_id=2")
    an_operation(alice, now - timedelta(seconds=1), "action=export&target=task&target_id=1")
    claimed = claims.claim_next("w", now)
    assert claimed is not None
    assert claimed.key.endswith("=1")
    assert (claimed.status, claimed.worker, claimed.generation, claimed.attempts) == (Status.STARTED, "w", 1, 1)
    assert claimed.lease_until == now + claims.LEASE


def test_of_two_that_saw_the_same_row_one_gets_it(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    first, second = Operation.objects.get(), Operation.objects.get()
    assert claims.claim(first, "a", now)
    assert not claims.claim(second, "b", now)
    assert Operation.objects.get().worker == "a"


def test_nothing_to_do_is_none(alice: User, now: datetime) -> None:
    assert claims.claim_next("w", now) is None
    an_operation(alice, now)
    claims.claim_next("w", now)
    assert claims.claim_next("other", now) is None


def test_a_renewed_lease_is_respected_and_one_that_ran_out_is_not(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    claimed = claims.claim_next("a", now)
    assert claimed is not None
    assert claims.renew(claimed, now + timedelta(seconds=10), progress=0.5)
    assert claims.claim_next("b", now + timedelta(seconds=20)) is None
    again = claims.claim_next("b", now + timedelta(seconds=10) + SILENT)
    assert again is not None
    assert (again.worker, again.generation, again.attempts, again.progress) == ("b", 2, 2, 0.0)


def test_who_was_given_away_can_change_nothing_any_more(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    old = claims.claim_next("a", now)
    new = claims.claim_next("b", now + SILENT)
    assert old is not None
    assert new is not None
    assert not claims.renew(old, now)
    assert not claims.finish(old, {"from": "the dead"}, now)
    assert not claims.fail(old, "too late", now)
    assert not claims.give_back(old)
    assert claims.finish(new, {"from": "the living"}, now)
    assert Operation.objects.get().result == {"from": "the living"}


def test_after_three_silent_attempts_it_fails_and_says_so(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    for attempt in range(claims.ATTEMPTS):
        assert claims.claim_next("w", now + attempt * SILENT) is not None
    Operation.objects.update(progress=0.25, message="reading page 3")
    assert claims.claim_next("w", now + claims.ATTEMPTS * SILENT) is None
    operation = Operation.objects.get()
    assert operation.status == Status.FAILED
    assert operation.message == (
        "Given up: the worker died in each of 3 attempts. The last one was at 25%: reading page 3"
    )


def test_a_clean_stop_does_not_count_as_an_attempt(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    for _ in range(claims.ATTEMPTS + 2):
        claimed = claims.claim_next("w", now)
        assert claimed is not None
        assert claims.give_back(claimed)
    assert Operation.objects.get().attempts == 0


def test_what_is_to_be_tried_later_waits(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    claimed = claims.claim_next("w", now)
    assert claimed is not None
    claims.give_back(claimed, not_before=now + timedelta(seconds=4), message="away", spent=True)
    assert claims.claim_next("w", now + timedelta(seconds=3)) is None
    assert claims.claim_next("w", now + timedelta(seconds=4)) is not None


@pytest.mark.parametrize("is_started", [False, True])
def test_a_cancelled_operation_is_fenced_off(alice: User, now: datetime, is_started: bool) -> None:
    operation = an_operation(alice, now)
    held = claims.claim_next("w", now) if is_started else None
    assert claims.cancel(operation, now)
    assert not claims.cancel(operation, now)
    assert claims.claim_next("w", now + SILENT) is None
    if held is not None:
        assert not claims.finish(held, {}, now)
    assert Operation.objects.get().status == Status.CANCELLED


def test_what_has_ended_cannot_be_cancelled(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    claimed = claims.claim_next("w", now)
    assert claimed is not None
    claims.finish(claimed, {}, now)
    assert not claims.cancel(claimed, now)


def test_a_worker_takes_over_from_the_one_it_replaces_and_from_earlier_runs_only(alice: User, now: datetime) -> None:
    holders = ["serve:here-run:1:1", "serve:here-run:2:1", "serve:here-old:1:1", "manual:host:5", "serve:here-run:1:2"]
    holders.append("serve:there-old:1:1")  # a server elsewhere, which may well be alive
    for number, holder in enumerate(holders):
        an_operation(alice, now, f"action=export&target=task&target_id={number}")
        assert claims.claim_next(holder, now) is not None
    dead = predecessors_of("serve:here-run:1:2", "worker")
    assert dead is not None
    assert claims.release(dead, now) == 2
    due = set(claims.due(now).values_list("worker", flat=True))
    assert due == {"serve:here-run:1:1", "serve:here-old:1:1"}
