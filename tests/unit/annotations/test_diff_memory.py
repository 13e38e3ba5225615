"""Peak memory of comparing two documents does not grow with the number of objects (invariant 7)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = r"""
import hashlib, resource, sys
from pathlib import Path
from labelkeep.annotations import diff
from labelkeep.annotations.document import Builder
from labelkeep.annotations.model import Shape

count, folder = int(sys.argv[1]), Path(sys.argv[2])
diff.HELD = 2 * 2**20

def put(data):
    name = hashlib.sha256(data).hexdigest()
    (folder / name).write_bytes(data)
    return name

def get(name):
    return (folder / name).read_bytes()

def document(first):
    builder = Builder(put, spool_dir=folder, held=2 * 2**20)
    for i in range(count):
        points = [float(i % 1900), float(i % 1000), i % 1900 + 30.0, i % 1000 + 40.0 + first % 5]
        shape = Shape(number=first + i, frame=i * 7919 % (count // 20), label=1, type="rectangle", points=points)
        builder.add("shapes", [shape])
    return builder.finish().index

a, b = (diff.Side(document(first), get) for first in (1, 10_000_000))  # no number in common
found = sum(item.by == "overlap" for item in diff.differences(a, b, spool_dir=folder))
assert found == count, found
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(count: int, folder: Path) -> int:
    """KiB that a process needs at most to compare `count` objects with as many."""
    folder.mkdir()
    command = [sys.executable, "-c", SCRIPT, str(count), str(folder)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def test_four_times_the_objects_need_the_same_memory(tmp_path: Path) -> None:
    few, many = peak(10_000, tmp_path / "few"), peak(40_000, tmp_path / "many")
    assert many < few * 1.15 + 8_192
