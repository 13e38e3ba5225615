"""Deletions and their undoing that are killed: all or nothing at every point, and the same call again succeeds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.server import LABELKEEP, environment_for

REPOSITORY = Path(__file__).parents[3]


def swept(data_dir: Path, what: str, stride: int) -> list[dict]:
    environment = environment_for(data_dir)
    for command in (
        [*LABELKEEP, "user", "list"],
        [sys.executable, "-m", "tests.support.killed_removals", what, str(stride)],
    ):
        done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def held(rounds: list[dict]) -> None:
    """What must hold at each point, whatever was killed there."""
    assert len(rounds) > 3
    assert rounds[-1]["killed"] == [False, False]
    for it in rounds:
        left, gone, half, whole, back = (it[name] for name in ("left", "gone", "half", "whole", "back"))
        assert left["safety"] == left["removals"], it["k"]  # never one without the other
        assert (left["rows"] == whole["rows"]) == (left["waiting"] == 0), it["k"]
        assert gone["rows"] != whole["rows"], it["k"]
        assert gone["waiting"] == 1, it["k"]
        assert half["rows"] == whole["rows"] or half["waiting"] == 1, it["k"]
        assert back["rows"] == whole["rows"], it["k"]
        assert back["waiting"] == 0, it["k"]


@pytest.mark.parametrize(("what", "stride"), [("project", 19), ("label", 23)])
def test_whatever_dies_while_it_is_deleted_or_brought_back_is_whole_or_gone(tmp_path, what, stride):
    held(swept(tmp_path / "data", what, stride))


@pytest.mark.long
@pytest.mark.parametrize("what", ["project", "task", "job", "label"])
def test_and_so_at_every_point(tmp_path, what):
    held(swept(tmp_path / "data", what, 1))
