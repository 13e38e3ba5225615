"""What tests of schedules share: days in UTC, a small project, and nights that pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from tests.support.projects import a_project, a_task

from labelkeep import clock
from labelkeep.accounts.models import User
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.schedules.retain import retain_all
from labelkeep.schedules.tick import tick


@pytest.fixture
def project(alice: User) -> Project:
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    return project


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets nights pass: what idle workers do, some times around each slot, by a clock that shows that night."""

    def night_after_night(first: datetime, count: int, looks: int = 3) -> None:
        for night in range(count):
            for look in range(-1, looks):
                moment = first + timedelta(days=night, minutes=look)
                monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
                tick(moment)
                run_queued()
                retain_all(moment)

    return night_after_night
