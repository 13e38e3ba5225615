"""project.json and task.json of a CVAT backup as structs, and written as the newest CVAT wants them.

Format: docs/design/archive.md §3. Writing is exact: CVAT's own key order, and no key that a stock CVAT would refuse.
cvat_reading.py reads them, from every version.
"""

from __future__ import annotations

from typing import Any

import msgspec

VERSION = "1.0"

STATUSES = ("annotation", "validation", "completed")
LABEL_TYPES = (
    *("any", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "rectangle", "skeleton", "tag", "interval"),
)
INPUT_TYPES = ("checkbox", "radio", "number", "text", "select")
SORTINGS = ("lexicographical", "natural", "predefined", "random")


class ArchiveAttribute(msgspec.Struct, kw_only=True):
    """An attribute of a label."""

    name: str
    mutable: bool = False
    input_type: str = "text"
    default_value: str = ""
    values: list[str] = []


class ArchiveLabel(msgspec.Struct, kw_only=True):
    """A label. The `sublabels` of a skeleton have none themselves; `svg` names them by data-label-name."""

    name: str
    color: str = ""
    attributes: list[ArchiveAttribute] = []
    type: str = "any"
    sublabels: list[ArchiveLabel] = []
    svg: str = ""


class ArchiveValidation(msgspec.Struct, kw_only=True):
    """The honeypots of a task: `frames` are the paths of the pool, in order."""

    mode: str = "gt_pool"
    frames_per_job_count: int = 0
    frames: list[str] = []


class ArchiveData(msgspec.Struct, kw_only=True):
    """Data settings. `stop_frame` None: up to the last. `storage` "share" is read as "local": the media are inside."""

    chunk_size: int | None = None
    image_quality: int = 70
    start_frame: int = 0
    stop_frame: int | None = None
    frame_filter: str = ""
    storage_method: str = "cache"
    storage: str = "local"
    sorting_method: str = "lexicographical"
    chunk_type: str = "imageset"
    deleted_frames: list[int] = []
    custom_segments: bool = False
    validation_layout: ArchiveValidation | None = None

    @property
    def step(self) -> int:
        """Every how many-th frame of the source is one of the task."""
        return max(1, int(self.frame_filter.removeprefix("step="))) if self.frame_filter else 1


class ArchiveReviewIssue(msgspec.Struct, kw_only=True):
    """An issue of a review; only archives of 1.5 to 1.7 have them. `comments` are texts with their date."""

    frame: int
    position: list[float]
    created_date: str = ""
    resolved: bool = False
    comments: list[tuple[str, str]] = []


class ArchiveJob(msgspec.Struct, kw_only=True):
    """A job. `type` is annotation, ground_truth or replica; `parent` is the position of a replica's annotation job."""

    status: str = "annotation"
    type: str = "annotation"
    start_frame: int
    stop_frame: int
    frames: list[int] | None = None
    files: list[str] | None = None
    parent: int | None = None
    issues: list[ArchiveReviewIssue] = []


class ArchiveTask(msgspec.Struct, kw_only=True):
    """task.json. Inside a project the labels are copies: the project's count."""

    name: str
    bug_tracker: str = ""
    status: str = "annotation"
    subset: str = ""
    labels: list[ArchiveLabel] = []
    data: ArchiveData
    jobs: list[ArchiveJob] = []

    @property
    def consensus_replicas(self) -> int:
        """How many replicas each annotation job has, at least (as CVAT counts them)."""
        counts = {i: 0 for i, job in enumerate(self.jobs) if job.type == "annotation"}
        for job in self.jobs:
            if job.parent is not None:
                counts[job.parent] += 1
        return min(counts.values(), default=0)


class ArchiveProject(msgspec.Struct, kw_only=True):
    """project.json."""

    name: str
    bug_tracker: str = ""
    status: str = "annotation"
    labels: list[ArchiveLabel] = []


def write_project(project: ArchiveProject) -> bytes:
    """project.json, byte for byte the same for the same project."""
    return msgspec.json.encode(
        {
            "name": project.name,
            "bug_tracker": project.bug_tracker,
            "status": project.status,
            "labels": [_label_out(label) for label in project.labels],
            "version": VERSION,
        }
    )


def write_task(task: ArchiveTask) -> bytes:
    """task.json, byte for byte the same for the same task."""
    return msgspec.json.encode(
        {
            "name": task.name,
            "bug_tracker": task.bug_tracker,
            "status": task.status,
            "subset": task.subset,
            "labels": [_label_out(label) for label in task.labels],
            "version": VERSION,
            "data": _data_out(task.data),
            "jobs": [_job_out(job) for job in task.jobs],
        }
    )


def _label_out(label: ArchiveLabel, *, sublabel: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": label.name,
        "color": label.color,
        "attributes": [msgspec.to_builtins(attribute) for attribute in label.attributes],
        "type": label.type,
    }
    if not sublabel:
        found["sublabels"] = [_label_out(item, sublabel=True) for item in label.sublabels]
    if label.svg:
        found["svg"] = label.svg
    return found


def _data_out(data: ArchiveData) -> dict[str, Any]:
    found: dict[str, Any] = {"chunk_size": data.chunk_size, "image_quality": data.image_quality}
    found["start_frame"] = data.start_frame
    if data.stop_frame is not None:
        found["stop_frame"] = data.stop_frame
    if data.frame_filter:
        found["frame_filter"] = data.frame_filter
    found |= {"storage_method": data.storage_method, "storage": data.storage}
    found |= {"sorting_method": data.sorting_method, "chunk_type": data.chunk_type}
    found["deleted_frames"] = data.deleted_frames
    if data.custom_segments:
        found["custom_segments"] = True
    if data.validation_layout:
        found["validation_layout"] = msgspec.to_builtins(data.validation_layout)
    return found


def _job_out(job: ArchiveJob) -> dict[str, Any]:
    # a replica under the name that CVAT 2.27 to 2.79 knows, and later ones still read
    kind = "consensus_replica" if job.type == "replica" else job.type
    found: dict[str, Any] = {"status": job.status, "type": kind}
    found |= {"start_frame": job.start_frame, "stop_frame": job.stop_frame}
    if job.frames is not None:
        found["frames"] = job.frames
    if job.files is not None:
        found["files"] = job.files
    return found


def declared_size(data: ArchiveData) -> int | None:
    """How many frames the settings say the task has; None where they leave it to the media."""
    if data.stop_frame is None:
        return None
    return max(0, (data.stop_frame - data.start_frame) // data.step + 1)
