"""The manifest: canonical JSON that names every document and blob of a project or task. A manifest *is* the backup.

A project's manifest names one manifest a task, so an unchanged task costs nothing. Ids are those of the origin and only
for the report of a restore; people are named by username. No secret is ever in here (invariant 10). Version 1; readers
read every version ever written (invariant 11).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

FORMAT = 1


class AttributeRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An attribute of a label."""

    id: int
    name: str
    mutable: bool
    input_type: str
    default_value: str = ""
    values: list[str] = []


class LabelRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A label with its attributes and sublabels; `svg` refers to sublabels by data-label-name."""

    id: int
    name: str
    color: str
    type: str = "any"
    svg: str = ""
    deleted_at: str = ""  # a tombstone keeps its key; its shapes are not rendered
    attributes: list[AttributeRecord] = []
    sublabels: list[LabelRecord] = []


class CommentRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One message of an issue."""

    id: int
    owner: str = ""
    message: str
    created_date: str
    updated_date: str


class IssueRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A remark pinned to a frame."""

    id: int
    frame: int
    position: list[float]
    owner: str = ""
    assignee: str = ""
    resolved: bool = False
    created_date: str
    updated_date: str
    comments: list[CommentRecord] = []


class JobRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A job and the name of its annotation document. Jobs stand in archive order (spec/cvat-backup-format.md §3.3)."""

    id: int
    uuid: str
    type: str
    start_frame: int
    stop_frame: int
    frames: list[int] | None = None
    parent: int | None = None  # position of the parent in this list
    stage: str = "annotation"
    state: str = "new"
    status: str = "annotation"
    assignee: str = ""
    assignee_updated_date: str = ""
    created_date: str
    updated_date: str
    document: str = ""  # annotation index; empty: no annotations
    revision: int = 0
    next_number: int = 1
    counts: dict[str, dict[str, int]] = {}
    issues: list[IssueRecord] = []


class AssetRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A file that a guide shows."""

    uuid: str
    filename: str
    blob: str
    size: int
    crc32: int
    media_type: str
    owner: str = ""
    created_date: str


class GuideRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Annotators' instructions; the Markdown refers to assets as /api/assets/<uuid>."""

    markdown: str
    created_date: str
    updated_date: str
    assets: list[AssetRecord] = []


class DataRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The data settings of a task and its two documents. Absent: no data was attached."""

    mode: str
    dimension: str
    media_type: str
    size: int
    chunk_size: int | None
    image_quality: int
    compressed_chunk_type: str
    original_chunk_type: str
    start_frame: int
    stop_frame: int
    frame_filter: str = ""
    storage_method: str = "cache"
    storage: str = "local"
    sorting_method: str = "lexicographical"
    custom_segments: bool = False
    deleted_frames: list[int] = []
    validation_layout: dict[str, Any] | None = None
    chunks_updated_date: str = ""
    sources: str  # document
    frames: str  # document


class LabelKeys(msgspec.Struct, omit_defaults=True, kw_only=True):
    """Document key of each label and attribute, by the record's `id`; `next` is the next free key."""

    labels: dict[int, int] = {}
    attributes: dict[int, int] = {}
    next: int = 1


class TaskManifest(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="kind", tag="task"):
    """A task. `labels` are its own, or copies of its project's where the task stands alone in a backup."""

    kind: ClassVar[Literal["task"]] = "task"
    format: int
    id: int
    uuid: str
    name: str
    owner: str = ""
    assignee: str = ""
    assignee_updated_date: str = ""
    organization: str = ""
    bug_tracker: str = ""
    subset: str = ""
    status: str = "annotation"
    status_kept: bool = False
    source_storage: dict[str, Any] | None = None
    target_storage: dict[str, Any] | None = None
    created_date: str
    updated_date: str
    segment_size: int = 0
    overlap: int | None = None
    consensus_replicas: int = 0
    labels: list[LabelRecord] = []
    label_keys: LabelKeys
    guide: GuideRecord | None = None
    data: DataRecord | None = None
    jobs: list[JobRecord] = []


class ProjectManifest(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="kind", tag="project"):
    """A project; `tasks` are names of task manifests, in order of id."""

    kind: ClassVar[Literal["project"]] = "project"
    format: int
    id: int
    uuid: str
    name: str
    owner: str = ""
    assignee: str = ""
    assignee_updated_date: str = ""
    organization: str = ""
    bug_tracker: str = ""
    status: str = "annotation"
    status_kept: bool = False
    source_storage: dict[str, Any] | None = None
    target_storage: dict[str, Any] | None = None
    created_date: str
    updated_date: str
    labels: list[LabelRecord] = []
    guide: GuideRecord | None = None
    tasks: list[str] = []


class Root(msgspec.Struct, omit_defaults=True, kw_only=True, tag_field="kind", tag="backup"):
    """What lies under `manifests/` in a store: the frozen object, where it came from and what it counts."""

    kind: ClassVar[Literal["backup"]] = "backup"
    format: int
    backup: str  # uuid
    server: str  # uuid of the server that made it
    created_date: str
    subject: str  # name of the ProjectManifest or TaskManifest document
    subject_kind: Literal["project", "task"]
    subject_uuid: str
    name: str
    counts: dict[str, int] = {}
    logical_size: int = 0
    left_out: list[str] = []  # what is not in here, and why
