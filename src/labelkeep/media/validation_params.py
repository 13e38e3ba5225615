"""How the frames are chosen that validate a new task (`validation_params`, spec/cvat-protocol.md §8.4), checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from labelkeep.errors import BadInput

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_METHODS = {"gt": ("manual", "random_uniform", "random_per_job"), "gt_pool": ("manual", "random_uniform")}
_SENTENCES = {
    "frame_count": "Ensure this value is greater than or equal to 1.",
    "frames_per_job_count": "Ensure this value is greater than or equal to 1.",
    "random_seed": "Ensure this value is greater than or equal to 0.",
    "frame_share": "Value must be in the range [0; 1]",
    "frames_per_job_share": "Value must be in the range [0; 1]",
}


class ValidationParams(msgspec.Struct, kw_only=True):
    """`gt`: the frames stay where they are. `gt_pool`: they are the task's end, and shown again as honeypots."""

    mode: Literal["gt", "gt_pool"]
    frame_selection_method: Literal["manual", "random_uniform", "random_per_job"] = "random_uniform"
    random_seed: Annotated[int, msgspec.Meta(ge=0)] | None = None
    frames: list[str] | None = None  # names of files
    frame_count: _Count | None = None
    frame_share: _Share | None = None
    frames_per_job_count: _Count | None = None
    frames_per_job_share: _Share | None = None


def read(values: Mapping[str, Any]) -> ValidationParams:
    """The parameters, when they say clearly what to choose.

    Raises:
        BadInput: `{"validation_params": …}`.
    """
    try:
        params = msgspec.convert(values, ValidationParams, strict=False)
    except msgspec.ValidationError as error:
        raise _refused(values, str(error)) from error
    if sentence := _contradiction(params):
        raise BadInput({"validation_params": {"non_field_errors": [sentence]}})
    return params


def _refused(values: Mapping[str, Any], message: str) -> BadInput:
    found = re.search(r"`\$\.(\w+)|field `(\w+)`", message)
    field = (found[1] or found[2]) if found else "non_field_errors"
    sentence = _SENTENCES.get(field, message) if isinstance(values.get(field), int | float) else message
    if "Invalid enum value" in message:
        sentence = f'"{values[field]}" is not a valid choice.'
    if "missing required field" in message:
        sentence = "This field is required."
    return BadInput({"validation_params": {field: [sentence]}})


def _contradiction(params: ValidationParams) -> str:
    method, allowed = params.frame_selection_method, _METHODS[params.mode]
    if method not in allowed:
        return f'The "frame_selection_method" field must be one of {", ".join(allowed)}'
    pairs = ["frames_per_job"] if params.mode == "gt_pool" or method == "random_per_job" else []
    pairs += ["frame"] if method == "random_uniform" else []
    for name in pairs:
        if sentence := _one_of(params, f"{name}_count", f"{name}_share"):
            return sentence
    if method != "manual":
        return '"frames" can only be used when "frame_selection_method" is "manual"' if params.frames else ""
    if not params.frames:
        return 'The "frames" field is required'
    return "Frames must not repeat" if len(set(params.frames)) != len(params.frames) else ""


def _one_of(params: ValidationParams, count: str, share: str) -> str:
    given = [name for name in (count, share) if getattr(params, name) is not None]
    if len(given) == 1:
        return ""
    options = f'"{count}", "{share}"'
    return f"Only 1 of the fields {options} can be used" if given else f"One of the fields {options} required"
