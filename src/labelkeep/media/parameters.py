"""What a client says about the data that it attaches (`DataRequest`, spec/cvat-protocol.md §8.4), read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from labelkeep.errors import BadInput
from labelkeep.media import guard, validation_params
from labelkeep.media.sorting import METHODS

_STEP = re.compile(r"step\s*=\s*([1-9]\d*)")
_LISTS = ("server_files", "remote_files", "server_files_exclude", "upload_file_order", "client_files")


class DataParams(msgspec.Struct, kw_only=True):
    """The parameters, with CVAT's defaults. To and from JSON by msgspec, so an operation can carry them."""

    image_quality: int = 70
    chunk_size: int | None = None
    start_frame: int = 0
    stop_frame: int | None = None
    frame_filter: str = ""
    sorting_method: str = "lexicographical"
    upload_file_order: list[str] = []
    use_cache: bool = True
    use_zip_chunks: bool = False
    copy_data: bool = False
    server_files: list[str] = []
    server_files_exclude: list[str] = []
    remote_files: list[str] = []
    client_files: list[Any] = []
    filename_pattern: str | None = None
    cloud_storage_id: int | None = None
    job_file_mapping: list[list[str]] | None = None
    validation_params: dict[str, Any] | None = None
    storage_method: str | None = None
    storage: str | None = None

    @property
    def step(self) -> int:
        """Every how many source frames there is one of the task."""
        return step_of(self.frame_filter)


def step_of(frame_filter: str) -> int:
    """The step in `step=N`; 1 where there is none.

    Raises:
        BadInput: the filter is something else.
    """
    if not frame_filter:
        return 1
    match = _STEP.fullmatch(frame_filter.strip())
    if match is None:
        raise BadInput({"frame_filter": ["Invalid frame filter expression"]})
    return int(match[1])


def read(values: Mapping[str, Any]) -> DataParams:
    """Read and check the parameters of a request. Unknown keys are ignored, nulls are as if absent.

    Raises:
        BadInput: field errors as on the wire.
    """
    given = {key: value for key, value in values.items() if value is not None and value != ""}
    for key in _LISTS:
        if key in given and not isinstance(given[key], list):
            given[key] = [given[key]]
        if key in given:
            given[key] = [_file_name(item) for item in given[key]]
    try:
        params = msgspec.convert(given, DataParams, strict=False)
    except msgspec.ValidationError as error:
        message = str(error)
        field = re.search(r"`\$\.(\w+)", message)
        raise BadInput({field[1] if field else "non_field_errors": [message]}) from error
    check(params)
    return params


def _file_name(item: Any) -> Any:
    """Files are named by a text, or by an object with one (`{"file": "a.jpg"}`)."""
    return item["file"] if isinstance(item, dict) and "file" in item else item


def check(params: DataParams) -> None:
    """Raise BadInput where parameters are out of range or contradict each other."""
    if not 0 <= params.image_quality <= 100:
        raise BadInput({"image_quality": ["Ensure this value is between 0 and 100."]})
    if params.sorting_method not in METHODS:
        raise BadInput({"sorting_method": [f'"{params.sorting_method}" is not a valid choice.']})
    if params.chunk_size is not None and params.chunk_size < 1:
        raise BadInput({"chunk_size": ["Ensure this value is greater than or equal to 1."]})
    if params.start_frame < 0:
        raise BadInput({"start_frame": ["Ensure this value is greater than or equal to 0."]})
    if params.stop_frame is not None and params.stop_frame < params.start_frame:
        raise BadInput({"non_field_errors": ["Stop frame must be more or equal start frame"]})
    step_of(params.frame_filter)
    if params.remote_files:
        _check_addresses(params.remote_files)
    if params.server_files_exclude and params.filename_pattern:
        message = "server_files_exclude and filename_pattern cannot be used together"
        raise BadInput({"non_field_errors": [message]})
    if params.job_file_mapping is not None:
        _check_mapping(params)
    if params.validation_params is not None:
        _check_validation(params)


def _check_addresses(urls: list[str]) -> None:
    try:
        guard.check(urls)
    except BadInput as error:
        raise BadInput({"remote_files": [str(error)]}) from error


def _check_mapping(params: DataParams) -> None:
    lists = params.job_file_mapping or []
    names = [name for files in lists for name in files]
    if not lists or not all(lists):
        raise BadInput({"job_file_mapping": ["Empty job file lists are not allowed"]})
    if len(names) != len(set(names)):
        raise BadInput({"job_file_mapping": ["The same file cannot be used multiple times in the job file mapping"]})
    others = {
        "sorting_method": params.sorting_method != "lexicographical",
        "start_frame": params.start_frame != 0,
        "stop_frame": params.stop_frame is not None,
        "frame_filter": params.step > 1,
        "filename_pattern": params.filename_pattern is not None,
        "server_files_exclude": bool(params.server_files_exclude),
    }
    if wrong := [name for name, used in others.items() if used]:
        raise BadInput({"non_field_errors": [f"job_file_mapping can't be used with {', '.join(wrong)}"]})


def _check_validation(params: DataParams) -> None:
    pool = validation_params.read(params.validation_params or {}).mode == "gt_pool"
    if pool and params.sorting_method != "random":  # so there is no job_file_mapping either
        raise BadInput({"non_field_errors": ['validation mode "gt_pool" can only be used with "random" sorting']})
