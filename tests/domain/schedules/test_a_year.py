"""A year of scheduled backups by a clock of its own, with outages, workers that die, rot and pins (US-02): one backup
for each slot, one for all that an outage has missed, and kept each day is what an oracle keeps that knows nothing of
our code. Where the clocks change is where most of the schedules are set to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support import keeping
from tests.support.projects import a_project, a_task

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.operations import claims
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.retention import Candidate
from labelkeep.schedules.actions.set_schedule import Place, set_schedule
from labelkeep.schedules.models import Due, Schedule
from labelkeep.schedules.retain import retain_all
from labelkeep.schedules.tick import tick
from labelkeep.snapshots.models import Backup

SPRING = datetime(2026, 3, 1, tzinfo=UTC)  # the clocks change on the 8th in New York, on the 29th in Berlin
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Watched:
    """A project, when its backups are due according to a calendar, and what must have become of them."""

    project: Project
    zone: ZoneInfo
    at: time
    weekday: int | None  # 1 Monday to 7; None: daily
    policy: tuple[int | None, ...]  # the fields of a Policy in their order
    due: list[datetime] = field(default_factory=list)
    waiting: datetime | None = None  # the slot whose backup is queued
    made: list[datetime] = field(default_factory=list)  # slots that were backed up, ever
    there: list[Candidate] = field(default_factory=list)  # by slot
    retained_at: datetime | None = None

    def calendar(self, first: datetime, days: int) -> None:
        """Go through the time: the first quarter of an hour of each day in which the wall clock shows the time."""
        seen: set[date] = set()
        for quarter in range((days + 3) * 96):
            moment = first - 2 * DAY + quarter * timedelta(minutes=15)
            local = moment.astimezone(self.zone)
            if local.time() >= self.at and local.date() not in seen:
                seen.add(local.date())
                if moment > first and self.weekday in (None, local.isoweekday()):
                    self.due.append(moment)

    def look(self, moment: datetime) -> None:
        """A worker looks: the latest of the slots that have come is backed up, unless one is being."""
        come = [slot for slot in self.due if slot <= moment]
        self.due = self.due[len(come) :]
        if come and self.waiting is None:
            self.waiting = come[-1]

    def backed_up(self, moment: datetime) -> None:
        """What was queued is done."""
        if self.waiting is not None:
            self.made.append(self.waiting)
            self.there.append(Candidate(self.waiting.isoformat(), moment))
            self.waiting = None

    def retained(self, moment: datetime) -> None:
        """The policy is applied where there is a new backup, and once a day."""
        newest = max((item.created for item in self.there), default=SPRING)
        if self.retained_at is not None and newest < self.retained_at and moment - self.retained_at < DAY:
            return
        self.retained_at = moment
        stay = keeping.kept(self.there, self.policy, self.zone, moment)
        self.there = [item for item in self.there if item.id in stay]

    def rows(self) -> list[tuple[str, bool, str]]:
        """What is there in truth, as `there` would have it."""
        found = Backup.objects.filter(source_uuid=self.project.uuid).order_by("slot")
        return [(row.slot.isoformat(), row.state == "complete", "pinned" * row.pinned) for row in found if row.slot]


class Year:
    """So many days of everything."""

    def __init__(self, watched: list[Watched], patch: pytest.MonkeyPatch, seed: int) -> None:
        self.watched, self._patch, self._random = watched, patch, random.Random(seed)
        self._made: dict[Any, Any] = {}
        self.outages = self.deaths = 0

    def pass_by(self, first: datetime, days: int) -> None:
        """Let it pass; compares at the end of each day."""
        for one in self.watched:
            one.calendar(first, days)
        self._look(first)
        until = first  # nothing runs before
        for moment in self._moments(first, days):
            if moment < until:
                continue
            if self._random.random() < 0.01:
                until = moment + self._random.random() * 6 * DAY
                self.outages += 1
                continue
            self._look(moment)
            if moment.hour == 22:
                self.compare()
                self._accident()

    def compare(self) -> None:
        """One run for each slot, and kept is what is kept."""
        for one in self.watched:
            assert one.rows() == [(item.id, item.counts, item.protected) for item in one.there]
            assert [slot for source, slot in self._made.values() if source == one.project.uuid] == one.made

    def _moments(self, first: datetime, days: int) -> Iterator[datetime]:
        """Each day at any time and towards its end, and every minute around each slot."""
        around = {slot + shift * MINUTE for one in self.watched for slot in one.due for shift in (-1, 0, 1)}
        for day in range(days):
            around |= {
                first + day * DAY + self._random.randrange(1, 1440) * MINUTE,
                first + day * DAY + 22.5 * 60 * MINUTE,
            }
        return iter(sorted(moment for moment in around if moment < first + days * DAY))

    def _look(self, moment: datetime) -> None:
        """What workers do; two look at the same time, and sometimes one dies over what it has begun."""
        self._patch.setattr(clock, "now", lambda: moment)
        tick(moment)
        assert tick(moment) == 0
        for one in self.watched:
            one.look(moment)
        dead = self._dies(moment)
        run_queued()
        for one in self.watched:
            if dead is None or one.project.pk != dead.project_id:
                one.backed_up(moment)
        self._made |= {row.pk: (row.source_uuid, row.slot) for row in Backup.objects.filter(created_date=moment)}
        retain_all(moment)
        for one in self.watched:
            one.retained(moment)

    def _dies(self, moment: datetime) -> Operation | None:
        if self._random.random() > 0.04 or Operation.objects.filter(status=Status.STARTED).exists():
            return None
        taken = claims.claim_next("killed", moment)
        self.deaths += taken is not None
        return taken

    def _accident(self) -> None:
        """Now and then a check finds a backup damaged, or somebody pins one."""
        one = self._random.choice(self.watched)
        good = [place for place, item in enumerate(one.there) if item.counts and not item.protected]
        if not good or self._random.random() > 0.15:
            return
        place = self._random.choice(good)
        row = Backup.objects.filter(source_uuid=one.project.uuid, slot=datetime.fromisoformat(one.there[place].id))
        if self._random.random() < 0.7:
            row.update(state="damaged")
            one.there[place] = replace(one.there[place], counts=False)
        else:
            row.update(pinned=True)
            one.there[place] = replace(one.there[place], protected="pinned")


@pytest.fixture
def watched(alice: User) -> list[Watched]:
    """Daily as the story has it, weekly on the day on which clocks change, and where they change by half an hour."""
    Schedule.objects.create(zone="UTC")
    broken = a_task(alice, name="cannot be backed up", frames=1)
    broken.frames_document = "b3:" + "0" * 64
    broken.save()
    return [
        _watched(alice, "Europe/Berlin", time(2, 30), None, daily=7, weekly=4, monthly=12),
        _watched(alice, "America/New_York", time(2, 30), 7, last=2, yearly=3, max_age_days=100),
        _watched(alice, "Australia/Lord_Howe", time(2, 15), None, last=7),
    ]


def _watched(alice: User, zone: str, at: time, weekday: int | None, **policy: int) -> Watched:
    project = a_project(alice, zone)
    frequency = {"frequency": "weekly", "weekday": weekday} if weekday else {"frequency": "daily"}
    changes = {**frequency, "zone": zone, "time": f"{at:%H:%M}", "retention": policy}
    set_schedule(actor=Actor.of(alice), place=Place(project), changes=changes)
    names = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
    values = (*(policy.get(name, 0) for name in names), policy.get("max_age_days"))
    return Watched(project, ZoneInfo(zone), at, weekday, values)


def goes_by(watched: list[Watched], patch: pytest.MonkeyPatch, days: int, seed: int) -> Year:
    """A year, or a part of one."""
    year = Year(watched, patch, seed)
    year.pass_by(SPRING, days)
    assert Due.objects.count() == 4
    return year


def test_six_weeks_keep_what_the_oracle_keeps(watched: list[Watched], monkeypatch: pytest.MonkeyPatch) -> None:
    year = goes_by(watched, monkeypatch, 42, seed=3)
    assert (year.outages > 1, year.deaths > 1) == (True, True)
    broken = Operation.objects.get(kind="backup:task")
    assert (broken.status, broken.created_date > SPRING + 40 * DAY) == ("failed", True), "it was tried to the end"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_400_days_keep_what_the_oracle_keeps(
    watched: list[Watched], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    year = goes_by(watched, monkeypatch, 400, seed)
    assert (year.outages >= 10, year.deaths >= 15) == (True, True)
    assert all(len(one.made) > 40 for one in watched)
