"""The extra member: numbers and groups come back, hand edits are recognised, newer formats are refused."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from isal.isal_zlib import crc32
from tests.support.archives import errors
from tests.support.zips import archive, task_members

from labelkeep.annotations.model import Shape, Tag
from labelkeep.archive import extra
from labelkeep.archive.annotations import render
from labelkeep.archive.cvat import ArchiveAttribute, ArchiveLabel
from labelkeep.archive.extra import Digest, JobFacts, TaskFacts
from labelkeep.archive.facts import Facts
from labelkeep.archive.labels import label_table
from labelkeep.archive.reader import Archive, open_archive
from labelkeep.archive.reports import Report
from labelkeep.archive.runs import Runs, numbers


def shapes() -> list[Shape]:
    return [
        Shape(number=7, frame=0, label=1, type="rectangle", points=[1.0, 2.0, 3.0, 4.0], group=None),
        Shape(number=8, frame=0, label=1, type="rectangle", points=[1.0, 2.0, 3.0, 5.0], group=0),
        Shape(number=3, frame=1, label=1, type="rectangle", points=[1.0, 2.0, 3.0, 6.0], group=5),
    ]


def ours() -> dict[str, bytes]:
    """The members of an archive as Labelkeep writes it."""
    table = label_table([ArchiveLabel(name="car", attributes=[ArchiveAttribute(name="a")])])
    facts = Facts()
    text = b'[{"version":0,"tags":[],"shapes":[%b],"tracks":[]}]' % render("shapes", shapes(), table, facts)
    job = JobFacts()
    job.note("shapes", facts)
    members = task_members(annotations=text)
    digests = {name: Digest.of(members[name], crc32(members[name])) for name in ("task.json", "annotations.json")}
    known = TaskFacts(prefix="", manifest={"uuid": "u"}, jobs=[job])
    members["labelkeep.json"] = extra.write(root={"server": "s"}, tasks=[known], members=digests)
    return members


def read(found: Archive) -> list[object]:
    (task,) = found.tasks
    batches = found.annotations(task, label_table(found.labels(task)))
    return [item for batch in batches for item in batch.objects]


def test_numbers_and_null_groups_come_back(tmp_path: Path) -> None:
    with open_archive(io.BytesIO(archive(ours())), spool_dir=tmp_path) as found:
        assert read(found) == shapes()
        assert found.findings == []
        assert found.edited == frozenset()
        assert found.extra is not None
        facts = found.extra.task("")
        assert facts is not None
        assert facts.manifest == {"uuid": "u"}
        assert found.extra.task("task_9/") is None


def test_the_archive_itself_says_0_for_a_group_of_null() -> None:
    assert b"null" not in ours()["annotations.json"]


def test_annotations_edited_by_hand_win_and_are_numbered_anew(tmp_path: Path) -> None:
    members = ours()
    members["annotations.json"] = members["annotations.json"].replace(b"6.0", b"9.0")
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert [(item.number, item.points[3]) for item in read(found) if isinstance(item, Shape)] == [
            *((1, 4.0), (2, 5.0), (3, 9.0))
        ]
        (finding,) = found.findings
        assert (finding.code, finding.member) == ("edited-member", "annotations.json")
        assert found.edited == {"annotations.json"}


def test_an_edit_that_keeps_size_and_checksum_is_seen_by_the_hash(tmp_path: Path) -> None:
    members = ours()
    known = json.loads(members["labelkeep.json"])
    known["members"]["task.json"]["blake3"] = "0" * 64
    members["labelkeep.json"] = json.dumps(known).encode()
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert found.edited == {"task.json"}


def test_a_member_that_was_taken_out_is_told(tmp_path: Path) -> None:
    members = ours()
    known = json.loads(members["labelkeep.json"])
    known["members"]["annotation_guide.md"] = {"size": 1, "crc32": 1}
    members["labelkeep.json"] = json.dumps(known).encode()
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert [(item.code, item.member) for item in found.findings] == [("edited-member", "annotation_guide.md")]


@pytest.mark.parametrize("wrong", ["", "7", "7-8,7", "x", "7-8,3x", "8-7", "999999999", "7-999999999", "7,,8"])
def test_numbers_that_do_not_fit_are_an_error_of_the_extra_member(wrong: str, tmp_path: Path) -> None:
    members = ours()
    known = json.loads(members["labelkeep.json"])
    known["tasks"][0]["jobs"][0]["numbers"]["shapes"] = wrong
    members["labelkeep.json"] = json.dumps(known).encode()
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        read(found)
        assert [(item.code, item.member) for item in errors(found.findings)] == [("bad-extra", "labelkeep.json")]


def test_a_number_may_not_come_in_two_lists_of_a_job(tmp_path: Path) -> None:
    members = ours()
    text = members["annotations.json"].replace(b'"tags":[]', b'"tags":[{"frame":0,"label":"car"}]')
    known = json.loads(members["labelkeep.json"])
    known["tasks"][0]["jobs"][0]["numbers"]["tags"] = "8"
    known["members"]["annotations.json"] = {"size": len(text), "crc32": crc32(text)}
    members |= {"labelkeep.json": json.dumps(known).encode(), "annotations.json": text}
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert isinstance(read(found)[0], Tag)
        assert [item.code for item in errors(found.findings)] == ["bad-extra"]


def test_a_newer_format_is_refused_by_its_number() -> None:
    report = Report()
    assert extra.read(b'{"format":7,"everything":"new"}', report) is None
    (finding,) = report.findings
    assert finding.is_error
    assert "format 7 by a newer Labelkeep; this one reads up to 1" in finding.message


def test_keys_of_later_minor_versions_do_not_matter() -> None:
    report = Report()
    found = extra.read(b'{"format":1,"more":1,"tasks":[{"prefix":"","other":2}]}', report)
    assert found is not None
    assert report.findings == []


def test_the_same_facts_give_the_same_bytes() -> None:
    assert ours()["labelkeep.json"] == ours()["labelkeep.json"]
    one = extra.write(members={"b": Digest(size=1, crc32=2), "a": Digest(size=1, crc32=2)})
    assert one == extra.write(members={"a": Digest(size=1, crc32=2), "b": Digest(size=1, crc32=2)})


@pytest.mark.parametrize(
    ("found", "text"),
    [([], ""), ([1], "1"), ([1, 2, 3], "1-3"), ([1, 3, 4, 2], "1,3-4,2"), ([0, 1], "0-1"), ([5, 5], "5,5")],
)
def test_runs_are_short_and_come_back(found: list[int], text: str) -> None:
    runs = Runs()
    for number in found:
        runs.add(number)
    assert runs.text() == text
    assert runs.text() == text
    assert list(numbers(text)) == found


def test_runs_may_grow_after_they_were_read() -> None:
    runs = Runs()
    runs.add(1)
    assert runs.text() == "1"
    runs.add(2)
    assert list(numbers(runs.text())) == [1, 2]


def test_a_task_without_facts_is_numbered_by_arrival(tmp_path: Path) -> None:
    members = ours()
    members["labelkeep.json"] = extra.write(root={"server": "s"})
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert [item.number for item in read(found) if isinstance(item, Shape)] == [1, 2, 3]
