"""The objects that people draw, as they stand in annotation documents.

Field order is the canonical order of the JSON; defaults are left out. `label` and attribute keys are the small integers
of the task's key map (design §1), never database ids. Frames are task-relative. Geometry is as in spec/cvat-protocol.md
§8.7: pixels, flat lists; a mask is its run lengths followed by left, top, right, bottom. Objects form no cycles, so the
cyclic garbage collector need not look at them (`gc=False`): decoding is several times faster then.
"""

from __future__ import annotations

from typing import Literal

import msgspec

ShapeType = Literal["rectangle", "polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton"]


class Attr(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The value of one attribute: `[key, value]`."""

    key: int
    value: str


class Tag(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """A statement about a whole frame."""

    number: int
    frame: int
    label: int
    group: int | None = 0  # 0 and null both mean none; archives hold either, so both are kept
    source: str = "manual"
    attributes: list[Attr] = []


class Shape(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One shape on one frame; a skeleton's points are `elements`, which have no elements themselves."""

    number: int
    frame: int
    label: int
    type: ShapeType
    points: list[float] = []
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    group: int | None = 0
    source: str = "manual"
    score: float = 1.0
    attributes: list[Attr] = []
    elements: list[Shape] = []


class TrackedShape(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """A key frame of a track; `attributes` are the mutable ones."""

    frame: int
    type: ShapeType
    points: list[float] = []
    occluded: bool = False
    outside: bool = False
    z_order: int = 0
    rotation: float = 0.0
    attributes: list[Attr] = []


class Track(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One object through many frames; `attributes` are the immutable ones. A skeleton's points are `elements`."""

    number: int
    frame: int
    label: int
    group: int | None = 0
    source: str = "manual"
    attributes: list[Attr] = []
    shapes: list[TrackedShape] = []
    elements: list[Track] = []


Kind = Literal["tags", "shapes", "tracks"]
KINDS: tuple[Kind, ...] = ("tags", "shapes", "tracks")
Object = Tag | Shape | Track
