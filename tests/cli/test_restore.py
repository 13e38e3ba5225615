"""`labelkeep restore`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.cli import rows, run, told
from tests.support.projects import a_project, a_task

from labelkeep.accounts.models import User
from labelkeep.cli import uploading
from labelkeep.errors import BadInput, Forbidden, NotFound
from labelkeep.projects.models import Job, Project, Task


@pytest.fixture
def backup(alice: User, bob: User) -> str:
    project = a_project(alice, "cats")
    a_task(alice, project=project, frames=2)
    Job.objects.update(assignee=bob)
    made = told("backup", "cats", as_user="alice").split()[-1]
    project.delete()
    return made


def test_a_new_project_is_made_and_its_number_is_the_last_word(backup: str) -> None:
    number = told("restore", backup, as_user="alice").split()[-1]
    project = Project.objects.get()
    assert (project.pk, project.name) == (int(number), "cats")


def test_it_takes_another_name_and_leads_users_to_others(backup: str, bob: User, charlie: User) -> None:
    told("restore", backup, "--name", "lions", "--user-map", "bob=charlie", as_user="alice")
    assert Project.objects.get().name == "lions"
    assert Job.objects.get().assignee == charlie


def test_it_warns_of_what_was_not_carried(backup: str, bob: User) -> None:
    bob.delete()
    result = run("restore", backup, as_user="alice")
    assert result.exit_code == 0
    assert "bob" in result.stderr


def test_the_object_has_all_ids(backup: str) -> None:
    (made,) = rows("restore", backup, as_user="alice")
    assert made["id"] == Project.objects.get().pk
    assert "labels" in made["ids"]


@pytest.mark.parametrize("pair", ["bob", "=charlie", "bob="])
def test_a_map_of_users_has_two_names(backup: str, pair: str) -> None:
    assert isinstance(run("restore", backup, "--user-map", pair, as_user="alice").exception, BadInput)
    assert not Project.objects.exists()


def test_it_is_for_those_who_may(backup: str, charlie: User) -> None:
    assert isinstance(run("restore", backup, as_user="charlie").exception, Forbidden)
    unknown = "00000000-0000-0000-0000-000000000000"
    assert isinstance(run("restore", unknown, as_user="alice").exception, NotFound)
    assert not Project.objects.exists()


class TestPlan:
    def test_says_what_would_be_made_and_makes_nothing(self, backup: str) -> None:
        told_plan = told("restore", backup, "--plan", as_user="alice")
        assert told_plan.startswith("A new project cats: 1 task, 1 job, 2 frames")
        assert not Project.objects.exists()

    def test_counts_what_the_restore_then_makes(self, backup: str) -> None:
        part = ["--frames", "1", "--label", "cat", "--name", "part"]
        (planned,) = rows("restore", backup, "--plan", *part, as_user="alice")
        told("restore", backup, *part, as_user="alice")
        project = Project.objects.get()
        assert (planned["name"], planned["counts"]["tasks"]) == (project.name, project.tasks.count()) == ("part", 1)

    @pytest.mark.parametrize("frames", ["a", "1-b", "-3"])
    def test_frames_are_numbers(self, backup: str, frames: str) -> None:
        assert isinstance(run("restore", backup, "--frames", frames, as_user="alice").exception, BadInput)


CVAT = Path(__file__).parents[1] / "golden" / "cvat"


class TestOfAnArchive:
    @pytest.mark.parametrize(
        ("name", "model"), [("project_shapes.zip", Project), ("task_images_nocache_range.zip", Task)]
    )
    def test_of_cvats_makes_what_it_is_of(self, alice: User, name: str, model: type[Project | Task]) -> None:
        number = told("restore", str(CVAT / name), as_user="alice").split()[-1]
        assert model._default_manager.get(pk=number).owner == alice

    def test_of_ones_own_goes_round(self, backup: str, tmp_path: Path) -> None:
        told("backups", "download", backup, str(tmp_path / "cats.zip"), as_user="alice")
        (made,) = rows("restore", str(tmp_path / "cats.zip"), as_user="alice")
        assert Project.objects.get(pk=made["id"]).name == "cats"

    def test_is_sent_in_pieces(self, backup: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(uploading, "PIECE", 100)
        told("backups", "download", backup, str(tmp_path / "cats.zip"), as_user="alice")
        assert (tmp_path / "cats.zip").stat().st_size > 1000
        assert "Restored project cats" in told("restore", str(tmp_path / "cats.zip"), as_user="alice")

    def test_is_whole_or_refused_by_name(self, alice: User, tmp_path: Path) -> None:
        (tmp_path / "text.zip").write_text("no archive")
        assert isinstance(run("restore", str(tmp_path / "text.zip"), as_user="alice").exception, BadInput)
        refused = run("restore", str(CVAT / "project_shapes.zip"), "--name", "part", as_user="alice").exception
        assert isinstance(refused, BadInput)
        assert not Project.objects.exists()
