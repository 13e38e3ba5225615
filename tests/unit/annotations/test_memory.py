"""Peak memory of splitting, building, editing and reading does not grow with the number of objects (invariant 7)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = r"""
import hashlib, resource, sys
from pathlib import Path
import msgspec
from labelkeep.annotations.document import Builder, Edit, edit, iterate
from labelkeep.annotations.labels import LabelDef, LabelTable
from labelkeep.annotations.stream import batches
from labelkeep.annotations.replacement import Replacement
from labelkeep.annotations.wire import Ids, Writer, read

count, folder = int(sys.argv[1]), Path(sys.argv[2])
ids = Ids(LabelTable([LabelDef(1, "car")]), {5: 1}, {})

def put(data):
    name = hashlib.sha256(data).hexdigest()
    (folder / name).write_bytes(data)
    return name

def get(name):
    return (folder / name).read_bytes()

def text():
    yield b'{"shapes":['
    for i in range(count):
        yield b'%b{"type":"rectangle","label_id":5,"frame":%d,"points":[%d.5,1,2,3],"attributes":[]}' % (
            b"," if i else b"", i * 7919 % 1000, i)
    yield b"]}"

pieces = text()

def reading(size):
    found = bytearray()
    for piece in pieces:
        found += piece
        if len(found) >= 65536:
            break
    return bytes(found)

replacement = Replacement(spool_dir=folder, held=4 * 2**20)
for batch in batches(reading, jobs=False):
    replacement.add(batch.key, [item for _, item in read(batch.key, batch.items, ids, numbered=False)])
written = replacement.finish(lambda kind: [], 1, put)
replacement.close()
again = Builder(put, spool_dir=folder, held=4 * 2**20)
for part in iterate(written.index, "shapes", get):
    again.add("shapes", part)
assert again.finish() == written
changes = Edit()
changes.remove("shapes", *written.index.parts[0].first)
index = edit(written.index, changes, get, put).index
writer = Writer(ids, 1)
seen = 0
for part in iterate(index, "shapes", get):
    writer.render(part)
    seen += len(part)
assert seen == count - 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak(count: int, folder: Path) -> int:
    """KiB that a process needs at most for `count` objects."""
    folder.mkdir()
    command = [sys.executable, "-c", SCRIPT, str(count), str(folder)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_four_times_the_objects_need_the_same_memory(tmp_path: Path) -> None:
    few, many = peak(50_000, tmp_path / "few"), peak(200_000, tmp_path / "many")
    assert many < few * 1.15 + 4_096


@pytest.mark.long
def test_two_million_objects_need_the_memory_of_two_hundred_thousand(tmp_path: Path) -> None:
    few, many = peak(200_000, tmp_path / "few"), peak(2_000_000, tmp_path / "many")
    assert many < few * 1.15 + 8_192
