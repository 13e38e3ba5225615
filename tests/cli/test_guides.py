"""The guides of docs/guide that people follow on the command line: every command in them is run, page by page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import a_data_directory
from tests.support.server import environment_for, running_server

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
FROM_CVAT = Path(__file__).parents[1] / "golden" / "cvat" / "project_shapes.zip"
ADDRESS = "http://127.0.0.1:8080"  # the server's, on every page


def commands_of(page: str) -> str:
    """The shell blocks of a page, as one script."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", (GUIDE / page).read_text(), re.MULTILINE | re.DOTALL))


def follow(page: str, data_dir: Path, address: str) -> subprocess.CompletedProcess[str]:
    """Do what a page says, in a shell that stops at the first command that fails."""
    environment = environment_for(data_dir)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    script = commands_of(page).replace(ADDRESS, address)
    return subprocess.run(
        ["sh", "-eux", "-c", script], env=environment, cwd=data_dir.parent, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize("page", ["back-up.md", "schedule-and-keep.md", "restore.md", "move-from-cvat.md"])
def test_what_a_page_says_works(page: str, tmp_path: Path) -> None:
    data_dir = a_data_directory(tmp_path)
    shutil.copy(FROM_CVAT, tmp_path / "from-cvat.zip")
    with running_server(data_dir=data_dir, user="") as server:
        done = follow(page, data_dir, server.url)
    assert done.returncode == 0, done.stderr
    assert "labelkeep" in commands_of(page)
