"""Chores: done about as often as they ask, and never a reason for a worker to end."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.media.models import Upload
from labelkeep.media.upkeep import expire_uploads, sweep_store
from labelkeep.operations import chores, embedded
from labelkeep.operations.models import Worker


@pytest.fixture
def no_chores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "_CHORES", {})


@pytest.mark.usefixtures("no_chores")
def test_a_chore_waits_for_its_time_and_is_then_done_once() -> None:
    done: list[datetime] = []
    chores.chore(every=timedelta(seconds=10))(done.append)
    made_rounds = chores.Round()
    made_rounds.do_what_is_due()
    assert not done
    made_rounds.started -= 11
    made_rounds.do_what_is_due()
    made_rounds.do_what_is_due()
    assert len(done) == 1


@pytest.mark.usefixtures("no_chores")
def test_a_chore_that_fails_keeps_no_other_from_being_done() -> None:
    done: list[datetime] = []

    def fails(now: datetime) -> None:
        raise OSError("no")

    for function in (fails, done.append):
        chores.chore(every=timedelta(0))(function)
    chores.Round().do_what_is_due()
    assert len(done) == 1


@pytest.mark.usefixtures("no_chores")
def test_of_all_workers_one_has_the_turn_in_a_period(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    here: list[datetime] = []
    done: list[datetime] = []
    moments = [now, now, now + timedelta(seconds=14), now + timedelta(seconds=31)]

    def tidy(when: datetime) -> None:
        done.append(when)

    chores.chore(every=timedelta(seconds=30))(tidy)
    chores.chore(every=timedelta(seconds=30), everywhere=True)(here.append)
    for moment in moments:
        monkeypatch.setattr(chores.clock, "now", lambda moment=moment: moment)
        chores.Round(started=chores.clock.monotonic() - 31).do_what_is_due()  # another worker each time
    assert done == [now, now + timedelta(seconds=31)]
    assert len(here) == 4


@pytest.mark.usefixtures("no_chores")
def test_the_next_worker_has_the_turn_when_one_died_over_a_chore(
    monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    done: list[datetime] = []

    def fails_once(when: datetime) -> None:
        done.append(when)
        if len(done) == 1:
            raise OSError("no")

    chores.chore(every=timedelta(seconds=30))(fails_once)
    for moment in (now, now + timedelta(seconds=30)):
        monkeypatch.setattr(chores.clock, "now", lambda moment=moment: moment)
        chores.Round(started=chores.clock.monotonic() - 31).do_what_is_due()
    assert done == [now, now + timedelta(seconds=30)]


def test_the_rooms_have_registered_theirs() -> None:
    assert {embedded.sweep, expire_uploads, sweep_store} <= chores._CHORES.keys()


def test_uploads_that_nobody_continues_are_removed(alice: User, now: datetime) -> None:
    for name, expires in {"old": now - timedelta(seconds=1), "new": now + timedelta(hours=1)}.items():
        Upload.objects.create(
            id=name, owner=alice, purpose="asset", filename=name, length=1, created_date=now, expires_date=expires
        )
    assert expire_uploads(now) == 1
    assert list(Upload.objects.values_list("pk", flat=True)) == ["new"]


def test_pieces_of_uploads_that_are_gone_are_swept_a_day_later_and_no_others(alice: User, now: datetime) -> None:
    later = datetime.now(now.tzinfo) + timedelta(days=2)
    kept = Upload.objects.create(
        id="kept", owner=alice, purpose="asset", filename="a", length=1, created_date=now, expires_date=later
    )
    store = vault.live()
    there, _ = store.put_chunk(kept.pk, 0, [b"a"])
    gone, _ = store.put_chunk("gone", 0, [b"b"])
    sweep_store(datetime.now(now.tzinfo))
    assert store.open_chunks([(gone, 1)]).read() == b"b"
    sweep_store(later)
    assert store.open_chunks([(there, 1)]).read() == b"a"
    assert not store.backend.sizes([gone])


def test_workers_that_are_not_heard_of_are_taken_off_the_list(now: datetime) -> None:
    for name, seen in {"silent": now - timedelta(minutes=6), "there": now}.items():
        Worker.objects.create(name=name, pid=1, started_date=seen, seen_date=seen)
    embedded.sweep(now)
    assert list(Worker.objects.values_list("pk", flat=True)) == ["there"]
