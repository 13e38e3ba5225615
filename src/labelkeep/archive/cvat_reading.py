"""Reads project.json and task.json of every CVAT version since 1.5 (docs/design/archive.md §3).

Liberal: what older versions did not have gets CVAT's default, unknown keys are notes, and everything that cannot be
used is an error with its place; reading goes on after each (fields.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from labelkeep.archive.cvat import (
    INPUT_TYPES,
    LABEL_TYPES,
    SORTINGS,
    STATUSES,
    VERSION,
    ArchiveAttribute,
    ArchiveData,
    ArchiveJob,
    ArchiveLabel,
    ArchiveProject,
    ArchiveReviewIssue,
    ArchiveTask,
    ArchiveValidation,
)
from labelkeep.archive.fields import Fields
from labelkeep.archive.reports import Report

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_JOB_TYPES = {
    "annotation": "annotation",
    "ground_truth": "ground_truth",
    "consensus_replica": "replica",  # 2.27 to 2.79
    "replica": "replica",  # since 2.80
}


def read_project(value: object, member: str, report: Report) -> ArchiveProject:
    """project.json as a struct; every problem goes into `report`."""
    fields = Fields(value, member, "", report)
    _version(fields)
    project = ArchiveProject(
        name=fields.text("name", longest=256),
        bug_tracker=fields.text("bug_tracker", "", longest=2000),
        status=fields.choice("status", STATUSES, "annotation"),
        labels=_labels(fields, "labels"),
    )
    fields.passed_over("dimension", "deimension")  # the second as servers of 2021 wrote it
    fields.rest()
    return project


def read_task(value: object, member: str, report: Report) -> ArchiveTask:
    """task.json as a struct; every problem goes into `report`."""
    fields = Fields(value, member, "", report)
    _version(fields)
    data = fields.object("data")
    task = ArchiveTask(
        name=fields.text("name", longest=256),
        bug_tracker=fields.text("bug_tracker", "", longest=2000),
        status=fields.choice("status", STATUSES, "annotation"),
        subset=fields.text("subset", "", longest=64),
        labels=_labels(fields, "labels", []),
        data=_data(data) if data else ArchiveData(),
        jobs=_jobs(fields),
    )
    fields.passed_over("consensus_replicas", "initial_replicas", "dimension", "mode", "overlap", "segment_size")
    fields.rest()
    _settle_stop(task, fields)
    return task


def _settle_stop(task: ArchiveTask, fields: Fields) -> None:
    """A `stop_frame` of 0 means "up to the last" to CVAT, unless the jobs say that there is one frame."""
    data = task.data
    if data.stop_frame == 0 and any(job.stop_frame for job in task.jobs):
        data.stop_frame = None
    if data.stop_frame is not None and data.stop_frame < data.start_frame:
        fields.error("out-of-range", f"stop_frame is before start_frame ({data.start_frame})", "data")


def _version(fields: Fields) -> None:
    version = fields.text("version", VERSION)
    if version != VERSION:
        fields.error("version", f"version {version!r} is not supported; this server reads {VERSION}", "version")


def _labels(fields: Fields, name: str, *default: list[Any]) -> list[ArchiveLabel]:
    labels: list[ArchiveLabel] = []
    seen: set[str] = set()
    for item in fields.objects(name, *default):
        label = _label(item)
        if label.name in seen:
            item.error("duplicate-label", f"the label {label.name!r} is there twice", "name")
        seen.add(label.name)
        labels.append(label)
    return labels


def _label(fields: Fields) -> ArchiveLabel:
    label = ArchiveLabel(
        name=fields.text("name", longest=64),
        color=_color(fields),
        attributes=_attributes(fields),
        type=fields.choice("type", LABEL_TYPES, "any"),
        sublabels=_labels(fields, "sublabels", []),
        svg=fields.text("svg", ""),
    )
    if label.type == "interval":
        fields.error("audio", "labels for audio are not supported", "type")
    if any(sublabel.sublabels for sublabel in label.sublabels):
        fields.error("nested-skeleton", "a sublabel has sublabels", "sublabels")
    if label.sublabels and label.type != "skeleton":
        fields.error("sublabels", f"a label of type {label.type!r} has sublabels", "sublabels")
    fields.rest()
    return label


def _color(fields: Fields) -> str:
    color = fields.text("color", "")
    if color and not _COLOR.fullmatch(color):
        fields.warn("color", f"{color[:40]!r} is not a colour like #ff8000; the server will choose one", "color")
        return ""
    return color


def _attributes(fields: Fields) -> list[ArchiveAttribute]:
    attributes: list[ArchiveAttribute] = []
    seen: set[str] = set()
    for item in fields.objects("attributes", []):
        attribute = ArchiveAttribute(
            name=item.text("name", longest=64),
            mutable=item.flag("mutable", False),
            input_type=item.choice("input_type", INPUT_TYPES, "text"),
            default_value=item.text("default_value", "", longest=128),
            values=item.texts("values", []),
        )
        item.rest()
        if attribute.name in seen:
            item.error("duplicate-attribute", f"the attribute {attribute.name!r} is there twice", "name")
        seen.add(attribute.name)
        attributes.append(attribute)
    return attributes


def _data(fields: Fields) -> ArchiveData:
    data = ArchiveData(
        chunk_size=fields.integer("chunk_size", least=1) if fields.has("chunk_size") else None,
        image_quality=fields.integer("image_quality", 70, most=100),
        start_frame=fields.integer("start_frame", 0),
        stop_frame=fields.integer("stop_frame") if fields.has("stop_frame") else None,
        frame_filter=_filter(fields),
        storage_method=fields.choice("storage_method", ("cache", "file_system"), "cache"),
        storage=fields.choice("storage", ("local", "share", "cloud_storage"), "local"),
        sorting_method=fields.choice("sorting_method", SORTINGS, "lexicographical"),
        chunk_type=fields.choice("chunk_type", ("imageset", "video", "audio_mp3"), "imageset"),
        deleted_frames=sorted(set(fields.integers("deleted_frames", []))),
        custom_segments=fields.flag("custom_segments", False),
        validation_layout=_validation(fields),
    )
    fields.passed_over("chunk_size", "stop_frame", "job_file_mapping")
    fields.rest()
    if data.chunk_type == "audio_mp3":
        fields.error("audio", "audio tasks are not supported", "chunk_type")
    if data.storage == "share":
        data.storage = "local"
    return data


def _filter(fields: Fields) -> str:
    text = fields.text("frame_filter", "")
    step = text.replace(" ", "").removeprefix("step=")
    if not text:
        return ""
    if not step.isascii() or not step.isdigit() or not 1 <= int(step[:10]) <= 2**31 - 1:
        fields.error("frame-filter", f"{text!r} is not of the form step=N", "frame_filter")
        return ""
    return f"step={int(step)}"


def _validation(fields: Fields) -> ArchiveValidation | None:
    layout = fields.object("validation_layout", None)
    if layout is None:
        return None
    found = ArchiveValidation(
        mode=layout.choice("mode", ("gt_pool", "gt"), "gt_pool"),
        frames_per_job_count=layout.integer("frames_per_job_count", 0),
        frames=layout.texts("frames", []),
    )
    layout.rest()
    return found


def _jobs(fields: Fields) -> list[ArchiveJob]:
    jobs: list[ArchiveJob] = []
    parent: int | None = None
    there = fields.has("jobs")
    for item in fields.objects("jobs"):
        job = _job(item)
        if job.type == "annotation":
            parent = len(jobs)
        elif job.type == "replica":
            job.parent = parent
            if parent is None:
                item.error("job-order", "a replica comes before the annotation job that it repeats", "type")
        jobs.append(job)
    if there and not jobs:
        fields.error("no-jobs", "there are no jobs", "jobs")
    return jobs


def _job(fields: Fields) -> ArchiveJob:
    job = ArchiveJob(
        status=fields.choice("status", STATUSES, "annotation"),
        type=_JOB_TYPES.get(fields.choice("type", _JOB_TYPES, "annotation"), "annotation"),
        start_frame=fields.integer("start_frame"),
        stop_frame=fields.integer("stop_frame"),
        frames=sorted(set(fields.integers("frames", []))) or None,
        files=fields.texts("files") if fields.has("files") else None,
        issues=list(_reviews(fields)),
    )
    fields.passed_over("files")
    fields.rest()
    return job


def _reviews(fields: Fields) -> Iterator[ArchiveReviewIssue]:
    for review in fields.objects("reviews", []):
        for issue in review.objects("issues", []):
            comments = [
                (item.text("message", ""), item.text("created_date", "")) for item in issue.objects("comments", [])
            ]
            yield ArchiveReviewIssue(
                frame=issue.integer("frame", 0),
                position=issue.numbers("position", []),
                created_date=issue.text("created_date", ""),
                resolved=bool(issue.text("resolved_date", "")),
                comments=comments,
            )
