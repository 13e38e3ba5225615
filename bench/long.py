"""`make test-long`: the long tests, then memory and time of large tasks, each at one size and at ten times that.

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
from xml.etree import ElementTree

from bench.__main__ import RESULTS
from bench.files import archive_of, scale
from bench.harness import commit

HEADING = "\n## The long run"
SHAPES = (scale(200_000, 5_000), scale(2_000_000, 50_000))
FRAMES = (scale(10_000, 500), scale(100_000, 5_000))
GROWTH = 64  # MiB that ten times the size may take more


def main() -> int:
    """Run everything; the exit code is that of the tests, or 1 where memory grows with the size."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "tests.xml"
        command = [sys.executable, "-m", "pytest", "-m", "long", "-n", "2", "--dist", "worksteal"]
        tests = subprocess.run(
            [*command, f"--junitxml={report}", "-o", "junit_family=xunit1"], capture_output=True, text=True
        )
        killed = points(report)
    print(tests.stdout, end="")
    summary = re.findall(r"^(?:=+ )?(\d+ (?:passed|failed).*?)(?: =+)?$", tests.stdout, re.MULTILINE)
    shapes, frames = [shapes_of(size) for size in SHAPES], [frames_of(size) for size in FRAMES]
    growth = max(
        after - before for pair in (shapes, frames) for before, after in zip(pair[0].peaks, pair[1].peaks, strict=True)
    )
    write(summary[-1] if summary else "no test ran", killed, [*shapes, *frames], growth)
    return tests.returncode or (0 if growth < GROWTH else 1)


class Measured:
    """Export and restore of one size: (idle, peak, seconds) each."""

    def __init__(self, what: str, export: tuple[float, ...], restore: tuple[float, ...]) -> None:
        self.what, self.export, self.restore = what, export, restore

    @property
    def peaks(self) -> tuple[float, float]:
        """Growth over idle, MiB, of export and restore."""
        return self.export[1] - self.export[0], self.restore[1] - self.restore[0]

    def line(self) -> str:
        """A row of the table."""
        times = f"{self.export[2]:.2f} s | {self.peaks[0]:.0f} MiB | {self.restore[2]:.2f} s | {self.peaks[1]:.0f} MiB"
        return f"| {self.what} | {times} |"


def shapes_of(size: int) -> Measured:
    """Rectangles in one job; each verb in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "a", Path(folder) / "b"
        verb(first, "make", str(size))
        export = verb(first, "export", "-")
        return Measured(f"{size:,} rectangles in one job", export, verb(second, "restore", str(first / "task.zip")))


def frames_of(size: int) -> Measured:
    """Small pictures in one task, restored from an archive and then backed up."""
    with tempfile.TemporaryDirectory() as folder:
        archive = archive_of(Path(folder) / "frames.zip", size, 1_000)
        restore = verb(Path(folder) / "a", "restore", str(archive))
        return Measured(f"{size:,} pictures in one task", verb(Path(folder) / "a", "export", "-"), restore)


def verb(data_dir: Path, *arguments: str) -> tuple[float, ...]:
    """What `python -m bench.memory` printed."""
    data_dir.mkdir(exist_ok=True)
    environment = {**os.environ, "LABELKEEP_DATA_DIR": str(data_dir)}
    command = [sys.executable, "-m", "bench.memory", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return tuple(float(part) for part in done.stdout.partition("MEMORY")[2].split())


def points(report: Path) -> list[str]:
    """At how many of its points each operation was killed, as tests/faults say it: "backup 61 of 61"."""
    found = ElementTree.parse(report).iter("property") if report.exists() else ()
    return sorted(item.get("value", "") for item in found if item.get("name") == "points")


def write(summary: str, killed: list[str], lines: list[Measured], growth: float) -> None:
    """Replace the section."""
    head = RESULTS.read_text().split(HEADING)[0].rstrip() if RESULTS.exists() else "# Results"
    verdict = "flat" if growth < GROWTH else "**not flat**"
    section = [
        HEADING,
        "",
        f"`make test-long` on {datetime.now(UTC):%Y-%m-%d}, commit {commit()}: long tests {summary}.",
        f"Points at which a worker was killed, with nothing lost, doubled or left over: {', '.join(killed) or 'none'}.",
        f"Memory is {verdict}: ten times the size takes {growth:.0f} MiB more at most (peak over idle).",
        "",
        "| what | backup archive | memory | restore | memory |",
        "|---|---|---|---|---|",
        *(line.line() for line in lines),
        "",
    ]
    RESULTS.write_text(head + "\n" + "\n".join(section))


if __name__ == "__main__":
    sys.exit(main())
