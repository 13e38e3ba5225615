"""Starting: one operation of a key at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from tests.support.operations import an_operation

from labelkeep.accounts.models import User
from labelkeep.errors import AlreadyRunning
from labelkeep.operations import claims, expiry, temporary
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.work import Work


@pytest.mark.parametrize("is_started", [False, True])
def test_the_same_again_is_refused_while_it_is_under_way(alice: User, now: datetime, is_started: bool) -> None:
    operation = an_operation(alice, now)
    if is_started:
        claims.claim_next("w", now)
    with pytest.raises(AlreadyRunning) as refused:
        an_operation(alice, now)
    assert refused.value.key == operation.key
    assert Operation.objects.count() == 1


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_one_that_has_ended_is_replaced(alice: User, now: datetime, end: str) -> None:
    first = an_operation(alice, now)
    claimed = claims.claim_next("w", now)
    assert claimed is not None
    {
        "finish": lambda: claims.finish(claimed, {}, now),
        "fail": lambda: claims.fail(claimed, "no", now),
        "cancel": lambda: claims.cancel(claimed, now),
    }[end]()
    second = an_operation(alice, now)
    assert first.pk != second.pk
    assert list(Operation.objects.values_list("pk", "status")) == [(second.pk, Status.QUEUED)]


def test_it_vanishes_with_the_transaction_that_started_it(alice: User, now: datetime) -> None:
    with transaction.atomic():
        an_operation(alice, now)
        transaction.set_rollback(True)
    assert not Operation.objects.exists()


def test_a_refused_start_leaves_the_callers_transaction_usable(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    with transaction.atomic():
        with pytest.raises(AlreadyRunning):
            an_operation(alice, now)
        User.objects.filter(pk=alice.pk).update(last_name="Still")
    alice.refresh_from_db()
    assert alice.last_name == "Still"


def test_action_and_target_follow_from_the_kind(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now, kind="create:task", target="")
    assert (operation.action, operation.target) == ("create", "task")


@pytest.mark.parametrize(
    ("kind", "end", "kept"),
    [
        ("export:backup", "finish", timedelta(hours=24)),
        ("import:backup", "finish", timedelta(hours=1)),
        ("create:task", "finish", timedelta(hours=24)),
        ("export:backup", "fail", timedelta(days=30)),
    ],
)
def test_ended_operations_are_kept_for_a_while_and_then_removed(
    alice: User, now: datetime, kind: str, end: str, kept: timedelta
) -> None:
    an_operation(alice, now, kind=kind)
    claimed = claims.claim_next("w", now)
    assert claimed is not None
    assert claims.finish(claimed, {}, now) if end == "finish" else claims.fail(claimed, "no", now)
    assert Operation.objects.get().expiry_date == now + kept
    assert expiry.remove_expired(now + kept) == 0
    assert expiry.remove_expired(now + kept + timedelta(seconds=1)) == 1


def test_what_is_under_way_never_expires(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    claims.claim_next("w", now)
    assert expiry.remove_expired(now + timedelta(days=400)) == 0


def test_directories_of_dead_attempts_are_removed_and_those_of_living_ones_stay(alice: User, now: datetime) -> None:
    an_operation(alice, now)
    old = claims.claim_next("a", now)
    assert old is not None
    (Work(old).tmp / "file").write_text("left behind")
    new = claims.claim_next("b", now + claims.LEASE * 2)
    assert new is not None
    (Work(new).tmp / "file").write_text("in use")
    temporary.remove_dead()
    assert not temporary.directory_of(old).exists()
    assert (temporary.directory_of(new) / "file").exists()
    Work(new).close()
    assert not temporary.directory_of(new).exists()
