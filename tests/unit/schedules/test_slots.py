"""When a schedule's backups are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelkeep.errors import BadInput
from labelkeep.schedules.slots import Timing, last_slot, next_slot, next_slots

BERLIN = ZoneInfo("Europe/Berlin")


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=BERLIN, fold=fold)  # type: ignore[arg-type]


def berlin(moments: list[datetime]) -> list[str]:
    return [moment.astimezone(BERLIN).strftime("%m-%d %H:%M%z") for moment in moments]


def test_a_daily_slot_is_the_same_local_time_in_summer_and_winter() -> None:
    timing = Timing("daily", "02:15", zone="Europe/Berlin")
    assert next_slot(timing, local(2026, 7, 1, 3)) == datetime(2026, 7, 2, 0, 15, tzinfo=UTC)
    assert next_slot(timing, local(2026, 12, 1, 3)) == datetime(2026, 12, 2, 1, 15, tzinfo=UTC)


def test_a_time_that_the_clock_skips_comes_right_after_the_gap() -> None:
    timing = Timing("daily", "02:30", zone="Europe/Berlin")
    slots = next_slots(timing, local(2026, 3, 28, 0), 3)
    assert berlin(slots) == ["03-28 02:30+0100", "03-29 03:00+0200", "03-30 02:30+0200"]


def test_a_time_that_comes_twice_is_taken_once() -> None:
    timing = Timing("daily", "02:30", zone="Europe/Berlin")
    assert berlin(next_slots(timing, local(2026, 10, 24, 12), 2)) == ["10-25 02:30+0200", "10-26 02:30+0100"]
    between = local(2026, 10, 25, 2, 45)  # after the first 02:30, before the second
    assert berlin([next_slot(timing, between)]) == ["10-26 02:30+0100"]


def test_hourly_slots_follow_the_hours_that_pass() -> None:
    slots = next_slots(Timing("hourly", "00:30", zone="Europe/Berlin"), local(2026, 10, 25, 1), 4)
    assert all(later - earlier == timedelta(hours=1) for earlier, later in pairwise(slots))


def test_a_weekly_slot_is_on_its_day() -> None:
    slots = next_slots(Timing("weekly", "03:00", weekday=1), datetime(2026, 11, 20, tzinfo=UTC), 3)
    assert [slot.isoweekday() for slot in slots] == [1, 1, 1]
    assert slots[0] == datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "days"),
    [(1, [1] * 12), (29, [28, *[29] * 10]), (30, [28, *[30] * 10]), (31, [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])],
)
def test_a_month_that_is_too_short_has_its_slot_on_its_last_day(day: int, days: list[int]) -> None:
    slots = next_slots(Timing("monthly", "04:00", day=day), datetime(2026, 1, 31, 12, tzinfo=UTC), len(days))
    assert [slot.day for slot in slots] == days


def test_a_cron_expression_is_its_own_timing() -> None:
    timing = Timing("cron", cron="*/20 9-10 * * 1-5", zone="Europe/Berlin")
    slots = next_slots(timing, local(2026, 11, 20, 9, 50), 4)
    assert berlin(slots) == ["11-20 10:00+0100", "11-20 10:20+0100", "11-20 10:40+0100", "11-23 09:00+0100"]


def test_of_missed_slots_the_last_is_known() -> None:
    timing = Timing("daily", "02:30")
    since, until = datetime(2026, 11, 1, 2, 30, tzinfo=UTC), datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert last_slot(timing, since, until) == datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    assert last_slot(timing, since, since + timedelta(hours=23)) is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"frequency": "nightly"}, "frequency"),
        ({"time": "25:00"}, "time"),
        ({"time": "2:30"}, "time"),
        ({"weekday": 0}, "weekday"),
        ({"day": 32}, "day"),
        ({"frequency": "cron", "cron": "* * *"}, "cron"),
        ({"frequency": "cron", "cron": "61 * * * *"}, "cron"),
        ({"frequency": "cron", "cron": "0 0 30 2 *"}, "cron"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
    ],
)
def test_what_is_no_timing_is_refused_by_field(wrong: dict[str, str | int], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        Timing(**wrong)  # type: ignore[arg-type]
    assert field in caught.value.detail


TIMINGS = st.builds(
    Timing,
    st.sampled_from(["hourly", "daily", "weekly", "monthly"]),
    st.times().map(lambda time: f"{time:%H:%M}"),
    st.integers(1, 7),
    st.integers(1, 31),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))
LONGEST = {
    "hourly": timedelta(hours=2),
    "daily": timedelta(hours=26),
    "weekly": timedelta(days=7, hours=2),
    "monthly": timedelta(days=31, hours=2),
}


@given(TIMINGS, MOMENTS)
def test_slots_only_go_forward_and_never_leave_one_out(timing: Timing, after: datetime) -> None:
    slots = [after, *next_slots(timing, after, 6)]
    for earlier, later in pairwise(slots):
        assert timedelta(0) < later - earlier <= LONGEST[timing.frequency]


@given(TIMINGS, MOMENTS)
def test_the_next_slot_is_the_same_from_any_moment_before_it(timing: Timing, after: datetime) -> None:
    slot = next_slot(timing, after)
    assert next_slot(timing, after + (slot - after) / 2) == slot
