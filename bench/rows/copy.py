"""Bytes into a store (what a first copy costs): against `cp -r` and sync of the same files."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.files import jpeg_like, scale
from bench.harness import Row, alternate
from labelkeep.configuration import read
from labelkeep.store import Store, open_backend
from labelkeep.store.catalog import MemoryCatalog


def measure(count: int, size: int, budget: float, work: Path) -> None:
    """One line: `count` files of `size` bytes."""
    source = work / f"source-{size}"
    paths = jpeg_like(count, size, source)
    target = work / "target"

    def ours() -> None:
        store = Store.create(open_backend(target), server="bench", catalog=MemoryCatalog())
        with store.ingest() as ingest:
            for path in paths:
                ingest.add_file(lambda path=path: path.open("rb"), size)  # type: ignore[misc]

    def reference() -> None:
        subprocess.run(["cp", "-r", source, target], check=True)
        subprocess.run(["sync", "-f", target], check=True)

    mine, theirs = alternate(ours, reference, clean=lambda: shutil.rmtree(target))
    row = Row(f"{count:,} files of {size // 1000} KB into a store", f"≤ {budget} × cp", mine, theirs, "cp -r; sync")
    row.within = (row.ratio or 0) <= budget
    row.emit()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=read().data_dir) as folder:
        measure(scale(2_000, 100), 300_000, 1.0, Path(folder))
        measure(scale(20_000, 500), 20_000, 0.5, Path(folder))
