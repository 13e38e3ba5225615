"""What a real CVAT server reported: merging the jobs gives the task, cutting the task gives the jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.annotations import bare, reported_labels
from tests.support.archives import ARCHIVES

from labelkeep.annotations.model import KINDS, Kind, Object
from labelkeep.annotations.overlap import JobView, cut, merged
from labelkeep.annotations.wire import Ids, Writer, read


class Reported:
    """The annotations of one job, as the server reported them."""

    def __init__(self, data: dict[str, Any], ids: Ids) -> None:
        self._objects: dict[Kind, list[Object]] = {}
        for kind in KINDS:
            text = json.dumps([_without_ids(item) for item in data[kind]]).encode()
            objects = [item for _, item in read(kind, text, ids, numbered=False)]
            self._objects[kind] = sorted(objects, key=lambda item: item.frame)

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        yield [item for item in self._objects[kind] if start <= item.frame and (stop is None or item.frame < stop)]


def _without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_ids(item) for key, item in value.items() if key != "id"}
    return [_without_ids(item) for item in value] if isinstance(value, list) else value


def _tasks(path: Path) -> Iterator[tuple[dict[str, Any], Ids]]:
    reported = json.loads(path.read_text("utf-8"))
    ids = reported_labels(reported["labels"])
    for task in reported["tasks"] if reported["kind"] == "projects" else [reported]:
        yield task, reported_labels(task["labels"]) if task.get("labels") else ids


@pytest.mark.parametrize("path", sorted(ARCHIVES.glob("*.expected.json")), ids=lambda path: path.name.split(".")[0])
def test_the_jobs_together_are_the_task_that_the_server_showed(path: Path) -> None:
    for task, ids in _tasks(path):
        jobs = [job for job in task["jobs"] if job["type"] == "annotation"]
        jobs.sort(key=lambda job: job["start_frame"])
        views = [
            JobView(job["start_frame"], job["stop_frame"], Reported(task["job_annotations"][str(job["id"])], ids))
            for job in jobs
        ]
        writer = Writer(ids, 0)
        spatial = task["object"].get("dimension") == "3d"
        for kind in KINDS:
            batches = merged(views, kind, overlap=task["object"].get("overlap") or 0, spatial=spatial)
            shown = [writer.value(item) for batch in batches for _, item in batch]
            assert bare(shown) == bare(task["annotations"][kind]), (task["object"]["name"], kind)


@pytest.mark.parametrize("path", sorted(ARCHIVES.glob("*.expected.json")), ids=lambda path: path.name.split(".")[0])
def test_the_task_cut_into_jobs_is_what_the_server_showed_for_each(path: Path) -> None:
    for task, ids in _tasks(path):
        writer, whole = Writer(ids, 0), Reported(task["annotations"], ids)
        for job in task["jobs"]:
            if job["type"] != "annotation":
                continue
            for kind in KINDS:
                objects = [item for part in whole.iterate(kind) for item in part]
                pieces = [cut(item, job["start_frame"], job["stop_frame"]) for item in objects]
                shown = [writer.value(item) for item in pieces if item]
                assert bare(shown) == bare(task["job_annotations"][str(job["id"])][kind])
