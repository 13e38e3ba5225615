"""`make bench`: run every row in a process of its own and write bench/RESULTS.md.

`python -m bench startup` runs the module that is named, and renews its rows; `--small` is for trying one out.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.harness import Row, commit

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


def main(arguments: list[str]) -> int:
    """Run the rows named, or all; write the page when all ran."""
    named = [argument for argument in arguments if not argument.startswith("-")]
    modules = named or sorted(path.stem for path in (HERE / "rows").glob("[a-z]*.py"))
    rows = [row for module in modules for row in run(module, small="--small" in arguments)]
    for row in rows:
        print(line(row))
    if "--small" not in arguments:
        write(rows) if not named else renew(rows)
    return 0


def run(module: str, *, small: bool) -> list[Row]:
    """One module in its own process and data directory."""
    print(f"… {module}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="labelkeep-bench-", dir=os.environ.get("BENCH_DIR")) as folder:
        environment = {**os.environ, "LABELKEEP_DATA_DIR": folder, "BENCH_SMALL": "1" if small else ""}
        command = [sys.executable, "-m", f"bench.rows.{module}"]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{module} failed")
    return [Row(**json.loads(text[4:])) for text in done.stdout.splitlines() if text.startswith("ROW ")]


def line(row: Row) -> str:
    """A row of the table."""
    ours = f"{min(row.ours):.3g} / {statistics.median(row.ours):.3g} {row.unit}"
    reference = ""
    if row.reference:
        reference = (
            f"{row.reference_name}: {min(row.reference):.3g} / {statistics.median(row.reference):.3g} {row.unit}"
        )
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    verdict = {True: "yes", False: "**no**", None: ""}[row.within]
    return f"| {row.name} | {row.budget} | {ours} | {reference} | {ratio} | {verdict} | {row.note} |"


def renew(rows: list[Row]) -> None:
    """Put the rows of some modules in the place of those that the page has under the same names, and say so there."""
    for row in rows:
        row.note = "; ".join(filter(None, [row.note, f"measured again by itself at commit {commit()}"]))
    measured = {row.name: line(row) for row in rows}
    page = RESULTS.read_text().splitlines()
    RESULTS.write_text("\n".join(measured.get(text.split(" | ")[0].removeprefix("| "), text) for text in page) + "\n")


def write(rows: list[Row]) -> None:
    """Replace the measured part of the page; what stands after it (the long run) stays."""
    rest = RESULTS.read_text().split("\n## The long run", 1)[1:] if RESULTS.exists() else []
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}"
    head = [
        "# Results",
        "",
        f"`make bench` on {datetime.now(UTC):%Y-%m-%d}, commit {commit()}, {machine}.",
        "Times are minimum / median. A reference runs in turn with ours, in the same run; ratio: median over median.",
        "These machines are shared, so read ratios before seconds.",
        "",
        "| what | budget | ours | reference | ratio | within | note |",
        "|---|---|---|---|---|---|---|",
        *map(line, rows),
        "",
    ]
    RESULTS.write_text("\n".join(head) + "".join(f"\n## The long run{text}" for text in rest))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
