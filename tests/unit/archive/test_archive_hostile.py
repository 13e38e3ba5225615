"""Hostile and broken archives, made by hand: each is refused by a finding that names the member and the place."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import errors, judge
from tests.support.zips import (
    DEVICE,
    FOLDER,
    SYMLINK,
    Item,
    a_job,
    a_label,
    a_project,
    a_shape,
    a_task,
    archive,
    items,
    make,
    task_members,
    with_data,
)

from labelkeep.archive.reader import Limits
from labelkeep.findings import Level


def plus(*more: Item) -> bytes:
    """A good archive with further members."""
    return archive(None, *more)


def changed(name: str, **fields: Any) -> bytes:
    """A good archive of which one member's headers say something else."""
    found = items(task_members())
    for item in found:
        if item.name == name:
            for field, value in fields.items():
                setattr(item, field, value)
    return make(found)


def task(**more: Any) -> bytes:
    return archive(task_members(a_task(**more)))


def jobs(*found: dict[str, Any], **data: Any) -> bytes:
    base = with_data(**data)
    return archive(task_members({**base, "jobs": list(found)}, [a_job() for _ in found]))


def drawn(**more: Any) -> bytes:
    return archive(task_members(annotations=[a_job(shapes=[a_shape(**more)])]))


def saying(text: bytes) -> bytes:
    return archive(task_members(annotations=text))


def without(name: str) -> bytes:
    return archive({key: value for key, value in task_members().items() if key != name})


GOOD = archive()
BASE = {"status": "annotation", "type": "annotation", "start_frame": 0, "stop_frame": 1}
DEEP = b"[" * 100_000
POOL = {"mode": "gt_pool", "frames_per_job_count": 1, "frames": ["1.jpg"]}

