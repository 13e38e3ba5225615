"""Records of a manifest as the structs of CVAT's JSON members.   Pure; the caller fetches the paths of frames.

Only what §13 of spec/cvat-backup-format.md allows is written. Where our settings would make a stock CVAT refuse the
archive, the nearest that it accepts stands here, and the truth in the extra member.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from labelkeep.annotations.labels import AttributeDef, LabelDef, LabelTable
from labelkeep.archive.cvat import (
    ArchiveAttribute,
    ArchiveData,
    ArchiveJob,
    ArchiveLabel,
    ArchiveProject,
    ArchiveTask,
    ArchiveValidation,
)
from labelkeep.snapshots.manifest import DataRecord, JobRecord, LabelRecord, ProjectManifest, TaskManifest

Paths = Callable[[int, int], list[str]]  # paths of frames from the first up to and including the last
ORDERED = ("predefined", "random")  # the frames' order is not that of their paths


def project(record: ProjectManifest) -> ArchiveProject:
    """project.json."""
    return ArchiveProject(
        name=record.name, bug_tracker=record.bug_tracker, status=record.status, labels=_labels(record.labels)
    )


def task(record: TaskManifest, labels: list[LabelRecord], paths: Paths) -> ArchiveTask:
    """task.json. `labels` are the task's own or its project's. The task must have data."""
    assert record.data is not None, "CVAT has no place for a task without data"
    return ArchiveTask(
        name=record.name,
        bug_tracker=record.bug_tracker,
        status=record.status,
        subset=record.subset,
        labels=_labels(labels),
        data=_data(record.data, record.jobs, paths),
        jobs=[_job(job, names_files(record.data), paths) for job in record.jobs],
    )


def is_pool(data: DataRecord) -> bool:
    """Whether the task has honeypots: its ground truth is a pool of images that jobs show again."""
    return (data.validation_layout or {}).get("mode") == "gt_pool"


def names_files(data: DataRecord) -> bool:
    """Whether jobs must list their files, because their order is nowhere else."""
    return data.custom_segments or is_pool(data)


def needs_manifest(data: DataRecord) -> bool:
    """Whether the order of frames is lost without a manifest.jsonl."""
    return data.media_type != "video" and (data.sorting_method in ORDERED or names_files(data))


def _labels(records: Iterable[LabelRecord]) -> list[ArchiveLabel]:
    return [
        ArchiveLabel(
            name=record.name,
            color=record.color,
            attributes=[
                ArchiveAttribute(
                    name=item.name,
                    mutable=item.mutable,
                    input_type=item.input_type,
                    default_value=item.default_value,
                    values=item.values,
                )
                for item in record.attributes
            ],
            type=record.type,
            sublabels=_labels(record.sublabels),
            svg=record.svg,
        )
        for record in records
        if not record.deleted_at
    ]


def _data(data: DataRecord, jobs: list[JobRecord], paths: Paths) -> ArchiveData:
    return ArchiveData(
        chunk_size=data.chunk_size,
        image_quality=data.image_quality,
        start_frame=data.start_frame,
        stop_frame=data.stop_frame,
        frame_filter=data.frame_filter,
        storage_method="cache" if needs_manifest(data) else data.storage_method,
        storage="local",  # the media are inside, wherever they were
        sorting_method="random" if is_pool(data) else data.sorting_method,
        chunk_type=data.compressed_chunk_type,
        deleted_frames=data.deleted_frames,
        custom_segments=names_files(data),
        validation_layout=_validation(data, jobs, paths) if is_pool(data) else None,
    )


def _validation(data: DataRecord, jobs: list[JobRecord], paths: Paths) -> ArchiveValidation:
    layout = data.validation_layout or {}
    pool = next((job for job in jobs if job.type == "ground_truth"), None)
    return ArchiveValidation(
        mode="gt_pool",
        frames_per_job_count=layout.get("frames_per_job_count") or 0,
        frames=paths(pool.start_frame, pool.stop_frame) if pool else [],
    )


def _job(record: JobRecord, with_files: bool, paths: Paths) -> ArchiveJob:
    listed = with_files and record.frames is None
    return ArchiveJob(
        status=record.status,
        type=record.type,
        start_frame=record.start_frame,
        stop_frame=record.stop_frame,
        frames=record.frames,
        files=paths(record.start_frame, record.stop_frame) if listed else None,
    )


def label_table(record: TaskManifest, labels: Iterable[LabelRecord]) -> LabelTable:
    """The labels as documents see them, by key. What has no key was never used."""
    found: list[LabelDef] = []
    for label in labels:
        _define(record, label, None, found)
    return LabelTable(found)


def _define(record: TaskManifest, label: LabelRecord, parent: int | None, found: list[LabelDef]) -> None:
    keys = record.label_keys
    key = keys.labels.get(label.id)
    if key is None:
        return
    attributes = tuple(
        AttributeDef(
            key=keys.attributes[item.id],
            name=item.name,
            mutable=item.mutable,
            input_type=item.input_type,
            default_value=item.default_value,
            values=tuple(item.values),
        )
        for item in label.attributes
        if item.id in keys.attributes
    )
    found.append(LabelDef(key, label.name, label.type, parent, attributes, bool(label.deleted_at)))
    for sublabel in label.sublabels:
        _define(record, sublabel, key, found)
