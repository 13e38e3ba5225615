"""How often something may be tried: windows, pauses, and what is counted together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labelkeep.accounts.attempts import ACCOUNT, ADDRESS, FORGOTTEN, LETTERS_TO, Counter, begin, network, spend
from labelkeep.accounts.login import log_in
from labelkeep.accounts.models import LoginAttempts, User
from labelkeep.errors import TooOften

HERE = "192.0.2.7"
SECOND = timedelta(seconds=1)


def fail(times: int, now: datetime, *counters: Counter) -> None:
    for _ in range(times):
        begin(now, *counters).failed()


def wait(now: datetime, *counters: Counter) -> int:
    try:
        begin(now, *counters)
    except TooOften as error:
        return error.seconds
    return 0


def test_an_address_has_a_hundred_failures_a_minute(now: datetime) -> None:
    fail(100, now, (ADDRESS, HERE))
    assert wait(now + 20 * SECOND, (ADDRESS, HERE)) == 40
    assert wait(now, (ADDRESS, "192.0.2.8")) == 0
    assert wait(now + 60 * SECOND, (ADDRESS, HERE)) == 0


def test_an_account_has_ten_and_then_one_a_minute_for_ever(now: datetime) -> None:
    fail(10, now, (ACCOUNT, "7"))
    for _ in range(8):
        assert wait(now, (ACCOUNT, "7")) == 60
        now += 60 * SECOND
        fail(1, now, (ACCOUNT, "7"))
    assert 0 < wait(now, (ACCOUNT, "7")) <= 60


def test_a_success_clears_the_account_and_not_the_address(alice: User, now: datetime) -> None:
    fail(9, now, (ADDRESS, HERE), (ACCOUNT, str(alice.pk)))
    assert log_in(name="alice", password="correct horse battery", address=HERE, now=now) == alice
    assert [row.count for row in LoginAttempts.objects.all()] == [9]
    fail(91, now, (ADDRESS, HERE))
    assert wait(now, (ADDRESS, HERE)) == 60


def test_both_names_of_an_account_are_one_account(alice: User, now: datetime) -> None:
    for name in ("alice", "ALICE", "alice@example.com", "Alice@Example.com") * 3:
        try:
            log_in(name=name, password="wrong", address=HERE, now=now)
        except TooOften:
            break
    with pytest.raises(TooOften):
        log_in(name="alice", password="correct horse battery", address="198.51.100.1", now=now)


def test_names_that_nobody_has_are_slowed_down_in_the_same_way(db: None, now: datetime) -> None:
    for _ in range(10):
        assert log_in(name="nobody", password="x", address=HERE, now=now) is None
    with pytest.raises(TooOften):
        log_in(name="Nobody", password="x", address=HERE, now=now)


def test_only_failures_cost_a_write(alice: User, now: datetime) -> None:
    with CaptureQueriesContext(
        connection,
    ) as done:
        log_in(name="alice", password="correct horse battery", address=HERE, now=now)
    assert not [query["sql"] for query in done if not query["sql"].startswith("SELECT")]


def test_letters_count_however_they_end(now: datetime) -> None:
    for _ in range(5):
        spend(now, (LETTERS_TO, "a@example.com"))
    with pytest.raises(TooOften):
        spend(now + 3599 * SECOND, (LETTERS_TO, "a@example.com"))
    spend(now + 3600 * SECOND, (LETTERS_TO, "a@example.com"))


def test_rows_say_nothing_of_whom_they_are_about_and_do_not_stay(now: datetime) -> None:
    fail(1, now, (ADDRESS, HERE), (ACCOUNT, "7"))
    assert not [row for row in LoginAttempts.objects.all() if HERE in row.subject or len(row.subject) != 64]
    fail(1, now + FORGOTTEN + SECOND, (ACCOUNT, "8"))
    assert LoginAttempts.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("age", [None, 2 * ADDRESS.window])
def test_failures_at_the_same_time_are_all_counted(now: datetime, age: timedelta | None) -> None:
    if age is not None:
        fail(3, now - age, (ADDRESS, HERE))
    together = threading.Barrier(4)

    def guess(_: int) -> None:
        together.wait()
        fail(5, now, (ADDRESS, HERE))
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guess, range(4)))
    assert [row.count for row in LoginAttempts.objects.all()] == [20]


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("192.0.2.7") == "192.0.2.7"
    assert network("") == ""