# what it is: (the zip, code of the error, member that it names, place that it names; None: any)
REFUSED: dict[str, tuple[bytes, str, str | None, str | None]] = {
    # names
    "a parent folder": (plus(Item("data/../../x")), "name-parent", "data/../../x", None),
    "only a parent": (plus(Item("..")), "name-parent", "..", None),
    "an absolute name": (plus(Item("/etc/passwd")), "name-absolute", "/etc/passwd", None),
    "a drive letter": (plus(Item("C:/x.jpg")), "name-drive", "C:/x.jpg", None),
    "a drive letter and no slash": (plus(Item("c:x.jpg")), "name-drive", "c:x.jpg", None),
    "a backslash": (plus(Item("data\\x.jpg")), "name-backslash", "data\\x.jpg", None),
    "backslashes that lead up": (plus(Item("data\\..\\..\\x")), "name-backslash", None, None),
    "a NUL in a name": (plus(Item("data/a\x00b.jpg")), "name-nul", "data/a\x00b.jpg", None),
    "a line feed in a name": (plus(Item("data/a\nb.jpg")), "name-control", None, None),
    "an empty name": (plus(Item("")), "name-not-plain", "(no name)", None),
    "a dot": (plus(Item("./data/x.jpg")), "name-not-plain", "./data/x.jpg", None),
    "two slashes": (plus(Item("data//x.jpg")), "name-not-plain", "data//x.jpg", None),
    "a very long part": (plus(Item("data/" + "x" * 300)), "name-long", None, None),
    "a very long name": (plus(Item("data/" + "x/" * 20_000 + "y")), "name-long", None, None),
    "very many folders": (plus(Item("data/" + "x/" * 100 + "y")), "name-deep", None, None),
    "a name that is not UTF-8": (plus(Item(b"data/\xff\xfe.jpg")), "name-encoding", "data/\\xff\\xfe.jpg", None),
    "two members of one name": (plus(Item("data/1.jpg", b"other")), "duplicate-name", "data/1.jpg", None),
    "task.json twice": (plus(Item("task.json", b"{}")), "duplicate-name", "task.json", None),
    "a folder with contents": (
        plus(Item("data/x/", b"abc", attributes=FOLDER)),
        "folder-with-contents",
        "data/x/",
        None,
    ),
    # kinds of members
    "a symbolic link": (plus(Item("data/x.jpg", b"/etc/passwd", attributes=SYMLINK)), "symlink", "data/x.jpg", None),
    "a device": (plus(Item("data/x.jpg", attributes=DEVICE)), "special-file", "data/x.jpg", None),
    "an encrypted member": (plus(Item("data/x.jpg", b"abc", flags=0x0801)), "encrypted", "data/x.jpg", None),
    "masked headers": (plus(Item("data/x.jpg", b"abc", flags=0x2800)), "encrypted", "data/x.jpg", None),
    "another compression": (plus(Item("data/x.jpg", b"abc", method=12)), "compression", "data/x.jpg", None),
    "an encrypted task.json": (changed("task.json", flags=0x0801), "encrypted", "task.json", None),
    # bombs
    "a bomb of 1 to 1000": (plus(Item("data/x.bmp", bytes(20 * 2**20), deflated=True)), "ratio", "data/x.bmp", None),
    "a bomb that hides its size": (
        plus(Item("data/x.bmp", bytes(20 * 2**20), deflated=True, size=1000, local_size=1000)),
        "bad-contents",
        "data/x.bmp",
        "1001",
    ),
    "more than it says": (
        changed("data/1.jpg", deflated=True, size=3, local_size=3),
        "bad-contents",
        "data/1.jpg",
        "4",
    ),
    "less than it says": (
        changed("data/1.jpg", deflated=True, size=99, local_size=99),
        "bad-contents",
        "data/1.jpg",
        "8",
    ),
    "a stored member of two sizes": (changed("data/1.jpg", size=99, local_size=99), "bad-size", "data/1.jpg", None),
    # places
    "one member inside another": (changed("data/2.jpg", offset=0), "overlap", None, None),
    "two entries for one place": (
        make([*items(task_members()), Item("data/3.jpg", b"\xff\xd8\xff1.jpg", offset=0, without_local=True)]),
        "overlap",
        None,
        None,
    ),
    "a member where nothing is": (changed("data/1.jpg", offset=7), "no-local-header", "data/1.jpg", None),
    "a member behind the end": (changed("data/1.jpg", offset=2**31), "no-local-header", "data/1.jpg", None),
    "a member into the directory": (changed("data/2.jpg", size=500, packed=500), "outside", "data/2.jpg", None),
    "two names of one member": (changed("data/1.jpg", local_name="data/9.jpg"), "headers-differ", "data/1.jpg", None),
    "two sizes of one member": (changed("data/1.jpg", local_size=5), "headers-differ", "data/1.jpg", None),
    "two checksums of one member": (changed("data/1.jpg", local_crc32=5), "headers-differ", "data/1.jpg", None),
    "two compressions": (changed("data/1.jpg", local_method=8), "headers-differ", "data/1.jpg", None),
    "a wrong checksum": (changed("data/1.jpg", crc32=5), "bad-contents", "data/1.jpg", "8"),
    "no deflate stream": (changed("data/1.jpg", method=8), "bad-contents", "data/1.jpg", "0"),
    "task.json damaged": (changed("task.json", crc32=5), "bad-contents", "task.json", None),
    # ends and directories
    "nothing": (b"", "not-a-zip", "(zip)", "0"),
    "text": (b"hello, this is no zip", "not-a-zip", "(zip)", "21"),
    "an archive cut in the middle": (GOOD[: len(GOOD) // 2], "not-a-zip", "(zip)", None),
    "an archive without its last byte": (GOOD[:-1], "not-a-zip", "(zip)", None),
    "an archive without its first byte": (GOOD[1:], "bad-directory", "(zip)", None),
    "bytes before it": (make(items(task_members()), before=b"MZ", directory=0), "bad-directory", "(zip)", None),
    "bytes after it": (make(items(task_members()), after=b"more"), "bad-end", "(zip)", None),
    "a comment longer than the file": (make(items(task_members()), comment_size=9), "bad-end", "(zip)", None),
    "too few entries": (make(items(task_members()), count=9), "bad-directory", "(zip)", None),
    "too many entries": (make(items(task_members()), count=1), "bad-directory", "(zip)", None),
    "a directory elsewhere": (make(items(task_members()), directory=3), "bad-directory", "(zip)", None),
    "a directory too short": (make(items(task_members()), length=50, directory=0), "bad-directory", "(zip)", None),
    "a hole before the end": (
        make(items(task_members()), between=b"x" * 9, directory=5),
        "bad-directory",
        "(zip)",
        None,
    ),
    "one of two disks": (make(items(task_members()), disk=1), "many-disks", "(zip)", None),
    "a member on another disk": (plus(Item("data/x.jpg", disk=2)), "many-disks", "(zip)", None),
    "Zip64 that is not there": (make(items(task_members()), directory=0xFFFFFFFF), "bad-directory", "(zip)", None),
    "no members": (make([]), "empty", "(zip)", None),
    # roots
    "neither task nor project": (archive({"data/1.jpg": b"x"}), "no-root", "task.json", None),
    "everything in a folder": (archive(task_members(prefix="mine/")), "no-root", "task.json", None),
    "both task and project": (
        archive({**task_members(), "project.json": json.dumps(a_project()).encode()}),
        "two-roots",
        "task.json",
        None,
    ),
    # documents
    "no annotations": (without("annotations.json"), "missing-member", "annotations.json", None),
    "no media": (archive(task_members(media=())), "no-media", "data/", None),
    "an index alone": (archive(task_members(media=("index.json", "manifest.jsonl"))), "no-media", "data/", None),
    "a lightweight one without manifest": (
        archive(task_members(with_data(storage="cloud_storage"))),
        "no-media",
        "data/manifest.jsonl",
        None,
    ),
    "a task folder without task.json": (
        archive({"project.json": json.dumps(a_project()).encode(), "task_3/data/1.jpg": b"x"}),
        "missing-member",
        "task_3/task.json",
        None,
    ),
    "task.json that is no JSON": (archive(task_members(b'{"name": ')), "bad-json", "task.json", "9"),
    "task.json with NaN": (archive(task_members(b'{"name": NaN}')), "bad-json", "task.json", "9"),
    "task.json that is not UTF-8": (archive(task_members(b'{"name": "\xff"}')), "bad-json", "task.json", "10"),
    "task.json in UTF-16": (archive(task_members('{"name": "x"}'.encode("utf-16"))), "bad-json", "task.json", None),
    "task.json nested too deeply": (archive(task_members(DEEP)), "bad-json", "task.json", None),
    "task.json that is a list": (archive(task_members([])), "wrong-type", "task.json", ""),
    "an empty task.json": (archive(task_members(b"")), "bad-json", "task.json", "0"),
    "no name": (
        archive(task_members({k: v for k, v in a_task().items() if k != "name"})),
        "missing",
        "task.json",
        "/name",
    ),
    "no data": (
        archive(task_members({k: v for k, v in a_task().items() if k != "data"})),
        "missing",
        "task.json",
        "/data",
    ),
    "no jobs": (task(jobs=[]), "no-jobs", "task.json", "/jobs"),
    "another version": (task(version="2.0"), "version", "task.json", "/version"),
    "a version that is a number": (task(version=1.0), "wrong-type", "task.json", "/version"),
    "a name that is a number": (task(name=5), "wrong-type", "task.json", "/name"),
    "a NUL in a text": (task(name="a\x00"), "nul", "task.json", "/name"),
    "a very long name of a task": (task(name="x" * 257), "too-long", "task.json", "/name"),
    "an unknown status": (task(status="done"), "unknown-value", "task.json", "/status"),
    "labels that are a string": (task(labels="car"), "wrong-type", "task.json", "/labels"),
    "a label that is null": (task(labels=[None]), "wrong-type", "task.json", "/labels/0"),
    "one label twice": (task(labels=[a_label(), a_label()]), "duplicate-label", "task.json", "/labels/1/name"),
    "an unknown type of label": (task(labels=[a_label(type="blob")]), "unknown-value", "task.json", "/labels/0/type"),
    "sublabels of a rectangle": (
        task(labels=[a_label(type="rectangle", sublabels=[a_label("x")])]),
        "sublabels",
        "task.json",
        "/labels/0/sublabels",
    ),
    "an attribute without input type that is known": (
        task(labels=[a_label(attributes=[{"name": "a", "input_type": "colour"}])]),
        "unknown-value",
        "task.json",
        "/labels/0/attributes/0/input_type",
    ),
    "a quality of 500": (
        archive(task_members(with_data(image_quality=500))),
        "out-of-range",
        "task.json",
        "/data/image_quality",
    ),
    "a chunk size of 0": (
        archive(task_members(with_data(chunk_size=0))),
        "out-of-range",
        "task.json",
        "/data/chunk_size",
    ),
    "a step of 0": (
        archive(task_members(with_data(frame_filter="step=0"))),
        "frame-filter",
        "task.json",
        "/data/frame_filter",
    ),
    "a filter of another kind": (
        archive(task_members(with_data(frame_filter="every=2"))),
        "frame-filter",
        "task.json",
        "/data/frame_filter",
    ),
    "a stop before the start": (
        archive(task_members(with_data(start_frame=9, stop_frame=5))),
        "out-of-range",
        "task.json",
        "/data",
    ),
    "audio": (archive(task_members(with_data(chunk_type="audio_mp3"))), "audio", "task.json", "/data/chunk_type"),
    # jobs
    "a job behind the end": (
        jobs({**BASE, "start_frame": 5, "stop_frame": 9}),
        "bad-range",
        "task.json",
        "/jobs/0/start_frame",
    ),
    "a job that ends before it begins": (
        jobs({**BASE, "start_frame": 1, "stop_frame": 0}),
        "bad-range",
        "task.json",
        "/jobs/0/stop_frame",
    ),
    "a job without a stop": (jobs({"start_frame": 0}), "missing", "task.json", "/jobs/0/stop_frame"),
    "a job before the first frame": (
        jobs({**BASE, "start_frame": -1}),
        "out-of-range",
        "task.json",
        "/jobs/0/start_frame",
    ),
    "an unknown type of job": (jobs({**BASE, "type": "x"}), "unknown-value", "task.json", "/jobs/0/type"),
    "a replica first": (jobs({**BASE, "type": "replica"}, BASE), "job-order", "task.json", "/jobs/0/type"),
    "two ground truths": (
        jobs(BASE, *[{**BASE, "type": "ground_truth", "frames": [1]}] * 2),
        "two-ground-truths",
        "task.json",
        "/jobs/2/type",
    ),
    "ground truth of no frame": (
        jobs(
            BASE, {**BASE, "type": "ground_truth", "frames": [77]}, start_frame=1, stop_frame=4, frame_filter="step=2"
        ),
        "bad-frames",
        "task.json",
        "/jobs/1/frames",
    ),
    "too few files of a job": (
        jobs({**BASE, "files": ["1.jpg"]}, custom_segments=True),
        "segment-files",
        "task.json",
        "/jobs/0/files",
    ),
    "no files of a job": (jobs(BASE, custom_segments=True), "segment-files", "task.json", "/jobs/0"),
    "a file that is not there": (
        jobs({**BASE, "files": ["1.jpg", "9.jpg"]}, custom_segments=True),
        "missing-file",
        "task.json",
        "/jobs/0/files/1",
    ),
    "honeypots without ground truth": (
        jobs({**BASE, "files": ["1.jpg", "2.jpg"]}, custom_segments=True, validation_layout=POOL),
        "no-ground-truth",
        "task.json",
        "/jobs",
    ),
    "a pool of other files": (
        jobs(
            {**BASE, "stop_frame": 0, "files": ["1.jpg"]},
            {**BASE, "start_frame": 1, "type": "ground_truth", "files": ["2.jpg"]},
            custom_segments=True,
            validation_layout=POOL,
        ),
        "segment-files",
        "task.json",
        "/jobs/1/files",
    ),
    # annotations
    "annotations that are no JSON": (saying(b"[{"), "bad-json", "annotations.json", None),
    "annotations that are an object": (saying(b"{}"), "bad-json", "annotations.json", ""),
    "annotations with NaN": (
        saying(b'[{"shapes":[{"frame":0,"type":"rectangle","label":"car","points":[NaN,1,2,3]}]}]'),
        "bad-json",
        "annotations.json",
        "/0/shapes/0",
    ),
    "annotations nested too deeply": (saying(b'[{"shapes":' + DEEP), "bad-json", "annotations.json", None),
    "an unknown label": (drawn(label="bus"), "unknown-label", "annotations.json", "/0/shapes/0/label"),
    "an unknown attribute": (
        drawn(attributes=[{"name": "b", "value": "1"}]),
        "unknown-attribute",
        "annotations.json",
        "/0/shapes/0/attributes/0/name",
    ),
    "an unknown shape": (drawn(type="blob"), "bad-annotation", "annotations.json", "/0/shapes/0/type"),
    "three coordinates": (drawn(points=[1, 2, 3]), "bad-annotation", "annotations.json", "/0/shapes/0/points"),
    "a coordinate that is text": (
        drawn(points=[1, 2, 3, "4"]),
        "bad-annotation",
        "annotations.json",
        "/0/shapes/0/points/3",
    ),
    "a coordinate without end": (
        saying(b'[{"shapes":[{"frame":0,"type":"rectangle","label":"car","points":[1e999,1,2,3]}]}]'),
        "bad-annotation",
        "annotations.json",
        None,
    ),
    "a rotation of 400": (drawn(rotation=400), "bad-annotation", "annotations.json", "/0/shapes/0/rotation"),
    "a score of 2": (drawn(score=2), "bad-annotation", "annotations.json", "/0/shapes/0/score"),
    "a frame before the first": (drawn(frame=-1), "bad-annotation", "annotations.json", "/0/shapes/0/frame"),
    "a group that is true": (drawn(group=True), "bad-annotation", "annotations.json", "/0/shapes/0/group"),
    "a value that is null": (
        drawn(attributes=[{"name": "a", "value": None}]),
        "bad-annotation",
        "annotations.json",
        "/0/shapes/0/attributes/0/value",
    ),
    "a skeleton without points": (
        drawn(type="skeleton", points=[]),
        "bad-annotation",
        "annotations.json",
        "/0/shapes/0/elements",
    ),
    "points of a rectangle": (
        drawn(elements=[a_shape()]),
        "unknown-label",
        "annotations.json",
        "/0/shapes/0/elements/0/label",
    ),
    "sound": (saying(b'[{"intervals":[{"start":0}]}]'), "audio", "annotations.json", "/0/intervals"),
    # guides
    "a program as an asset": (
        archive({**task_members(), "annotation_guide.md": b"x", "assets/x.exe": b"MZ"}),
        "asset-type",
        "assets/x.exe",
        None,
    ),
    "a guide that is not UTF-8": (
        archive({**task_members(), "annotation_guide.md": b"a\xff"}),
        "bad-text",
        "annotation_guide.md",
        "1",
    ),
    "a guide with very many assets": (
        archive({**task_members(), "annotation_guide.md": b"x", **{f"assets/{i}.png": b"x" for i in range(151)}}),
        "too-many-assets",
        "annotation_guide.md",
        None,
    ),
    # our own member
    "an extra member of a newer format": (
        archive({**task_members(), "labelkeep.json": b'{"format":2}'}),
        "newer-format",
        "labelkeep.json",
        "/format",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_archive_is_refused_by_member_and_place(what: str, tmp_path: Path) -> None:
    data, code, member, place = REFUSED[what]
    found = errors(judge(io.BytesIO(data), tmp_path))
    right = [item for item in found if item.code == code]
    assert right, [str(item) for item in found]
    assert member is None or member in {item.member for item in right}, right
    assert place is None or place in {item.place for item in right}, right
    assert all(item.message for item in found)
    assert list(tmp_path.iterdir()) == []


def test_the_table_is_as_large_as_promised() -> None:
    assert len(REFUSED) >= 60


LIMITED: dict[str, tuple[Limits, Callable[[], bytes], str]] = {
    "too many members": (Limits(members=3), archive, "too-many-members"),
    "too many bytes": (Limits(total=100), archive, "too-large"),
    "a large document": (Limits(document=10), archive, "too-large"),
    "a large asset": (
        Limits(asset=2),
        lambda: archive({**task_members(), "annotation_guide.md": b"", "assets/a.png": b"abc"}),
        "too-large",
    ),
}


@pytest.mark.parametrize("what", LIMITED)
def test_limits_hold(what: str, tmp_path: Path) -> None:
    limits, data, code = LIMITED[what]
    found = errors(judge(io.BytesIO(data()), tmp_path, limits=limits))
    assert code in {item.code for item in found}


@pytest.mark.parametrize(("kind", "expect"), [("task", "project"), ("project", "task")])
def test_an_archive_sent_to_the_wrong_place_is_refused_by_name(kind: str, expect: Any, tmp_path: Path) -> None:
    data = archive() if kind == "task" else archive({"project.json": json.dumps(a_project()).encode()})
    (found,) = judge(io.BytesIO(data), tmp_path, expect=expect)
    assert (found.code, found.member) == ("wrong-kind", f"{kind}.json")
    assert f"send it to the {kind}s" in found.message


def test_the_folder_that_wraps_an_archive_is_named(tmp_path: Path) -> None:
    (found,) = judge(io.BytesIO(archive(task_members(prefix="mine/"))), tmp_path)
    assert "mine/" in found.message


def test_all_problems_are_there_at_once(tmp_path: Path) -> None:
    wrong = a_task(name=5, status="done", labels=[a_label(type="blob")], version="3")
    data = archive(task_members(wrong, [a_job(shapes=[a_shape(label="bus"), a_shape(points=[])])]), Item("../x"))
    found = errors(judge(io.BytesIO(data), tmp_path))
    assert [item.code for item in found] == [
        *("name-parent", "version", "wrong-type", "unknown-value", "unknown-value"),
        *("unknown-label", "bad-annotation"),
    ]


def test_of_a_million_bad_names_only_some_are_told(tmp_path: Path) -> None:
    found = judge(io.BytesIO(archive(None, *[Item(f"../{i}") for i in range(3000)])), tmp_path)
    assert len(found) == 51
    assert found[-1].message == "2950 more of this kind were found"


TOLERATED: dict[str, tuple[bytes, list[tuple[Level, str]]]] = {
    "a folder entry": (plus(Item("data/", attributes=FOLDER)), []),
    "a comment": (make(items(task_members()), comment=b"hello"), []),
    "a byte order mark": (
        archive(task_members(b"\xef\xbb\xbf" + json.dumps(a_task()).encode())),
        [(Level.NOTE, "byte-order-mark")],
    ),
    "names that differ in case": (plus(Item("data/1.JPG", b"x")), [(Level.WARNING, "case-clash")]),
    "a name in code page 437": (plus(Item("data/ü.jpg".encode("cp437"), flags=0)), []),
    "a name in UTF-8 that does not say so": (plus(Item("data/ü.jpg", flags=0)), []),
    "a member made on DOS": (plus(Item("data/3.jpg", system=0, attributes=0x20)), []),
    "a colour that is none": (task(labels=[a_label(color="red")]), [(Level.WARNING, "color")]),
    "other members": (plus(Item("__MACOSX/x", b"x")), [(Level.NOTE, "unknown-member")]),
    "the folder of old logs": (plus(Item("task/client_events.log", b"x")), []),
    "an asset without a guide": (plus(Item("assets/x.png", b"x")), [(Level.WARNING, "asset-without-guide")]),
    "fewer annotations than jobs": (
        archive(task_members(annotations=[])),
        [(Level.WARNING, "jobs-without-annotations")],
    ),
    "more annotations than jobs": (
        archive(task_members(annotations=[a_job(), a_job()])),
        [(Level.WARNING, "annotations-without-jobs")],
    ),
    "a shape on a frame of another job": (drawn(frame=1), []),
    "a shape behind the last frame": (drawn(frame=7), [(Level.WARNING, "outside-job")]),
    "a shape with an id": (drawn(id=5), [(Level.NOTE, "unknown-key")]),
    "an attribute with two values": (
        drawn(attributes=[{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
        [(Level.WARNING, "two-values")],
    ),
    "an extra member that is no JSON": (
        archive({**task_members(), "labelkeep.json": b"{"}),
        [(Level.WARNING, "bad-extra")],
    ),
    "an extra member that is something else": (
        archive({**task_members(), "labelkeep.json": b'{"format":1,"tasks":5}'}),
        [(Level.WARNING, "bad-extra")],
    ),
}


@pytest.mark.parametrize("what", TOLERATED)
def test_an_odd_archive_is_accepted_and_its_oddity_is_told(what: str, tmp_path: Path) -> None:
    data, wanted = TOLERATED[what]
    found = judge(io.BytesIO(data), tmp_path)
    assert [(item.level, item.code) for item in found] == wanted, [str(item) for item in found]


def test_a_data_descriptor_after_a_member_is_understood(tmp_path: Path) -> None:
    descriptor = Item("data/3.jpg", b"abc", flags=0x0808, local_size=0, local_crc32=0)
    data = make([*items(task_members()), descriptor], between=struct.pack("<4s3L", b"PK\x07\x08", 0, 3, 3))
    assert judge(io.BytesIO(data), tmp_path) == []
