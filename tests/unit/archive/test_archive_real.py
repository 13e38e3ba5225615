"""Archives of a real CVAT server: read without an error, equal to plain JSON, and rendered back to the same values."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import ARCHIVES, errors, honeypots, judge, real_archives

from labelkeep.annotations.model import KINDS
from labelkeep.annotations.stream import Batch
from labelkeep.archive import cvat, cvat_reading
from labelkeep.archive.annotations import Renderer
from labelkeep.archive.facts import Facts, Recall
from labelkeep.archive.labels import label_table
from labelkeep.archive.parsing import Parser
from labelkeep.archive.reader import Archive, TaskMembers, open_archive
from labelkeep.archive.reports import Report


@pytest.fixture(params=real_archives(), ids=lambda path: path.name)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


@pytest.fixture
def archive(path: Path, tmp_path: Path) -> Iterator[Archive]:
    with path.open("rb") as file, open_archive(file, spool_dir=tmp_path) as found:
        yield found


def plain(path: Path, member: str) -> Any:
    with zipfile.ZipFile(path) as zip_file:
        return json.loads(zip_file.read(member))


def test_it_opens_without_any_finding(path: Path, tmp_path: Path) -> None:
    with path.open("rb") as file:
        assert judge(file, tmp_path) == []


def test_every_member_is_there_with_its_bytes(path: Path, archive: Archive) -> None:
    with zipfile.ZipFile(path) as zip_file:
        names = [info.filename for info in zip_file.infolist()]
        assert [member.name for member in archive.members()] == names
        for member in archive.members():
            assert archive.open(member).read() == zip_file.read(member.name)
            with archive.open_seekable(member) as file:
                file.seek(-1, 2)
                assert file.read() == zip_file.read(member.name)[-1:]


def test_documents_say_what_plain_json_says(path: Path, archive: Archive) -> None:
    for task in archive.tasks:
        assert_same_document(json.loads(cvat.write_task(task.task)), plain(path, task.document))
    if archive.project:
        assert_same_document(json.loads(cvat.write_project(archive.project)), plain(path, "project.json"))


def assert_same_document(written: dict[str, Any], original: dict[str, Any]) -> None:
    """Equal but for what is dropped or renamed by design (docs/design/archive.md)."""
    original.pop("consensus_replicas", None)
    for job in original.get("jobs", []):
        if not job.get("frames"):
            job.pop("frames", None)
    if original.get("data", {}).get("storage") == "share":
        original["data"]["storage"] = "local"
    assert written == original


def test_documents_written_are_read_as_the_same(archive: Archive) -> None:
    for task in archive.tasks:
        report = Report()
        assert cvat_reading.read_task(json.loads(cvat.write_task(task.task)), "task.json", report) == task.task
        assert report.findings == []


def test_annotations_rendered_are_the_values_that_were_parsed(path: Path, archive: Archive) -> None:
    for task in archive.tasks:
        original = plain(path, task.annotations)
        rendered = list(render_jobs(archive, task))
        assert rendered == [normal(job) for job in original]


def render_jobs(archive: Archive, task: TaskMembers) -> Iterator[dict[str, Any]]:
    table = label_table(archive.labels(task))
    renderer = Renderer(table)
    found: list[dict[str, Any]] = [{"version": 0, "tags": [], "shapes": [], "tracks": []} for _ in task.task.jobs]
    for batch in archive.annotations(task, table):
        found[batch.job][batch.kind] += json.loads(b"[%b]" % renderer.render(batch.kind, batch.objects))
    yield from found


def normal(job: dict[str, Any]) -> dict[str, Any]:
    """A job with what newer CVAT writes and older did not: a score, and 0 for a group of null."""
    for item in [*job["tags"], *job["shapes"], *job["tracks"]]:
        normal_item(item)
    return job


def normal_item(item: dict[str, Any]) -> None:
    item["group"] = item["group"] or 0
    if "points" in item:
        item.setdefault("score", 1.0)
    for element in item.get("elements", []):
        normal_item(element)


def test_with_the_facts_beside_them_rendered_annotations_are_parsed_as_the_same_objects(
    archive: Archive,
) -> None:
    """Null groups and numbers too, which the JSON alone does not carry."""
    for task in archive.tasks:
        table = label_table(archive.labels(task))
        batches = list(archive.annotations(task, table))
        used: dict[int, bytearray] = {}
        for batch in batches:
            facts = Facts()
            text = Renderer(table).render(batch.kind, batch.objects, facts)
            recall = Recall(facts.numbers, facts.ungrouped, used.setdefault(batch.job, bytearray()))
            again = parse(archive, task, batch.job, batch.kind, b"[%b]" % text, recall)
            assert again == batch.objects


def parse(archive: Archive, task: TaskMembers, job: int, kind: str, items: bytes, recall: Recall) -> list[Any]:
    report = Report()
    record = task.task.jobs[job]
    parser = Parser(label_table(archive.labels(task)), "annotations.json", report)
    found = parser.parse(Batch(job, kind, 0, items), (record.start_frame, record.stop_frame), recall)
    assert report.findings == []
    return found


def test_numbers_of_a_job_are_consecutive_from_one(archive: Archive) -> None:
    for task in archive.tasks:
        numbers: dict[int, list[int]] = {}
        for batch in archive.annotations(task, label_table(archive.labels(task))):
            assert batch.kind in KINDS
            for item in batch.objects:
                elements = getattr(item, "elements", [])
                numbers.setdefault(batch.job, []).extend([item.number, *(part.number for part in elements)])
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_the_honeypots_and_replicas_are_understood(tmp_path: Path) -> None:
    with (
        honeypots().open("rb") as file,
        open_archive(file, spool_dir=tmp_path) as it,
    ):
        (task,) = it.tasks
        assert [job.type for job in task.task.jobs] == [*["annotation", *["replica"] * 3] * 2, "ground_truth"]
        assert [job.parent for job in task.task.jobs] == [None, 0, 0, 0, None, 4, 4, 4, None]
        assert task.task.consensus_replicas == 3
        layout = task.task.data.validation_layout
        assert layout is not None
        assert layout.frames == ["32.png", "35.png"]


def test_a_guide_and_its_assets_are_found(tmp_path: Path) -> None:
    with (ARCHIVES / "project_shapes.zip").open("rb") as file, open_archive(file, spool_dir=tmp_path) as it:
        guide = it.guide()
        assert guide is not None
        (asset,) = guide.assets
        assert (asset.filename, asset.media_type) == ("diagram ü.png", "image/png")
        assert "![pic](/api/assets/7)" in guide.markdown({"diagram ü.png": "/api/assets/7"})
        assert it.guide("task_0/") is None


def test_gaps_do_not_matter_and_tasks_stand_in_numeric_order(tmp_path: Path) -> None:
    path = ARCHIVES / "bad" / "project_gap_in_numbering.projects.zip"
    with path.open("rb") as file, open_archive(file, spool_dir=tmp_path, expect="project") as it:
        assert [task.prefix for task in it.tasks] == ["task_0/", "task_3/", "task_4/", "task_5/"]
        assert errors(it.findings) == []
