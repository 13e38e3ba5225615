"""`make test-long`: the long tests, then memory and time of one job of 200,000 and of 2,000,000 rectangles.

Writes the section "The long run" of bench/RESULTS.md: with commit and date, passed or not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.__main__ import HERE, RESULTS
from bench.files import scale

HEADING = "\n## The long run"
SIZES = (scale(200_000, 5_000), scale(2_000_000, 50_000))


def main() -> int:
    """Run everything; the exit code is that of the tests, or 1 where memory grows with the number of rectangles."""
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "long", "-n", "2", "--dist", "worksteal"], capture_output=True, text=True
    )
    print(tests.stdout, end="")
    summary = re.findall(r"^(?:=+ )?(\d+ (?:passed|failed).*?)(?: =+)?$", tests.stdout, re.MULTILINE)
    lines = [measure(size) for size in SIZES]
    growth = max(after - before for before, after in zip(lines[0].peaks, lines[1].peaks, strict=True))
    flat = growth < 64
    write(summary[-1] if summary else "no test ran", lines, growth, flat)
    return tests.returncode or (0 if flat else 1)


class Measured:
    """Export and restore of one size: (idle, peak, seconds) each."""

    def __init__(self, size: int, export: tuple[float, ...], restore: tuple[float, ...]) -> None:
        self.size, self.export, self.restore = size, export, restore

    @property
    def peaks(self) -> tuple[float, float]:
        """Growth over idle, MiB, of export and restore."""
        return self.export[1] - self.export[0], self.restore[1] - self.restore[0]

    def line(self) -> str:
        """A row of the table."""
        times = f"{self.export[2]:.2f} s | {self.peaks[0]:.0f} MiB | {self.restore[2]:.2f} s | {self.peaks[1]:.0f} MiB"
        return f"| {self.size:,} | {times} |"


def measure(size: int) -> Measured:
    """Each verb in a process and data directory of its own."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a", Path(folder) / "b"
        verb(first, "make", str(size))
        export = verb(first, "export", "-")
        return Measured(size, export, verb(second, "restore", str(first / "task.zip")))


def verb(data_dir: Path, *arguments: str) -> tuple[float, ...]:
    """What `python -m bench.memory` printed."""
    data_dir.mkdir(exist_ok=True)
    environment = {**os.environ, "LABELKEEP_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "bench.memory", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(float(part) for part in done.stdout.partition("MEMORY")[2].split())


def write(summary: str, lines: list[Measured], growth: float, flat: bool) -> None:
    """Replace the section."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=HERE).stdout
    head = RESULTS.read_text().split(HEADING)[0].rstrip() if RESULTS.exists() else "# Results"
    verdict = "flat" if flat else "**not flat**"
    section = [
        HEADING,
        "",
        f"`make test-long` on {datetime.now(UTC):%Y-%m-%d}, commit {commit.strip()}: long tests {summary}.",
        f"Memory is {verdict}: ten times the rectangles take {growth:.0f} MiB more at most (peak over idle).",
        "",
        "| rectangles in one job | backup archive | memory | restore | memory |",
        "|---|---|---|---|---|",
        *(line.line() for line in lines),
        "",
    ]
    RESULTS.write_text(head + "\n" + "\n".join(section))


if __name__ == "__main__":
    sys.exit(main())
