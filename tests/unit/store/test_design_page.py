"""docs/design/store.md tells the truth: its examples are read by the code, its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from labelkeep.snapshots import manifest
from labelkeep.store import packs
from labelkeep.store.packs import Member
from labelkeep.store.store import FORMAT, Config

PAGE = (Path(__file__).parents[3] / "docs/design/store.md").read_text()
EXAMPLES = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
RECORDS: dict[str, type[msgspec.Struct]] = {
    "backup (root)": manifest.Root,
    "project": manifest.ProjectManifest,
    "label": manifest.LabelRecord,
    "attribute": manifest.AttributeRecord,
    "label_keys": manifest.LabelKeys,
    "data": manifest.DataRecord,
    "job": manifest.JobRecord,
    "issue": manifest.IssueRecord,
    "comment": manifest.CommentRecord,
    "guide": manifest.GuideRecord,
    "asset": manifest.AssetRecord,
}


def row(title: str) -> str:
    found = re.search(rf"^\| {re.escape(title)} \| (.*) \|$", PAGE, re.MULTILINE)
    assert found, f"no row for {title}"
    return found[1]


@pytest.mark.parametrize(("example", "kind"), enumerate([Config, manifest.Root, manifest.TaskManifest]))
def test_an_example_is_what_the_code_reads_and_writes(example: int, kind: type) -> None:
    value: msgspec.Struct = msgspec.json.decode(EXAMPLES[example], type=kind)
    assert msgspec.json.format(msgspec.json.encode(value)).decode() == EXAMPLES[example].strip()


@pytest.mark.parametrize("title", RECORDS)
def test_the_table_names_each_field_of_a_record_and_no_other(title: str) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(RECORDS[title])}
    assert set(re.findall(r"`([a-z_0-9]+)`", row(title))) == fields


def test_the_table_names_what_a_task_has_beyond_a_project() -> None:
    of_a_task = {field.name for field in msgspec.structs.fields(manifest.TaskManifest)}
    of_a_project = {field.name for field in msgspec.structs.fields(manifest.ProjectManifest)} - {"tasks"}
    assert set(re.findall(r"`([a-z_]+)`", row("task"))) == of_a_task - of_a_project
    assert of_a_project <= of_a_task


def test_the_members_of_an_index_stand_in_the_order_of_the_table() -> None:
    for position, field in enumerate(msgspec.structs.fields(Member)):
        assert f"| {position} | {field.name} |" in PAGE


def test_the_bounds_and_the_format_are_those_of_the_code() -> None:
    assert (packs.ROOM, packs.MEMBERS, packs.LONE) == (32 * 2**20, 8192, 4 * 2**20)
    assert f"describes format **{FORMAT}**" in PAGE
