"""The rules that order files give, for every archive of a real CVAT server, the frames that this server reported."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import ARCHIVES, honeypots

from labelkeep.media import documents, pointclouds, probe
from labelkeep.media.assemble import Settings, order_of_jobs
from labelkeep.media.compose import Composed, compose
from labelkeep.media.documents import Source
from labelkeep.media.kinds import kind_of
from labelkeep.media.parameters import step_of
from labelkeep.store import Store, open_backend
from labelkeep.store.catalog import MemoryCatalog

GOOD = sorted(ARCHIVES.glob("*.zip"))


def tasks_of(archive: zipfile.ZipFile) -> list[str]:
    return sorted(name.removesuffix("task.json") for name in archive.namelist() if name.endswith("task.json"))


def settings_of(task: dict[str, Any]) -> Settings:
    data = task["data"]
    jobs = [(job["start_frame"], job["files"]) for job in task["jobs"] if job.get("files")]
    return Settings(
        sorting=data.get("sorting_method", "lexicographical"),
        start=data.get("start_frame", 0),
        stop=data.get("stop_frame"),
        step=step_of(data.get("frame_filter", "")),
        order=order_of_jobs(jobs) if data.get("custom_segments") else None,
        from_archive=True,
    )


def sources_of(archive: zipfile.ZipFile, prefix: str, store: Store) -> list[Source]:
    return list(_sources(archive, f"{prefix}data/", store))


def _sources(archive: zipfile.ZipFile, folder: str, store: Store) -> Iterator[Source]:
    with store.ingest() as incoming:
        for member in archive.infolist():
            path = member.filename.removeprefix(folder)
            if path == member.filename or path == "index.json":
                continue
            data = archive.read(member)
            width, height = _size(path, data)
            kept = incoming.add_bytes(data)
            yield Source(path=path, role="other", blob=kept.name, size=kept.size, crc32=kept.crc32,
                         width=width, height=height)  # fmt: skip


def _size(path: str, data: bytes) -> tuple[int, int]:
    kind = kind_of(path)
    if kind == "image":
        return probe.image_size(io.BytesIO(data))
    return pointclouds.cloud_size(io.BytesIO(data)) if kind == "pcd" else (0, 0)


def composed(archive: zipfile.ZipFile, prefix: str, store: Store) -> Composed:
    task = json.loads(archive.read(f"{prefix}task.json"))
    sources = sources_of(archive, prefix, store)
    return compose(sources, settings_of(task), put=store.put_document, open_blob=store.open_blob)


def reported(done: Composed, store: Store) -> list[dict[str, Any]]:
    index = documents.read_index(done.frames_document, store.get_document)
    if index.video is not None:
        found = [(index.video.path, index.video.width, index.video.height, 0)]
    else:
        frames = documents.read_frames(index, store.get_document)
        found = [(frame.path, frame.width, frame.height, len(frame.related)) for frame in frames]
    return [
        {"name": name, "width": width, "height": height, "related_files": related, "has_related_context": related > 0}
        for name, width, height, related in found
    ]


@pytest.fixture
def store() -> Store:
    return Store.create(open_backend("memory://"), server="test", catalog=MemoryCatalog())


def test_there_are_archives_to_read() -> None:
    assert len(GOOD) >= 10


@pytest.mark.parametrize(
    "path", [path for path in GOOD if path.with_suffix(".expected.json").exists()], ids=lambda p: p.stem
)
def test_frames_are_those_that_cvat_reported(path: Path, store: Store) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    with zipfile.ZipFile(path) as archive:
        prefixes = tasks_of(archive)
        wanted = expected.get("tasks", [expected] if prefixes else [])
        assert len(prefixes) == len(wanted)
        for prefix, task in zip(prefixes, wanted, strict=True):
            done = composed(archive, prefix, store)
            meta, facts = task["data_meta"], task["object"]
            assert reported(done, store) == meta["frames"]
            assert (done.size, done.start_frame, done.stop_frame, done.frame_filter) == (
                meta["size"], meta["start_frame"], meta["stop_frame"], meta["frame_filter"],
            )  # fmt: skip
            assert (done.mode, done.dimension, done.original_chunk_type) == (
                facts["mode"], facts["dimension"], facts["data_original_chunk_type"],
            )  # fmt: skip
            assert not done.findings


def test_honeypots_show_the_pool_where_the_jobs_say(store: Store) -> None:
    with zipfile.ZipFile(honeypots()) as archive:
        done = composed(archive, "", store)
        lines = archive.read("data/manifest.jsonl").decode().splitlines()[2:]
    listed = [json.loads(line) for line in lines]
    assert [frame["name"] for frame in reported(done, store)] == [item["name"] + item["extension"] for item in listed]
    assert [(f["width"], f["height"]) for f in reported(done, store)] == [(i["width"], i["height"]) for i in listed]


@pytest.mark.parametrize("name", ["project_shapes", "task_video_webm"])
def test_key_frames_of_a_video_are_those_of_its_manifest(name: str, store: Store) -> None:
    with zipfile.ZipFile(ARCHIVES / f"{name}.zip") as archive:
        prefix = "task_2/" if name == "project_shapes" else ""
        done = composed(archive, prefix, store)
        lines = archive.read(f"{prefix}data/manifest.jsonl").decode().splitlines()
    index = documents.read_index(done.frames_document, store.get_document)
    assert index.video is not None
    head, *keys = [json.loads(line) for line in lines[2:]]
    assert index.video.length == head["properties"]["length"]
    assert {(key["number"], key["pts"]) for key in keys} <= set(map(tuple, index.video.keyframes))


def test_an_image_that_the_manifest_names_and_nobody_sent_is_found(store: Store) -> None:
    with zipfile.ZipFile(ARCHIVES / "bad" / "one_image_missing_manifest_.tasks.zip") as archive:
        task = json.loads(archive.read("task.json"))
        done = compose(
            sources_of(archive, "", store), settings_of(task), put=store.put_document, open_blob=store.open_blob
        )
    assert any(finding.code == "media-missing" for finding in done.findings)
