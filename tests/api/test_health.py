"""GET /health: what monitors see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from tests.support.api import client_for
from tests.support.operations import an_operation

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.operations import claims
from labelkeep.operations.models import Worker


def a_worker(seen_before: timedelta = timedelta(0)) -> None:
    seen = clock.now() - seen_before
    Worker.objects.create(name="w", pid=1, started_date=seen, seen_date=seen)


def test_all_is_well_and_anybody_may_ask() -> None:
    a_worker()
    answer = client_for().get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "database": "ok", "store": "ok", "workers": "ok"},
    )


def test_without_workers_nothing_would_ever_be_carried_out() -> None:
    a_worker(seen_before=timedelta(minutes=1))
    answer = client_for().get("/health")
    assert (answer.status_code, answer.json()["workers"]) == (503, "none heard of lately")


def test_a_worker_that_is_busy_is_there(alice: User) -> None:
    an_operation(alice, clock.now())
    claims.claim_next("w", clock.now())
    assert client_for().get("/health").json()["workers"] == "ok"


def test_a_store_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    a_worker()
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    answer = client_for().get("/health")
    assert (answer.status_code, answer.json()["store"]) == (503, "cannot be written: No space left on device")


def test_a_database_that_does_not_answer_is_told() -> None:
    def away(*_: object) -> None:
        raise DatabaseError("gone")

    with connection.execute_wrapper(away):
        answer = client_for().get("/health")
    assert answer.status_code == 503
    assert answer.json() | {"store": ""} == {
        "status": "failing",
        "database": "does not answer",
        "store": "",
        "workers": "unknown",
    }


def test_it_only_looks() -> None:
    assert client_for().post("/health").status_code == 405
