"""Backing up and restoring in tests through the real API, and what the API says of a project without ids.

described(client, "projects", id) is a plain value: two projects are equal to their users when these are equal.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from tests.support.api import Client

Json = dict[str, Any]
FIELDS = {"projects": "project_file", "tasks": "task_file"}


def send(client: Client, kind: str, archive: bytes, *, name: str = "backup.zip", field: str = "") -> Operation:
    """Upload an archive in one request and carry its restore out; how it ended is in the row."""
    file = io.BytesIO(archive)
    file.name = name
    answer = client.post(f"/api/{kind}/backup/", {field or FIELDS[kind]: file}, format="multipart")
    assert answer.status_code == 202, answer.content
    run_queued()
    return Operation.objects.get(key=answer.json()["rq_id"])


def restored(client: Client, kind: str, archive: bytes) -> int:
    """The id of what a restore has made; it must succeed."""
    operation = send(client, kind, archive)
    assert operation.status == "finished", operation.message
    told = said(client, f"/api/requests/{quote(operation.key, safe='')}")
    assert told["status"] == "finished"
    return int(told["result_id"])


def backed_up(client: Client, kind: str, id: int) -> bytes:
    """The archive of a project or task, made and fetched as the stock client does."""
    answer = client.post(f"/api/{kind}/{id}/backup/export?lightweight=False")
    assert answer.status_code == 202, answer.content
    run_queued()
    told = said(client, f"/api/requests/{quote(answer.json()['rq_id'], safe='')}")
    assert told["status"] == "finished", told
    answer = client.get(told["result_url"].removeprefix("http://testserver"))
    assert answer.status_code == 200, answer.content
    content = b"".join(answer.streaming_content)
    assert len(content) == int(answer["Content-Length"])
    return content


def members(archive: bytes) -> dict[str, bytes]:
    """The files of an archive, checked as any unzip would."""
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        assert zipped.testzip() is None
        return {name: zipped.read(name) for name in zipped.namelist()}


def repacked(files: dict[str, bytes]) -> bytes:
    """A plain zip of these files, as a hand makes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            zipped.writestr(name, data)
    return out.getvalue()


# ---- what the API says ---------------------------------------------------------------------------------------------


def described(client: Client, kind: str, id: int) -> Json:
    """Everything of a project or task that has to come back, without ids and dates."""
    value = said(client, f"/api/{kind}/{id}")
    labels = _pages(client, f"/api/labels?{kind[:-1]}_id={id}")
    tasks = _pages(client, f"/api/tasks?project_id={id}") if kind == "projects" else [value]
    names = label_names(labels)
    found: Json = {
        "object": _facts(value, "name", "bug_tracker", "status"),
        "labels": sorted((plain_label(label) for label in labels), key=json.dumps),
        "guide": _guide(client, value["guide_id"]),
    }
    found["tasks"] = [_task(client, task, names) for task in sorted(tasks, key=lambda task: task["id"])]
    return found


def _task(client: Client, task: Json, names: Json) -> Json:
    id = task["id"]
    if not task.get("size"):
        return _facts(task, "name", "bug_tracker", "subset", "status")
    jobs = sorted(_pages(client, f"/api/jobs?task_id={id}"), key=archive_order)
    meta = said(client, f"/api/tasks/{id}/data/meta")
    return {
        **task_facts(task),
        "meta": plain_meta(meta),
        "jobs": [job_facts(job) for job in jobs],
        "job_metas": [plain_meta(said(client, f"/api/jobs/{job['id']}/data/meta")) for job in jobs],
        "annotations": plain_annotations(said(client, f"/api/tasks/{id}/annotations/"), names),
        "job_annotations": [
            plain_annotations(said(client, f"/api/jobs/{job['id']}/annotations/"), names) for job in jobs
        ],
        "frames": [frame_digest(client, id, number) for number in range(task["size"])],
    }


def archive_order(job: Json) -> tuple[object, ...]:
    """Jobs as archives list them; a restored task numbers them so, whatever the order was in which they were made."""
    return job["type"] == "ground_truth", job["start_frame"], job["stop_frame"], job["type"], job["id"]


def said(client: Client, address: str) -> Any:
    """The JSON that an address answers with, streamed or not."""
    answer = client.get(address)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == 200, content
    return json.loads(content)


def frame_digest(client: Client, task: int, number: int) -> str:
    """SHA-256 of a frame's original bytes."""
    answer = client.get(f"/api/tasks/{task}/data/?type=frame&quality=original&number={number}")
    assert answer.status_code == 200, answer.content
    return hashlib.sha256(b"".join(answer.streaming_content)).hexdigest()


def task_facts(task: Json) -> Json:
    """What a task has, but for ids, people and dates."""
    same = (
        "name bug_tracker subset status mode size dimension segment_size overlap data_chunk_size image_quality "
        "data_compressed_chunk_type data_original_chunk_type"
    )
    return _facts(task, *same.split())


