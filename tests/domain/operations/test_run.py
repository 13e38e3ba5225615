"""What an attempt leaves in the row, whatever the handler does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.operations import an_operation, carried_out_by, discarded_by

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Cancelled, Refused, Unavailable
from labelkeep.findings import Finding, Level
from labelkeep.operations import claims
from labelkeep.operations.attempt import carry_out
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.operations.work import Work


def _run(owner: User, now: datetime, function: Any, **fields: Any) -> Operation:
    an_operation(owner, now, **fields)
    with carried_out_by(function):
        (operation,) = run_queued(now)
    return operation


def test_the_result_of_the_handler_is_kept(alice: User, now: datetime) -> None:
    operation = _run(
        alice, now, lambda operation, work: {"answer": operation.params["question"] * 2}, params={"question": 21}
    )
    assert (operation.status, operation.result, operation.progress) == (Status.FINISHED, {"answer": 42}, 1.0)
    assert operation.finished_date is not None
    assert operation.expiry_date is not None
    assert operation.expiry_date - operation.finished_date == timedelta(hours=24)


def test_our_own_errors_are_told_as_they_are(alice: User, now: datetime) -> None:
    def refuse(operation: Operation, work: Work) -> dict[str, Any]:
        raise BadInput("the archive has no task.json")

    operation = _run(alice, now, refuse)
    assert (operation.status, operation.message) == (Status.FAILED, "the archive has no task.json")


def test_other_errors_keep_their_last_line(alice: User, now: datetime) -> None:
    def break_down(operation: Operation, work: Work) -> dict[str, Any]:
        raise RuntimeError("while doing this\nand that:\n  the cable was pulled  \n")

    operation = _run(alice, now, break_down)
    assert (operation.status, operation.message) == (Status.FAILED, "RuntimeError: the cable was pulled")


def test_a_refusal_lists_its_findings(alice: User, now: datetime) -> None:
    findings = [
        Finding(Level.WARNING, "odd-name", "has an odd name", "data/ .jpg"),
        Finding(Level.ERROR, "crc", "does not match its checksum", "data/1.jpg"),
    ]

    def refuse(operation: Operation, work: Work) -> dict[str, Any]:
        raise Refused(findings)

    operation = _run(alice, now, refuse)
    assert operation.message == "data/1.jpg: does not match its checksum"
    assert operation.result == {"findings": [finding.to_json() for finding in findings], "findings_count": 2}


def test_an_unknown_kind_fails_and_says_so(alice: User, now: datetime) -> None:
    an_operation(alice, now, kind="export:nobody")
    (operation,) = run_queued(now)
    assert (operation.status, operation.message) == (Status.FAILED, "nothing here can carry out 'export:nobody'")


def test_a_passing_failure_is_tried_again_later_and_not_for_ever(alice: User, now: datetime) -> None:
    def away(operation: Operation, work: Work) -> dict[str, Any]:
        raise Unavailable("the bucket does not answer")

    operation = _run(alice, now, away)
    assert (operation.status, operation.message, operation.attempts) == (Status.QUEUED, "the bucket does not answer", 1)
    with carried_out_by(away):
        assert run_queued(now) == []  # not at once
        run_queued(now + timedelta(days=1))
        run_queued(now + timedelta(days=2))
    operation.refresh_from_db()
    assert (operation.status, operation.message) == (Status.FAILED, "the bucket does not answer")


def test_what_is_published_and_the_end_are_one_commit(alice: User, now: datetime) -> None:
    def publish(operation: Operation, work: Work) -> dict[str, Any]:
        with work.publish() as publication:
            User.objects.filter(pk=alice.pk).update(last_name="Published")
            publication.finish({"id": 5})
        assert Operation.objects.get().status == Status.FINISHED
        return {"id": 6}  # the publication has the last word

    operation = _run(alice, now, publish)
    assert (operation.status, operation.result) == (Status.FINISHED, {"id": 5})


def test_a_worker_that_wakes_after_its_work_was_given_away_publishes_nothing(alice: User, now: datetime) -> None:
    def slow(operation: Operation, work: Work) -> dict[str, Any]:
        later = now + claims.LEASE + timedelta(seconds=1)
        again = claims.claim_next("other", later)
        assert again is not None
        assert again.generation == operation.generation + 1
        with work.publish():
            User.objects.filter(pk=alice.pk).update(last_name="Twice")
        return {}

    operation = an_operation(alice, now)
    with carried_out_by(slow):
        claimed = claims.claim_next("first", now)
        assert claimed is not None
        carry_out(claimed, Work(claimed))
    operation.refresh_from_db()
    alice.refresh_from_db()
    assert (operation.status, operation.worker, operation.attempts) == (Status.STARTED, "other", 2)
    assert alice.last_name == ""


def test_cancelling_a_started_operation_stops_it_at_the_next_progress(alice: User, now: datetime) -> None:
    seen: list[Path] = []

    def cancelled_midway(operation: Operation, work: Work) -> dict[str, Any]:
        (work.tmp / "big").write_bytes(b"x" * 1000)
        seen.append(work.tmp)
        claims.cancel(operation, now)
        with pytest.raises(Cancelled):
            work.progress(0.5)
        work.check()
        raise AssertionError("check came back")

    operation = _run(alice, now, cancelled_midway)
    assert (operation.status, operation.result) == (Status.CANCELLED, {})
    assert not seen[0].exists()


def test_progress_never_moves_back(alice: User, now: datetime) -> None:
    seen: list[float] = []

    def wavering(operation: Operation, work: Work) -> dict[str, Any]:
        for fraction in (0.1, 0.6, 0.3, 7.0):
            work.progress(fraction, f"at {fraction}")
            work.beat()
            seen.append(Operation.objects.get().progress)
        return {}

    _run(alice, now, wavering)
    assert seen == [0.1, 0.6, 0.6, 1.0]


def test_progress_is_not_written_more_often_than_needed(
    alice: User, now: datetime, django_assert_max_num_queries: Any
) -> None:
    def busy(operation: Operation, work: Work) -> dict[str, Any]:
        with django_assert_max_num_queries(20):
            for number in range(10_000):
                work.progress(number / 10_000)
        return {}

    assert _run(alice, now, busy).status == Status.FINISHED


@pytest.mark.parametrize("end", ["finished", "published", "failed", "given up"])
def test_what_was_taken_for_it_is_freed_once_it_has_ended(alice: User, now: datetime, end: str) -> None:
    freed: list[str] = []

    def run(operation: Operation, work: Work) -> dict[str, Any]:
        assert not freed
        if end == "published":
            with work.publish() as publication:
                publication.finish({})
        if end == "failed":
            raise BadInput("no")
        return {}

    with carried_out_by(run), discarded_by(lambda operation: freed.append(operation.key)):
        operation = an_operation(alice, now)
        if end == "given up":
            Operation.objects.update(attempts=claims.ATTEMPTS)
        run_queued(now)
    assert freed == [operation.key]


def test_what_was_taken_for_it_stays_when_another_attempt_will_need_it(alice: User, now: datetime) -> None:
    freed: list[str] = []

    def away(operation: Operation, work: Work) -> dict[str, Any]:
        raise Unavailable("later")

    def given_away(operation: Operation, work: Work) -> dict[str, Any]:
        assert claims.claim_next("other", now + claims.LEASE * 2) is not None
        raise BadInput("said by one who has lost it")

    with discarded_by(lambda operation: freed.append(operation.key)):
        an_operation(alice, now)
        with carried_out_by(away):
            run_queued(now)
        Operation.objects.update(lease_until=None)
        with carried_out_by(given_away):
            run_queued(now)
    assert freed == []
    assert Operation.objects.get().status == Status.STARTED


def test_a_failure_to_free_does_not_change_the_end(alice: User, now: datetime) -> None:
    def broken(operation: Operation) -> None:
        raise OSError("disk")

    with discarded_by(broken):
        assert _run(alice, now, lambda *_: {}).status == Status.FINISHED
