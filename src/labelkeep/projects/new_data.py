"""What the data that arrived make of a task: fields and jobs. Prepared first, then written in one short transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from labelkeep.errors import BadInput, listed
from labelkeep.media import documents, validation_params
from labelkeep.media.ingest import Ingested
from labelkeep.projects import selection, touch
from labelkeep.projects.models import Job, Task
from labelkeep.projects.saved import keys
from labelkeep.projects.segments import Cut, Segment, cut, cut_by_files

Get = Callable[[str], bytes]
BATCH = 500  # rows in one statement


@dataclass(frozen=True)
class Prepared:
    """Everything that `write` needs, with all that can go wrong behind it."""

    done: Ingested
    cut: Cut
    media_size: int
    truth: Segment | None = None  # the range of the ground truth job
    truth_frames: list[int] | None = None  # the frames of it, where it has not all


def prepare(task: Task, done: Ingested, get: Get) -> Prepared:
    """Cut the frames into jobs and choose those of the ground truth job, if one is wanted.

    Raises:
        BadInput: too many jobs, or a selection that cannot be made.
    """
    size = documents.read_index(done.sources_document, get).size
    if done.pool is not None:
        if task.overlap:
            raise BadInput('validation mode "gt_pool" cannot be used with "overlap"')
        segments = tuple(Segment(*bounds) for bounds in done.pool.jobs)
        return Prepared(done, Cut(segments, 0, 0, custom=True), size, Segment(*done.pool.ground_truth))
    if done.job_files is not None:
        pieces = cut_by_files(done.job_files, done.size)
    else:
        pieces = cut(done.size, task.segment_size, task.overlap, done.mode)
    if done.validation_params is None:
        return Prepared(done, pieces, size)
    return Prepared(done, pieces, size, Segment(0, done.size - 1), _chosen(task, done, pieces, get))


def write(task: Task, prepared: Prepared, now: datetime) -> None:
    """Write the data fields, the jobs and the keys of the labels. Call inside a transaction that holds the task."""
    done = prepared.done
    for name in _FIELDS:
        setattr(task, name, getattr(done, name))
    task.segment_size, task.overlap = prepared.cut.segment_size, prepared.cut.overlap
    task.custom_segments = prepared.cut.custom
    task.validation_layout = done.pool.validation_layout() if done.pool is not None else None
    task.has_data = task.data_started = True
    task.media_size = prepared.media_size
    task.chunks_updated_date = now
    task.save()
    _create_jobs(task, prepared, now)
    keys.table_for(task)
    touch.status_changed(task, now)


_FIELDS = (
    "sources_document",
    "frames_document",
    "size",
    "mode",
    "dimension",
    "media_type",
    "chunk_size",
    "image_quality",
    "compressed_chunk_type",
    "original_chunk_type",
    "start_frame",
    "stop_frame",
    "frame_filter",
    "storage_method",
    "storage",
    "sorting_method",
)


def _create_jobs(task: Task, prepared: Prepared, now: datetime) -> None:
    dates = {"created_date": now, "updated_date": now}
    jobs = [Job(task=task, start_frame=it.start, stop_frame=it.stop, **dates) for it in prepared.cut.segments]
    Job.objects.bulk_create(jobs, batch_size=BATCH)
    replicas = [
        Job(task=task, parent=job, type=Job.Type.REPLICA, start_frame=it.start, stop_frame=it.stop, **dates)
        for job, it in zip(jobs, prepared.cut.segments, strict=True)
        for _ in range(task.consensus_replicas)
    ]
    Job.objects.bulk_create(replicas, batch_size=BATCH)
    if prepared.truth is not None:
        Job.objects.create(
            task=task,
            type=Job.Type.GROUND_TRUTH,
            start_frame=prepared.truth.start,
            stop_frame=prepared.truth.stop,
            frames=prepared.truth_frames,
            **dates,
        )


def _chosen(task: Task, done: Ingested, pieces: Cut, get: Get) -> list[int]:
    if done.dimension != "2d":
        raise BadInput("Ground Truth jobs can only be added in 2d tasks")
    params = validation_params.read(done.validation_params or {})
    count, share, seed = params.frames_per_job_count, params.frames_per_job_share, params.random_seed
    if params.frame_selection_method == "manual":
        return selection.manual(_numbers(params.frames or [], done, get), done.size)
    if params.frame_selection_method == "random_uniform":
        if params.frame_count is not None and params.frame_count > done.size:
            raise BadInput(
                f"The number of validation frames requested ({params.frame_count}) "
                f"is greater that the number of task frames ({done.size})"
            )
        return selection.uniform(done.size, count=params.frame_count, share=params.frame_share, seed=seed)
    if count is not None and task.segment_size and count >= task.segment_size:
        raise BadInput("Validation frame count per job cannot be greater than segment size")
    return selection.per_job(
        pieces.segments,
        size=done.size,
        segment_size=pieces.segment_size,
        overlap=pieces.overlap,
        count=count,
        share=share,
        seed=seed,
    )


def _numbers(names: list[str], done: Ingested, get: Get) -> list[int]:
    """The frames that are called so; the document is read page by page."""
    index = documents.read_index(done.frames_document, get)
    if index.kind != "frames":
        raise BadInput(
            "manual validation frame selection method at task creation is only available for image-based tasks. "
            "Please create the GT job after the task is created."
        )
    wanted = set(names)
    found = {
        frame.path: number for number, frame in enumerate(documents.read_frames(index, get)) if frame.path in wanted
    }
    if missing := sorted(wanted - found.keys()):
        raise BadInput(f"Unknown validation frames requested: {listed(missing)}")
    return [found[name] for name in names]