def job_facts(job: Json) -> Json:
    """What CVAT's archives carry of a job."""
    return _facts(job, "type", "start_frame", "stop_frame", "frame_count", "status")


def plain_meta(meta: Json) -> Json:
    """Frame metadata, but for the date of the chunks."""
    same = [
        "chunk_size",
        "size",
        "image_quality",
        "start_frame",
        "stop_frame",
        "frame_filter",
        "deleted_frames",
        "included_frames",
    ]
    frames = [(frame["name"], frame["width"], frame["height"], frame["related_files"]) for frame in meta["frames"]]
    return {**_facts(meta, *same), "frames": frames}


def plain_label(label: Json) -> Json:
    """A label without ids; attributes by name."""
    attributes = sorted(
        (_facts(item, "name", "mutable", "input_type", "default_value", "values") for item in label["attributes"]),
        key=lambda item: item["name"],
    )
    found = {**_facts(label, "name", "color", "type"), "attributes": attributes}
    found["sublabels"] = [plain_label(item) for item in label.get("sublabels", [])]
    if label.get("svg"):
        found["svg"] = _svg(label)
    return found


def _svg(label: Json) -> str:
    text = label["svg"]
    for sublabel in label["sublabels"]:
        text = text.replace(f'data-label-id="{sublabel["id"]}"', f'data-label-name="{sublabel["name"]}"')
    return str(text)


def label_names(labels: list[Json]) -> Json:
    """{"labels": {id: name}, "attributes": {id: name}}, sublabels with their skeleton's name."""
    names: Json = {"labels": {}, "attributes": {}}
    for label in labels:
        for item, prefix in [(label, ""), *((sub, f"{label['name']}/") for sub in label.get("sublabels", []))]:
            names["labels"][item["id"]] = prefix + item["name"]
            names["attributes"] |= {attribute["id"]: attribute["name"] for attribute in item["attributes"]}
    return names


def plain_annotations(data: Json, names: Json) -> dict[str, Counter[str]]:
    """Annotations as multisets of text, labels and attributes by name."""
    kinds = ("tags", "shapes", "tracks")
    return {kind: Counter(json.dumps(_plain(item, names), sort_keys=True) for item in data[kind]) for kind in kinds}


def _plain(item: Any, names: Json) -> Any:
    if isinstance(item, list):
        return [_plain(value, names) for value in item]
    if not isinstance(item, dict):
        return float(item) if isinstance(item, int) and not isinstance(item, bool) else item
    found = {key: _plain(value, names) for key, value in item.items() if key not in _NOT_COMPARED}
    if "label_id" in item:
        found["label"] = names["labels"][item["label_id"]]
    if "spec_id" in item:
        found["name"] = names["attributes"][item["spec_id"]]
    for key in ("attributes", "elements"):
        if key in found:
            found[key] = sorted(found[key], key=lambda value: json.dumps(value, sort_keys=True))
    return {key: value for key, value in found.items() if not (key == "elements" and value == [])}


_NOT_COMPARED = {"id", "label_id", "spec_id", "score"}  # CVAT 2.15 has no score


def _guide(client: Client, id: int | None) -> Json | None:
    if id is None:
        return None
    text = said(client, f"/api/guides/{id}")["markdown"]
    assets = []
    while "/api/assets/" in text:
        before, _, after = text.partition("/api/assets/")
        answer = client.get(f"/api/assets/{after[:36]}")
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assets.append(hashlib.sha256(content).hexdigest())
        text = f"{before}[asset]{after[36:]}"
    return {"markdown": text, "assets": assets}


def _facts(value: Json, *names: str) -> Json:
    return {name: value[name] for name in names}


def _pages(client: Client, address: str) -> list[Json]:
    found = said(client, f"{address}&page_size=1000")
    assert found["next"] is None
    results: list[Json] = found["results"]
    return results


# ---- what CVAT said ------------------------------------------------------------------------------------------------


def expected(path: Path) -> Json:
    """The `.expected.json` beside a real archive, in the form of `described`, as far as CVAT's API tells it."""
    told = json.loads(path.with_suffix("").with_suffix(".expected.json").read_text())
    names = label_names(told["labels"])
    tasks = told["tasks"] if told["kind"] == "projects" else [told]
    return {
        "object": _facts(told["object"], "name", "bug_tracker", "status"),
        "labels": sorted((plain_label(label) for label in told["labels"]), key=json.dumps),
        "tasks": [_expected_task(task, names) for task in sorted(tasks, key=lambda task: task["object"]["id"])],
    }


def _expected_task(told: Json, names: Json) -> Json:
    jobs = sorted(told["jobs"], key=archive_order)
    return {
        **task_facts(told["object"]),
        "meta": plain_meta(told["data_meta"]),
        "jobs": [job_facts(job) for job in jobs],
        "job_metas": [plain_meta(told["job_data_meta"][str(job["id"])]) for job in jobs],
        "annotations": plain_annotations(told["annotations"], names),
        "job_annotations": [plain_annotations(told["job_annotations"][str(job["id"])], names) for job in jobs],
    }
