"""`labelkeep worker`: one more process beside the server's own."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.server import LABELKEEP, environment_for, until


def workers(data_dir: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"file:{data_dir / 'labelkeep.sqlite3'}?mode=ro", uri=True)) as database:
            return [name for (name,) in database.execute("SELECT name FROM operations_worker")]
    except sqlite3.OperationalError:  # not made yet
        return []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_works_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen([*LABELKEEP, "worker"], env=environment_for(tmp_path / "data"))
    until(lambda: workers(tmp_path / "data"), what="its sign of life")
    assert workers(tmp_path / "data")[0].startswith("manual:")
    process.send_signal(number)
    assert process.wait(30) == 0
    assert workers(tmp_path / "data") == []
