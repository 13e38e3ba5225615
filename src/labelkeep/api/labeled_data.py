"""Annotations on the wire (LabeledData, cvat-protocol §8.7), as types for the OpenAPI document.

The code that reads and writes them (labelkeep.annotations) takes them apart in a stream and never holds them as these
types; tests check each answer against them.
"""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from labelkeep.annotations.model import ShapeType
from labelkeep.api.schema import Natural

Group = Natural | None
Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
Points = list[float]


class AttributeVal(TypedDict):
    """The value of one attribute."""

    spec_id: int
    value: Annotated[str, msgspec.Meta(max_length=4096)]


class LabeledImage(TypedDict):
    """A tag: a statement about a whole frame."""

    id: int | None
    frame: Natural
    label_id: int
    group: Group
    source: str
    attributes: list[AttributeVal]


class SubLabeledShape(LabeledImage):
    """A shape on one frame."""

    type: ShapeType
    occluded: bool
    outside: bool
    z_order: int
    rotation: float
    points: Points
    score: NotRequired[Score]


class LabeledShape(SubLabeledShape):
    """A shape on one frame; a skeleton's points are its elements."""

    elements: list[SubLabeledShape]


class TrackedShape(TypedDict):
    """A key frame of a track."""

    id: NotRequired[int | None]
    type: ShapeType
    frame: Natural
    occluded: bool
    outside: bool
    z_order: int
    rotation: float
    points: Points
    attributes: list[AttributeVal]


class SubLabeledTrack(LabeledImage):
    """One object through many frames."""

    shapes: list[TrackedShape]


class LabeledTrack(SubLabeledTrack):
    """One object through many frames; a skeleton's points are its elements."""

    elements: list[SubLabeledTrack]


class LabeledData(TypedDict):
    """Everything that was annotated on a task or job. There are no intervals, as there are no audio tasks."""

    version: int
    tags: list[LabeledImage]
    shapes: list[LabeledShape]
    tracks: list[LabeledTrack]
    intervals: NotRequired[list[dict[str, Any]]]


# ---- as it is sent -------------------------------------------------------------------------------------------------


class LabeledImageBody(TypedDict):
    """A tag. `id` only where an object that is there is meant."""

    label_id: int
    frame: Natural
    id: NotRequired[int | None]
    group: NotRequired[Group]
    source: NotRequired[str]
    attributes: NotRequired[list[AttributeVal]]


class SubLabeledShapeBody(LabeledImageBody):
    """A shape on one frame."""

    type: ShapeType
    occluded: NotRequired[bool]
    outside: NotRequired[bool]
    z_order: NotRequired[int]
    rotation: NotRequired[Annotated[float, msgspec.Meta(ge=0, le=360)]]
    points: NotRequired[Points]
    score: NotRequired[Score]


class LabeledShapeBody(SubLabeledShapeBody):
    """A shape on one frame; a skeleton's points are its elements."""

    elements: NotRequired[list[SubLabeledShapeBody]]


class TrackedShapeBody(TypedDict):
    """A key frame of a track."""

    type: ShapeType
    frame: Natural
    id: NotRequired[int | None]
    occluded: NotRequired[bool]
    outside: NotRequired[bool]
    z_order: NotRequired[int]
    rotation: NotRequired[Annotated[float, msgspec.Meta(ge=0, le=360)]]
    points: NotRequired[Points]
    attributes: NotRequired[list[AttributeVal]]


class SubLabeledTrackBody(LabeledImageBody):
    """One object through many frames."""

    shapes: list[TrackedShapeBody]


class LabeledTrackBody(SubLabeledTrackBody):
    """One object through many frames; a skeleton's points are its elements."""

    elements: NotRequired[list[SubLabeledTrackBody]]


class LabeledDataBody(TypedDict, total=False):
    """What shall be annotated. What is absent is as if it were empty."""

    version: int
    tags: list[LabeledImageBody]
    shapes: list[LabeledShapeBody]
    tracks: list[LabeledTrackBody]
