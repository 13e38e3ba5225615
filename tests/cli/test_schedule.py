"""`labelkeep schedule` and `labelkeep retention`."""

from __future__ import annotations

import pytest
from tests.support.api import organization_of
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Forbidden
from labelkeep.projects.models import Project
from labelkeep.schedules.models import Schedule
from labelkeep.snapshots.models import Backup


@pytest.fixture
def cats(alice: User) -> Project:
    return a_project(alice, "cats")


@pytest.fixture
def admin(bob: User) -> User:
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    return bob


class TestOfAProject:
    def test_says_what_holds_and_where_it_comes_from(self, cats: Project) -> None:
        lines = told("schedule", "show", "cats", as_user="alice").splitlines()
        assert "frequency          daily  (default)" in lines
        assert "retention          last 7  (default)" in lines
        assert any(line.startswith("next  ") for line in lines)

    def test_is_set_in_part_and_the_rest_is_inherited(self, cats: Project) -> None:
        told("schedule", "set", "cats", "--frequency", "weekly", "--weekday", "1", "--off", as_user="alice")
        (said,) = rows("schedule", "set", "cats", "--keep-last", "2", "--keep-daily", "7", as_user="alice")
        assert said["own"] | {"retention": None} == {
            **dict.fromkeys(said["own"]),
            "enabled": False,
            "frequency": "weekly",
            "weekday": 1,
        }
        assert said["own"]["retention"] == {"last": 2, "daily": 7}

    def test_a_cron_expression_is_enough(self, cats: Project) -> None:
        (said,) = rows("schedule", "set", "cats", "--cron", "0 4 * * 1-5", as_user="alice")
        assert (said["effective"]["frequency"], said["effective"]["cron"]) == ("cron", "0 4 * * 1-5")

    def test_goes_back_to_what_the_scope_above_says(self, cats: Project) -> None:
        told("schedule", "set", "cats", "--time", "05:00", "--zone", "Europe/Berlin", as_user="alice")
        (said,) = rows("schedule", "set", "cats", "--inherit", "time", as_user="alice")
        assert (said["own"]["time"], said["own"]["zone"]) == (None, "Europe/Berlin")
        (said,) = rows("schedule", "clear", "cats", as_user="alice")
        assert set(said["own"].values()) == {None}

    @pytest.mark.parametrize(
        "arguments", [[], ["--inherit", "colour"], ["--time", "25:00"], ["--keep-last", "0"], ["--zone", "Berlin"]]
    )
    def test_refuses_what_cannot_be(self, cats: Project, arguments: list[str]) -> None:
        assert isinstance(run("schedule", "set", "cats", *arguments, as_user="alice").exception, BadInput)
        assert not Schedule.objects.exists()

    def test_is_for_those_who_may(self, cats: Project, charlie: User) -> None:
        refused = run("schedule", "set", str(cats.pk), "--off", as_user="charlie").exception
        assert isinstance(refused, Forbidden)


def test_without_a_project_it_is_the_servers(admin: User, alice: User) -> None:
    told("schedule", "set", "--time", "04:00", as_user="bob")
    row = Schedule.objects.get()
    assert (row.organization, row.source_uuid, row.time) == (None, None, "04:00")
    assert isinstance(run("schedule", "set", "--time", "04:00", as_user="alice").exception, Forbidden)


def test_with_an_organization_it_is_that_ones(alice: User) -> None:
    acme = organization_of(alice)
    told("schedule", "set", "--org", "acme", "--off", as_user="alice")
    assert Schedule.objects.get().organization == acme


def test_a_task_that_stands_alone_has_its_own(alice: User) -> None:
    task = a_task(alice, labels=["cat"], frames=1)
    told("schedule", "set", "--task", str(task.pk), "--off", as_user="alice")
    assert Schedule.objects.get().source_uuid == task.uuid


class TestRetention:
    def test_says_why_each_is_kept(self, cats: Project) -> None:
        told("backup", "cats", as_user="alice")
        assert "last 1 of 7" in told("retention", "show", "cats", as_user="alice")

    def test_tries_another_policy_and_removes_nothing(self, cats: Project) -> None:
        for _ in range(2):
            told("backup", "cats", as_user="alice")
        (said,) = rows("retention", "try", "cats", "--keep-last", "1", as_user="alice")
        assert [one["keep"] for one in said["decisions"]] == [True, False]
        assert "no rule keeps it" in told("retention", "try", "cats", "--keep-last", "1", as_user="alice")
        assert Backup.objects.count() == 2

    def test_wants_to_know_of_what(self, alice: User) -> None:
        assert isinstance(run("retention", "show", as_user="alice").exception, BadInput)

    def test_refuses_a_policy_that_keeps_nothing(self, cats: Project) -> None:
        assert isinstance(run("retention", "try", "cats", as_user="alice").exception, BadInput)
