"""The frame metadata of tasks and jobs (DataMetaRead, spec/cvat-protocol.md §8.5), written page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import orjson
from django.conf import settings
from django.http import StreamingHttpResponse

from labelkeep.api.base import iso
from labelkeep.api.renderers import VND
from labelkeep.media import parameters, vault
from labelkeep.media.cache import DiskCache
from labelkeep.media.frames import PLACEHOLDER, Frames
from labelkeep.projects.models import Job, Task

_JSON_BATCH = 1000  # frames that are written at once


def meta(task: Task, job: Job | None = None) -> StreamingHttpResponse:
    """The frame metadata of a task or of one of its jobs, written page by page (spec/cvat-protocol.md §8.5)."""
    if not task.has_data:
        head = orjson.dumps(_facts(task, None))[:-1]
        return _json(iter([head + b',"frames":[]}']))
    frames = Frames(cast(Any, task), vault.live(), DiskCache(settings.DATA_DIR / "cache"))
    entries = _entries(frames, job)
    first = next(entries, b"")  # errors of reading come now, as a status, and not in the middle of the answer
    facts = {**_facts(task, job), "chapters": _chapters(frames, task, job)}
    return _json(_written(orjson.dumps(facts)[:-1], first, entries))


def _json(body: Iterator[bytes]) -> StreamingHttpResponse:
    return StreamingHttpResponse(body, content_type=VND)


def _written(head: bytes, first: bytes, entries: Iterator[bytes]) -> Iterator[bytes]:
    yield head + b',"frames":[' + first
    for batch in entries:
        yield b"," + batch
    yield b"]}"


def _facts(task: Task, job: Job | None) -> dict[str, Any]:
    step = parameters.step_of(task.frame_filter)
    start, stop, size = task.start_frame, task.stop_frame, task.size or 0
    deleted, included = task.deleted_frames, None
    if job is not None:
        start, stop = task.start_frame + job.start_frame * step, task.start_frame + job.stop_frame * step
        size = job.stop_frame - job.start_frame + 1 if job.frames is None else len(job.frames)
        own = frames_of_job(job)
        if job.type == Job.Type.GROUND_TRUTH:
            deleted = (task.validation_layout or {}).get("disabled_frames", [])
        deleted = [frame for frame in deleted if frame in own]
        included = job.frames
    return {
        "chunks_updated_date": iso(task.chunks_updated_date or task.updated_date),
        "chunk_size": task.chunk_size,
        "size": size,
        "image_quality": task.image_quality,
        "start_frame": start,
        "stop_frame": stop,
        "frame_filter": task.frame_filter,
        "deleted_frames": deleted,
        "included_frames": included,
        "chapters": None,
        "storage": task.storage,
        "cloud_storage_id": task.cloud_storage_id,
    }


def _chapters(frames: Frames, task: Task, job: Job | None) -> list[dict[str, Any]] | None:
    """The chapters of a video in task-relative frames, as far as the task or job shows them."""
    if frames.video is None:
        return None
    step = parameters.step_of(task.frame_filter)
    begin, end = (0, (task.size or 0) - 1) if job is None else (job.start_frame, job.stop_frame)
    shown = []
    for number, chapter in enumerate(frames.video.chapters):
        first = max(begin, -((task.start_frame - chapter.first) // step))
        last = min(end, (chapter.last - task.start_frame) // step)
        if first <= last:
            shown.append({"id": number, "start": first, "stop": last, "metadata": {"title": chapter.title}})
    return shown


def _entries(frames: Frames, job: Job | None) -> Iterator[bytes]:
    """The FrameMeta objects, some hundred at once, as the inside of a JSON list."""
    if frames.video is not None:
        yield orjson.dumps(_entry(frames.video.path, frames.video.width, frames.video.height, 0))
        return
    start, stop = (0, frames.index.count) if job is None else (job.start_frame, job.stop_frame + 1)
    shown = None if job is None or job.frames is None else set(job.frames)
    batch: list[dict[str, Any]] = []
    for number, frame in enumerate(frames.read(start, stop), start):
        name, related = frame.path, len(frame.related)
        if shown is not None and number not in shown:
            name, related = PLACEHOLDER, 0
        batch.append(_entry(name, frame.width, frame.height, related))
        if len(batch) == _JSON_BATCH:
            yield orjson.dumps(batch)[1:-1]
            batch = []
    if batch:
        yield orjson.dumps(batch)[1:-1]


def _entry(name: str, width: int, height: int, related: int) -> dict[str, Any]:
    return {
        "name": name,
        "width": width,
        "height": height,
        "related_files": related,
        "has_related_context": related > 0,
    }


def frames_of_job(job: Job) -> range | set[int]:
    """The task-relative numbers of a job's frames."""
    return range(job.start_frame, job.stop_frame + 1) if job.frames is None else set(job.frames)
