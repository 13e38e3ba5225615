"""What a row of the results is, and how it is timed: ours and a reference in turn, in the same process tree and run."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Row:
    """One budget, measured. `ours` and `reference` are seconds unless `unit` says otherwise."""

    name: str
    budget: str
    ours: list[float]
    reference: list[float] = field(default_factory=list)
    reference_name: str = ""
    unit: str = "s"
    within: bool | None = None  # None: nothing to compare with
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Median of ours over median of the reference."""
        return statistics.median(self.ours) / statistics.median(self.reference) if self.reference else None

    def emit(self) -> None:
        """Print for the parent process, one JSON line."""
        print("ROW " + json.dumps(asdict(self)), flush=True)


def seconds(work: Callable[[], object], clean: Callable[[], object] | None = None) -> float:
    """Wall time of one call, with the garbage of earlier calls collected first; `clean` follows, not counted."""
    gc.collect()
    started = time.perf_counter()
    work()
    taken = time.perf_counter() - started
    if clean:
        clean()
    return taken


def alternate(
    ours: Callable[[], object],
    reference: Callable[[], object],
    runs: int = 5,
    clean: Callable[[], object] | None = None,
) -> tuple[list[float], list[float]]:
    """Time both in turn, so that a slow moment of the machine hits both; one uncounted warm-up each."""
    seconds(ours, clean)
    seconds(reference, clean)
    pairs = [(seconds(ours, clean), seconds(reference, clean)) for _ in range(runs)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def repeat(work: Callable[[], object], runs: int = 5, clean: Callable[[], object] | None = None) -> list[float]:
    """Time one thing after an uncounted warm-up."""
    seconds(work, clean)
    return [seconds(work, clean) for _ in range(runs)]


def peak_mib() -> float:
    """Peak resident memory of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def commit() -> str:
    """The commit that is measured, short."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent).stdout.strip()
