"""A small archive with seeded damage: whatever happens to it, reading ends with findings and leaves nothing behind."""

from __future__ import annotations

import io
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.archives import errors, judge
from tests.support.zips import Item, a_job, a_shape, a_task, items, make, task_members

from labelkeep.archive.extra import Digest, JobFacts, TaskFacts, write

RUNS = int(os.environ.get("TEST_MUTATIONS", "2000"))


def small_archive() -> bytes:
    """An archive with everything in it: deflated and stored members, a guide, tracks, the extra member."""
    shape = a_shape()
    tracked = {key: shape[key] for key in ("type", "points", "frame", "occluded", "outside", "z_order", "rotation")}
    track = {"frame": 0, "group": 0, "source": "manual", "attributes": [], "label": "car", "elements": []}
    job = a_job(
        shapes=[shape, a_shape(frame=1, group=None)], tracks=[{**track, "shapes": [{**tracked, "attributes": []}]}]
    )
    members = task_members(a_task(), [job])
    members |= {"annotation_guide.md": b"# Guide\n![x](assets/a.png)", "assets/a.png": b"\x89PNG"}
    facts = TaskFacts(prefix="", jobs=[JobFacts(numbers={"shapes": "1-2", "tracks": "7"}, ungrouped={"shapes": "2"})])
    members["labelkeep.json"] = write(tasks=[facts], members={"task.json": Digest(size=1, crc32=2)})
    found = items(members)
    found[1].deflated = True
    return make([*found, Item("data/3.jpg", bytes(500), deflated=True)], comment=b"comment")


def flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at : at + chance.randrange(1, 9)] = bytes(
        chance.choice(b'\x00\xff[{"/.') for _ in range(chance.randrange(1, 9))
    )


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def remove(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randrange(1, 40)]


def repeat(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.randrange(1, 200)]


def number(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data) - 4)
    data[at : at + 4] = chance.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000]).to_bytes(4, "little")


KINDS: list[Callable[[bytearray, random.Random], None]] = [flip, flip, flip, overwrite, cut, remove, repeat, number]


@pytest.mark.parametrize("lot", range(8))
def test_no_damage_leads_to_anything_but_findings(lot: int, tmp_path: Path) -> None:
    good = small_archive()
    spool = tmp_path / "spool"
    spool.mkdir()
    for seed in range(lot * RUNS // 8, (lot + 1) * RUNS // 8):
        chance = random.Random(seed)
        data = bytearray(good)
        for _ in range(chance.choice([1, 1, 1, 2, 5])):
            chance.choice(KINDS)(data, chance)
            data = data if len(data) > 8 else bytearray(b"x" * 9)
        found = judge(io.BytesIO(bytes(data)), spool)
        assert all(item.message and item.member for item in errors(found)), (seed, found)
        assert os.listdir(spool) == []
    assert os.listdir(tmp_path) == ["spool"]


def test_the_undamaged_archive_has_no_error(tmp_path: Path) -> None:
    assert errors(judge(io.BytesIO(small_archive()), tmp_path)) == []


MUTATED = [
    *(b"null", b"true", b"-1", b"1e999", b"123456789012345678901234567890", b'""', b'"\\ud800"', b"[]", b"{}", b"[[]]"),
    *(b'{"a":1}', b"NaN", b"5.5", b'"x"', b"[null]", b"", b","),
]


@pytest.mark.parametrize("member", ["task.json", "annotations.json", "labelkeep.json"])
def test_no_value_in_a_document_leads_to_anything_but_findings(member: str, tmp_path: Path) -> None:
    """Values at random places of a document are replaced by every other kind of value."""
    members = task_members(a_task(), [a_job(shapes=[a_shape()])])
    facts = TaskFacts(prefix="", jobs=[JobFacts(numbers={"shapes": "1"})])
    members["labelkeep.json"] = write(tasks=[facts], members={"task.json": Digest(size=1, crc32=2)})
    tokens = _tokens(json.dumps(json.loads(members[member])).encode())
    for seed in range(300):
        chance = random.Random(seed)
        changed = list(tokens)
        changed[chance.randrange(len(changed))] = chance.choice(MUTATED)
        found = judge(io.BytesIO(make(items({**members, member: b"".join(changed)}))), tmp_path)
        assert all(item.message and item.member for item in errors(found)), (seed, found)
        assert os.listdir(tmp_path) == []


def _tokens(text: bytes) -> list[bytes]:

    return re.findall(rb'"[^"]*"|[\[\]{}:,]|[^\[\]{}:,"\s]+|\s+', text)
