"""Shapes that several resources share on the wire (spec/cvat-protocol.md §8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict, cast

import msgspec

from labelkeep.api.schema import Address, Location
from labelkeep.projects.label_input import LabelInput

UNSET = msgspec.UNSET
Unset = msgspec.UnsetType
Json = dict[str, Any]
Status = Literal["annotation", "validation", "completed"]
Mode = Literal["", "annotation", "interpolation"]
Dimension = Literal["1d", "2d", "3d"]
MediaType = Literal["image", "point_cloud", "audio"]
ChunkType = Literal["imageset", "video"]
_SLOTS = {("project", "source"): 0, ("project", "target"): 1, ("task", "source"): 2, ("task", "target"): 3}


class StorageBody(msgspec.Struct, kw_only=True):
    """Where exports go or imports come from, as it is sent."""

    location: Location | None = None
    cloud_storage_id: int | None = None


class LabelsSummary(TypedDict):
    """Where labels are listed."""

    url: Address


class Storage(TypedDict):
    """Where exports go or imports come from."""

    id: int
    location: Literal["local", "cloud_storage"]
    cloud_storage_id: int | None


def storage_value(body: StorageBody | msgspec.UnsetType | None) -> Any:
    """What an action takes: a mapping, None, or UNSET."""
    return msgspec.to_builtins(body) if isinstance(body, StorageBody) else body


def storage_json(
    stored: Mapping[str, Any] | None, kind: Literal["project", "task"], id: int, side: Literal["source", "target"]
) -> Storage | None:
    """A storage setting. It is part of its project or task here, so its id is made from theirs: no other has it."""
    if stored is None:
        return None
    return {
        "id": 4 * id + _SLOTS[kind, side],
        "location": stored.get("location", "local"),
        "cloud_storage_id": stored.get("cloud_storage_id"),
    }


def given(labels: list[LabelInput] | msgspec.UnsetType) -> list[LabelInput]:
    """Labels that were sent; none where the field is missing."""
    return [] if isinstance(labels, msgspec.UnsetType) else labels


def media_type(stored: str) -> MediaType:
    """The kind of media as the wire has it, which counts videos among images (their `mode` tells them apart)."""
    return "image" if stored == "video" else cast(MediaType, stored)
