"""A restore is killed at every point at which it changes something that lasts: nothing is half there, and the next
attempt finishes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import ARCHIVES

NAME, KIND = "task_standalone.zip", "task"


def run(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.support.killed_imports", str(data_dir), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def look(data_dir: Path) -> dict[str, Any]:
    done = run(data_dir, "look")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, dict[str, Any]]:
    """A directory with a queued restore, how many points its work passes by, and what there is when it is done."""
    base = tmp_path_factory.mktemp("prepared") / "data"
    done = run(base, "prepare", str(ARCHIVES / NAME), KIND)
    assert done.returncode == 0, done.stderr
    whole = base.with_name("whole")
    shutil.copytree(base, whole)
    done = run(whole, "work", "0")
    assert done.returncode == 0, done.stderr
    return base, int(done.stdout.splitlines()[-1]), look(whole)


def test_a_restore_that_is_not_killed_leaves_nothing_but_what_it_made(
    prepared: tuple[Path, int, dict[str, Any]],
) -> None:
    _, points, whole = prepared
    assert points > 6
    assert whole["status"] == "finished"
    assert whole["rows"][:2] == [0, 1]
    assert (whole["uploads"], whole["chunks"], whole["temporary"]) == (0, 0, [])


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97])
def test_a_killed_restore_leaves_nothing_half_and_its_repeat_succeeds(
    share: float, prepared: tuple[Path, int, dict[str, Any]], tmp_path: Path
) -> None:
    base, points, whole = prepared
    data_dir = tmp_path / "data"
    shutil.copytree(base, data_dir)
    killed = run(data_dir, "work", str(max(1, round(points * share))))
    assert killed.returncode == -9
    after = look(data_dir)
    assert after["temporary"] == [] or after["status"] == "started"
    done = after["status"] == "finished"
    assert after["rows"] == (whole["rows"] if done else [0, 0, 0, 0])
    assert run(data_dir, "work", "0").returncode == 0
    final = look(data_dir)
    if done:  # dead between the commit and the removal of the upload: its expiry removes it
        assert final["rows"] == whole["rows"]
    else:
        assert final == whole
