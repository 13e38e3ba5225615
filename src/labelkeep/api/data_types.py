"""What is said about a task's data on the wire (cvat-protocol §8.4, §8.5), as types for the OpenAPI document.

Parameters are read by labelkeep.media.parameters, metadata are written page by page by frame_meta.py.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from labelkeep.api.schema import File, Moment, Natural
from labelkeep.media.validation_params import ValidationParams


class ChapterMetadata(TypedDict):
    """What a chapter is called."""

    title: NotRequired[str]


class Chapter(TypedDict):
    """A part of a video, in frames."""

    id: int
    start: int
    stop: int
    metadata: ChapterMetadata


class FrameMeta(TypedDict):
    """One frame; of a video, its stream."""

    name: str
    width: int
    height: int
    related_files: int
    has_related_context: bool


class DataMetaRead(TypedDict):
    """The frames of a task or job."""

    chunks_updated_date: Moment
    frames: list[FrameMeta]
    deleted_frames: list[int]
    chapters: list[Chapter] | None
    chunk_size: int | None
    size: int
    image_quality: int
    start_frame: int
    stop_frame: int
    frame_filter: str
    included_frames: list[int] | None
    storage: Literal["local", "share", "cloud_storage"]
    cloud_storage_id: int | None


class DataRequest(TypedDict, total=False):
    """How frames are made of what was sent, or of files of the share or of other addresses."""

    chunk_size: Natural | None
    image_quality: Annotated[int, msgspec.Meta(ge=0, le=100)]
    start_frame: Natural
    stop_frame: Natural
    frame_filter: str
    server_files: list[str]
    remote_files: list[str]
    use_zip_chunks: bool
    server_files_exclude: list[str]
    cloud_storage_id: int | None
    use_cache: bool
    copy_data: bool
    storage_method: Literal["cache", "file_system"]
    sorting_method: Literal["lexicographical", "natural", "predefined", "random"]
    filename_pattern: str | None
    job_file_mapping: list[list[str]]
    upload_file_order: list[str]
    validation_params: ValidationParams | None


class DataForm(DataRequest, total=False):
    """The same with the files themselves."""

    client_files: list[File]
