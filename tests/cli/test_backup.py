"""`labelkeep backup`."""

from __future__ import annotations

import pytest
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Conflict, Forbidden, NotFound, Partial
from labelkeep.operations.models import Operation
from labelkeep.snapshots.models import Backup


class TestOfOneProject:
    def test_keeps_a_backup_with_its_note_and_ends_with_its_id(self, alice: User) -> None:
        a_task(alice, project=a_project(alice, "cats"), frames=2)
        told_at_last = told("backup", "cats", "--note", "before the fair", as_user="alice").split()[-1]
        backup = Backup.objects.get()
        assert (str(backup.pk), backup.source_name, backup.note) == (told_at_last, "cats", "before the fair")
        assert backup.owner == alice

    def test_takes_a_number_for_a_name_and_speaks_json(self, alice: User) -> None:
        project = a_project(alice, "cats")
        (made,) = rows("backup", str(project.pk), as_user="alice")
        assert (made["source"]["name"], made["state"]) == ("cats", "complete")

    def test_only_starts_when_nobody_waits(self, alice: User) -> None:
        a_project(alice, "cats")
        (started,) = rows("backup", "cats", "--no-wait", as_user="alice")
        assert started == {"rq_id": Operation.objects.get().key}
        assert "labelkeep requests show" in told("backup", "cats", "--no-wait", as_user="alice")

    def test_of_a_name_that_several_have_wants_the_number(self, alice: User) -> None:
        numbers = [a_project(alice, "cats").pk for _ in range(2)]
        refused = run("backup", "cats", as_user="alice").exception
        assert isinstance(refused, Conflict)
        assert all(str(number) in str(refused) for number in numbers)

    def test_is_for_those_who_may(self, alice: User, bob: User, charlie: User) -> None:
        project = a_project(alice, "cats", assignee_id=bob.pk)
        assert isinstance(run("backup", str(project.pk), as_user="bob").exception, Forbidden)
        assert isinstance(run("backup", str(project.pk), as_user="charlie").exception, Forbidden)
        assert isinstance(run("backup", "cats", as_user="charlie").exception, NotFound)
        assert not Backup.objects.exists()

    @pytest.mark.parametrize("arguments", [[], ["cats", "--task", "1"], ["cats", "--all"]])
    def test_wants_one_thing_to_be_said(self, alice: User, arguments: list[str]) -> None:
        assert isinstance(run("backup", *arguments, as_user="alice").exception, BadInput)


def test_a_task_is_named_by_its_number(alice: User) -> None:
    task = a_task(alice, "street", labels=["cat"], frames=1)
    assert "task street" in told("backup", "--task", str(task.pk), as_user="alice")


class TestOfAll:
    def test_is_of_projects_and_of_tasks_that_stand_alone(self, alice: User) -> None:
        a_task(alice, "inside", project=a_project(alice, "cats"), frames=1)
        a_project(alice, "dogs")
        a_task(alice, "alone", labels=["cat"], frames=1)
        a_task(alice, "empty", labels=["cat"], frames=0)
        made = rows("backup", "--all", as_user="alice")
        assert sorted(backup["source"]["name"] for backup in made) == ["alone", "cats", "dogs"]

    def test_goes_on_after_one_that_fails_and_says_so_in_the_end(self, alice: User, bob: User) -> None:
        a_project(alice, "cats")
        a_project(bob, "dogs", assignee_id=alice.pk)
        result = run("backup", "--all", as_user="alice")
        assert isinstance(result.exception, Partial)
        assert result.exception.exit_code == 8
        assert "dogs" in result.stderr
        assert [backup.source_name for backup in Backup.objects.all()] == ["cats"]
