"""Guides: references to assets become places in the archive and back; names are made safe and unique."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.support.zips import a_project, archive, task_members

from labelkeep.archive import guide
from labelkeep.archive.reader import open_archive

ONE, OTHER = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


def test_references_become_places_and_come_back(tmp_path: Path) -> None:
    markdown = f"![a](/api/assets/{ONE}) and ![b](/api/assets/{OTHER})"
    names = guide.file_names([(ONE, "pic.png"), (OTHER, "pic.png")])
    text = guide.render(markdown, names)
    assert text == "![a](assets/pic.png) and ![b](assets/pic (2).png)"
    members = {**task_members(), "annotation_guide.md": text.encode()}
    members |= {f"assets/{name}": b"x" for name in names.values()}
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        read = found.guide()
    assert read is not None
    assert [asset.filename for asset in read.assets] == ["pic (2).png", "pic.png"]
    assert read.markdown({name: f"/api/assets/{uuid}" for uuid, name in names.items()}) == markdown


def test_a_name_that_begins_another_is_not_mistaken_for_it() -> None:
    found = guide.Guide("", "assets/a.png and assets/a.png.png")
    assert found.markdown({"a.png": "1", "a.png.png": "2"}) == "1 and 2"


def test_the_guide_of_a_task_in_a_project_has_a_prefix(tmp_path: Path) -> None:
    import json

    members = task_members(prefix="task_0/") | {"project.json": json.dumps(a_project()).encode()}
    members |= {"task_0/annotation_guide.md": b"![](task_0/assets/a.png)", "task_0/assets/a.png": b"x"}
    with open_archive(io.BytesIO(archive(members)), spool_dir=tmp_path) as found:
        assert found.findings == []
        read = found.guide("task_0/")
        assert read is not None
        assert read.markdown({"a.png": "/api/assets/1"}) == "![](/api/assets/1)"
        assert found.guide() is None


@pytest.mark.parametrize(
    ("filename", "wanted"),
    [
        ("a/b.png", "a_b.png"),
        ("..\\x.png", "_x.png"),
        ("..", "asset"),
        ("", "asset"),
        ("a\x00b.png", "a_b.png"),
        ("ü 标.png", "ü 标.png"),
    ],
)
def test_file_names_are_made_safe(filename: str, wanted: str) -> None:
    assert guide.file_names([(ONE, filename)]) == {ONE: wanted}


def test_names_that_differ_in_case_are_told_apart() -> None:
    assert list(guide.file_names([(ONE, "A.png"), (OTHER, "a.png")]).values()) == ["A.png", "a (2).png"]


def test_a_very_long_name_keeps_its_suffix() -> None:
    (name,) = guide.file_names([(ONE, "标" * 300 + ".png")]).values()
    assert len(name.encode()) <= 255
    assert name.endswith(".png")


@pytest.mark.parametrize(
    ("name", "wanted"), [("a.PNG", "image/png"), ("a.exe", None), ("png", None), ("a.pdf", "application/pdf")]
)
def test_the_suffix_says_what_an_asset_is(name: str, wanted: str | None) -> None:
    assert guide.media_type(name) == wanted
