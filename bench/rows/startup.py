"""From `labelkeep serve` to the first answer: on a data directory that exists, and on an empty one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.server import running_server

from bench.harness import Row, repeat


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        with running_server(data_dir=data_dir):
            pass

        def start() -> None:
            with running_server(data_dir=data_dir, user=""):
                pass

        taken = repeat(start, 5)
        stop_included = "stopping is included in the times"
        bare = repeat(lambda: subprocess.run([sys.executable, "-c", "import django; django.setup"], check=True), 5)
        row = Row("start-up to first answer", "≤ 2 s", taken, bare, "python -c 'import django'", note=stop_included)
        row.within = min(taken) <= 2
        row.emit()
    first = repeat(first_start, 3)
    row = Row("the very first start, on an empty data directory", "≤ 2 s", first, note=stop_included)
    row.within = min(first) <= 2
    row.emit()


def first_start() -> None:
    """Make the database and the store, answer once, stop."""
    with running_server(user=""):
        pass


if __name__ == "__main__":
    main()
