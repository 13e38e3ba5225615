"""Each exit code of docs/reference/command-line.md, by a command that ends with it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import carried_out_here, told
from tests.support.operations import carried_out_by
from tests.support.projects import a_project

from labelkeep import cli
from labelkeep.accounts.models import User
from labelkeep.errors import Damaged
from labelkeep.operations.models import Operation
from labelkeep.operations.work import Work
from labelkeep.snapshots.models import Backup

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
NOBODY = "00000000-0000-0000-0000-000000000000"


def ends(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """How the program ends that is called with these arguments."""
    monkeypatch.setattr(sys, "argv", ["labelkeep", *arguments, "--as", "alice"])
    with carried_out_here(), pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


class TestEachCode:
    @pytest.fixture(autouse=True)
    def _cats(self, alice: User, bob: User) -> None:
        a_project(alice, "cats")
        a_project(bob, "dogs")

    def check(self, monkeypatch: pytest.MonkeyPatch, code: int, *arguments: str) -> None:
        assert ends(monkeypatch, *arguments) == code

    def test_0_done(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.check(monkeypatch, 0, "backup", "cats")

    def test_1_failed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        def fail(operation: Operation, work: Work) -> dict[str, str]:
            raise Damaged("the third page is torn")

        with carried_out_by(fail, "backup:project"):
            self.check(monkeypatch, 1, "backup", "cats")
        assert capsys.readouterr().err.endswith("the backup of project cats failed: the third page is torn\n")

    def test_2_cannot_be_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.check(monkeypatch, 2, "backup")
        self.check(monkeypatch, 2, "backup", "cats", "--note", "x" * 3000)
        self.check(monkeypatch, 2, "backup", "--colour", "red")

    def test_3_not_allowed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.check(monkeypatch, 3, "schedule", "set", "--off")

    def test_4_not_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.check(monkeypatch, 4, "backups", "show", NOBODY)

    def test_5_not_possible_now(self, monkeypatch: pytest.MonkeyPatch) -> None:
        backup = told("backup", "cats", as_user="alice").split()[-1]
        Backup.objects.update(pinned=True, state=Backup.State.DAMAGED)
        self.check(monkeypatch, 5, "restore", backup)

    def test_6_try_again_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LABELKEEP_TOKEN", "any")
        monkeypatch.setattr(sys, "argv", ["labelkeep", "backups", "list", "--server", "http://127.0.0.1:9"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 6

    def test_7_the_store_failed(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        backup = told("backup", "cats", as_user="alice").split()[-1]
        self.check(monkeypatch, 7, "backups", "download", backup, str(tmp_path / "no" / "folder" / "cats.zip"))

    def test_8_done_in_part(self, monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
        from labelkeep.projects.models import Project

        Project.objects.filter(name="dogs").update(assignee=alice)
        self.check(monkeypatch, 8, "backup", "--all")

    def test_the_page_names_these_and_no_others(self) -> None:
        named = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)}
        tested = {int(name[5]) for name in dir(self) if re.match(r"test_\d_", name)}
        assert named | {0} == tested | {130}  # 130: tests/cli/test_session.py


@pytest.mark.parametrize(
    ("shell", "asked", "offered"),
    [
        ("complete_bash", {"COMP_WORDS": "labelkeep back", "COMP_CWORD": "1"}, {"backup", "backups"}),
        ("complete_bash", {"COMP_WORDS": "labelkeep backups p", "COMP_CWORD": "2"}, {"pin"}),
        ("complete_bash", {"COMP_WORDS": "labelkeep restore --pl", "COMP_CWORD": "2"}, {"--plan"}),
    ],
)
def test_shells_complete_commands_and_options(shell: str, asked: dict[str, str], offered: set[str]) -> None:
    code = "import sys; sys.argv = ['labelkeep']; from labelkeep.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "/usr/bin:/bin", "_LABELKEEP_COMPLETE": shell, **asked},
        capture_output=True,
        text=True,
    )
    assert offered == set(done.stdout.split()), done.stderr
