"""Which backups are kept, and what is said about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import keeping

from labelkeep.errors import BadInput
from labelkeep.retention import DEFAULT, Candidate, Decision, Policy, decide

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def daily(count: int, **changes: bool | str) -> list[Candidate]:
    """One a day, the newest today: named by how many days old they are."""
    return [Candidate(str(age), NOON - timedelta(days=age), **changes) for age in range(count)]  # type: ignore[arg-type]


def kept(decisions: list[Decision]) -> set[str]:
    return {decision.id for decision in decisions if decision.keep}


def reasons(decisions: list[Decision], id: str) -> tuple[str, ...]:
    return next(decision.reasons for decision in decisions if decision.id == id)


def test_by_default_the_seven_newest_are_kept() -> None:
    decisions = decide(daily(10), DEFAULT, BERLIN, NOON)
    assert kept(decisions) == {str(age) for age in range(7)}
    assert reasons(decisions, "0") == ("last 1 of 7",)
    assert reasons(decisions, "7") == ("no rule keeps it",)


def test_a_backup_that_two_rules_keep_says_both() -> None:
    decisions = decide(daily(3), Policy(last=1, daily=2), BERLIN, NOON)
    assert reasons(decisions, "0") == ("last 1 of 1", "daily 2026-11-20")
    assert kept(decisions) == {"0", "1"}


def test_a_day_is_a_day_of_the_owners_zone() -> None:
    late, early = datetime(2026, 6, 1, 21, 30, tzinfo=UTC), datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # 23:30 and 00:30
    both = [Candidate("late", late), Candidate("early", early)]
    assert kept(decide(both, Policy(daily=2), BERLIN, early)) == {"late", "early"}
    assert kept(decide(both, Policy(daily=2), ZoneInfo("UTC"), early)) == {"early"}


def test_the_hour_that_comes_twice_in_autumn_is_two_hours() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # both 02:30
    both = [Candidate("first", first), Candidate("second", second)]
    assert kept(decide(both, Policy(hourly=2), BERLIN, second)) == {"first", "second"}


def test_protected_backups_are_kept_and_do_not_count() -> None:
    pinned = [Candidate("pinned", NOON - timedelta(hours=1), protected="pinned")]
    decisions = decide([*daily(10), *pinned], DEFAULT, BERLIN, NOON)
    assert kept(decisions) == {str(age) for age in range(7)} | {"pinned"}
    assert reasons(decisions, "pinned") == ("pinned",)


def test_a_damaged_backup_does_not_take_the_place_of_a_good_one() -> None:
    damaged = [Candidate("new and damaged", NOON + timedelta(hours=1), counts=False)]
    decisions = decide([*daily(10), *damaged], DEFAULT, BERLIN, NOON + timedelta(hours=2))
    assert kept(decisions) == {str(age) for age in range(7)} | {"new and damaged"}


def test_a_damaged_backup_goes_when_all_that_is_kept_is_newer() -> None:
    old = [Candidate("old and damaged", NOON - timedelta(days=30), counts=False)]
    decisions = decide([*daily(10), *old], DEFAULT, BERLIN, NOON)
    assert "old and damaged" not in kept(decisions)
    assert reasons(decisions, "old and damaged") == ("damaged, and all that is kept is newer",)


def test_maximum_age_takes_away_what_other_rules_keep() -> None:
    decisions = decide(daily(10), Policy(last=7, max_age_days=3), BERLIN, NOON)
    assert kept(decisions) == {"0", "1", "2", "3"}
    assert reasons(decisions, "4") == ("older than 3 days",)


def test_maximum_age_alone_keeps_all_that_is_younger() -> None:
    assert kept(decide(daily(10), Policy(max_age_days=4), BERLIN, NOON)) == {"0", "1", "2", "3", "4"}


def test_the_last_good_backup_is_never_removed() -> None:
    old = [Candidate("only good", NOON - timedelta(days=400)), *daily(3, counts=False)]
    decisions = decide(old, Policy(last=3, max_age_days=30), BERLIN, NOON)
    assert "only good" in kept(decisions)
    assert reasons(decisions, "only good") == ("the last good backup",)


def test_what_is_being_made_is_never_removed_and_does_not_count() -> None:
    making = [Candidate("making", NOON + timedelta(minutes=1), under_way=True)]
    decisions = decide([*daily(2), *making], Policy(last=1), BERLIN, NOON)
    assert kept(decisions) == {"0", "making"}


@pytest.mark.parametrize(
    "wrong", [{}, {"last": 0}, {"last": -1}, {"max_age_days": 0}, {"last": True}, {"last": "7"}, {"nightly": 3}]
)
def test_a_policy_that_keeps_nothing_or_is_no_policy_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Policy.of(wrong)


def test_a_policy_comes_back_from_json() -> None:
    policy = Policy(last=3, weekly=4, max_age_days=90)
    assert Policy.of(policy.to_json()) == policy


# ---- against an oracle that knows each rule in its plainest words ---------------------------------------------------

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
CANDIDATES = st.lists(
    st.builds(
        lambda created, counts, protected: (created, counts, protected),
        MOMENTS,
        st.booleans(),
        st.sampled_from(["", "", "", "pinned", "safety"]),
    ),
    max_size=40,
).map(lambda rows: [Candidate(f"{n:03}", *row) for n, row in enumerate(rows)])
COUNTS = st.integers(0, 6)
POLICIES = st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, st.none() | st.integers(1, 200)).filter(
    lambda values: any(values[:6]) or values[6] is not None
)


@given(CANDIDATES, POLICIES)
def test_the_kept_set_is_the_oracles(candidates: list[Candidate], values: tuple[int, ...]) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    decisions = decide(candidates, Policy(*values), BERLIN, now)
    unprotected = {item.id for item in candidates if item.counts and not item.protected}
    oracle = keeping.wanted(candidates, values, BERLIN, now)
    extra = (kept(decisions) & unprotected) - oracle
    assert oracle <= kept(decisions)
    assert kept(decisions) == keeping.kept(candidates, values, BERLIN, now)
    assert all(reasons(decisions, id) == ("the last good backup",) for id in extra)
    assert {item.id for item in candidates if item.protected} <= kept(decisions)
    assert all(decision.reasons for decision in decisions)
    if any(item.counts for item in candidates):
        assert kept(decisions) & {item.id for item in candidates if item.counts}


@given(CANDIDATES, POLICIES)
def test_deciding_again_after_removing_removes_nothing_more(
    candidates: list[Candidate], values: tuple[int, ...]
) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    first = kept(decide(candidates, Policy(*values), BERLIN, now))
    left = [item for item in candidates if item.id in first]
    assert kept(decide(left, Policy(*values), BERLIN, now)) == first
