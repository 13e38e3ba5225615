"""Annotated frames as pictures: shapes of all types on an image, and two images side by side.   Pillow; no store.

An image is enlarged or made smaller first, so that thin lines and small letters can be seen on any.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from labelkeep.annotations.model import Shape, Track, TrackedShape
from labelkeep.annotations.tracks import at

Point = tuple[float, float]
Color = tuple[int, int, int]
Drawn = Shape | TrackedShape
SMALLEST, LARGEST = 480, 1280  # pixels of an image's longer side
HEADER = 22  # pixels above each image, for words
_DOT = 3
_ELLIPSE = 48  # corners of the polygon that stands for it
_CUBOID = ((0, 1), (2, 3), (4, 5), (6, 7), (0, 2), (2, 4), (4, 6), (6, 0), (1, 3), (3, 5), (5, 7), (7, 1))
_FILL = 70  # of 255
_NODE = re.compile(r"<circle\b[^>]*>")
_EDGE = re.compile(r"<line\b[^>]*>")
_PART = re.compile(r'([\w-]+)="([^"]*)"')
Edges = Sequence[tuple[str, str]]  # names of the points that a skeleton's edges join


@dataclass(frozen=True)
class Mark:
    """Something to draw: what stands on the frame, and the named points where it is a skeleton."""

    shape: Drawn | None
    color: Color
    words: str
    points: Mapping[str, Drawn] = field(default_factory=dict)
    edges: Edges = ()


def on_frame(item: Shape | Track, frame: int) -> Drawn | None:
    """The shape that is seen on a frame; None where it is outside, or is none itself."""
    shape = at(item, frame) if isinstance(item, Track) else item
    return shape if shape is not None and not shape.outside else None


def edges_of(svg: str) -> Edges:
    """Which points the picture of a skeleton joins, by name."""
    nodes = [dict(_PART.findall(node)) for node in _NODE.findall(svg)]
    names = {node.get("data-node-id"): html.unescape(node.get("data-label-name", "")) for node in nodes}
    lines = [dict(_PART.findall(line)) for line in _EDGE.findall(svg)]
    ends = [(names.get(line.get("data-node-from")), names.get(line.get("data-node-to"))) for line in lines]
    return [(start, end) for start, end in ends if start and end]


def side_by_side(panels: Sequence[tuple[Image.Image, str]]) -> Image.Image:
    """Images with words above them, in a row."""
    width = sum(image.width for image, _ in panels) + 2 * (len(panels) - 1)
    whole = Image.new("RGB", (width, max(image.height for image, _ in panels) + HEADER), (24, 24, 24))
    pen, left = ImageDraw.Draw(whole), 0
    for image, words in panels:
        whole.paste(image, (left, HEADER))
        pen.text((left + 6, 4), words, fill=(235, 235, 235), font=_font())
        left += image.width + 2
    return whole


def drawn(image: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    """An image with marks on it, the first ones lowest."""
    longer = max(image.size)
    scale = max(1.0, SMALLEST / longer) if longer < SMALLEST else min(1.0, LARGEST / longer)
    size = round(image.width * scale), round(image.height * scale)
    base = image.convert("RGBA").resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    pen = _Pen(Image.new("RGBA", base.size), scale)
    for mark in marks:
        pen.mark(mark)
    return Image.alpha_composite(base, pen.layer).convert("RGB")


class _Pen:
    def __init__(self, layer: Image.Image, scale: float) -> None:
        self.layer = layer
        self._scale = scale
        self._draw = ImageDraw.Draw(layer)
        self._words = 0  # lines of words for what has no place: tags

    def mark(self, mark: Mark) -> None:
        """Draw one mark, and its words at its upper left corner."""
        places = [*self._skeleton(mark)]
        if mark.shape is not None and mark.shape.points:
            places += self._shape(mark.shape, mark.color)
        if places:
            self._write(min(x for x, _ in places), min(y for _, y in places) - 13, mark)
        elif mark.shape is None and not mark.points:
            self._write(4, 2 + 13 * self._words, mark)
            self._words += 1

    def _write(self, x: float, y: float, mark: Mark) -> None:
        x, y = min(max(0, x), self.layer.width - 30), min(max(0, y), self.layer.height - 13)
        box = self._draw.textbbox((x + 1, y), mark.words, font=_font())
        self._draw.rectangle((box[0] - 1, box[1] - 1, box[2] + 1, box[3] + 1), fill=(0, 0, 0, 150))
        self._draw.text((x + 1, y), mark.words, fill=(*mark.color, 255), font=_font())

    def _skeleton(self, mark: Mark) -> Iterator[Point]:
        places = {name: self._scaled(shape.points)[0] for name, shape in mark.points.items() if shape.points}
        for start, end in mark.edges:
            if start in places and end in places:
                self._line([places[start], places[end]], mark.color)
        for place in places.values():
            self._dot(place, mark.color)
        yield from places.values()

    def _shape(self, shape: Drawn, color: Color) -> list[Point]:
        if shape.type == "mask":
            return self._mask(shape, color)
        corners = self._scaled(_corners(shape))
        if shape.type == "cuboid" and len(corners) == 8:
            for start, end in _CUBOID:
                self._line([corners[start], corners[end]], color)
        elif shape.type == "points":
            for corner in corners:
                self._dot(corner, color)
        elif shape.type == "polyline":
            self._line(corners, color)
        elif len(corners) > 1:
            self._draw.polygon(corners, fill=(*color, _FILL // 2))
            self._line([*corners, corners[0]], color)
        return corners

    def _mask(self, shape: Drawn, color: Color) -> list[Point]:
        """Run lengths, beginning with what is not in it, then the box that they fill row by row."""
        left, top, right, bottom = (int(value) for value in shape.points[-4:])
        width, height = right - left + 1, bottom - top + 1
        runs = b"".join(bytes([_FILL * 2 * (turn % 2)]) * int(n) for turn, n in enumerate(shape.points[:-4]))
        if width <= 0 or height <= 0 or len(runs) != width * height:
            return []
        size = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        stencil = Image.frombytes("L", (width, height), runs).resize(size, Image.Resampling.NEAREST)
        corner = left * self._scale, top * self._scale
        flat = Image.new("RGBA", self.layer.size, (*color, 0))
        flat.paste((*color, 255), (round(corner[0]), round(corner[1])), stencil)
        self.layer.alpha_composite(flat)
        return [corner]

    def _line(self, places: Sequence[Point], color: Color) -> None:
        for start, end in pairwise(places):
            self._draw.line([start, end], fill=(*color, 255), width=2)

    def _dot(self, place: Point, color: Color) -> None:
        x, y = place
        self._draw.ellipse((x - _DOT, y - _DOT, x + _DOT, y + _DOT), fill=(*color, 255), outline=(0, 0, 0, 255))

    def _scaled(self, flat: Sequence[float]) -> list[Point]:
        scaled = [value * self._scale for value in flat]
        return list(zip(scaled[::2], scaled[1::2], strict=False))


def _corners(shape: Drawn) -> list[float]:
    """The corners of a shape, turned as it is."""
    points = shape.points
    if shape.type == "rectangle" and len(points) == 4:
        left, top, right, bottom = points
        points = [left, top, right, top, right, bottom, left, bottom]
        centre = (left + right) / 2, (top + bottom) / 2
    elif shape.type == "ellipse" and len(points) == 4:
        x, y, across, up = points[0], points[1], abs(points[2] - points[0]), abs(points[1] - points[3])
        turns = [2 * math.pi * step / _ELLIPSE for step in range(_ELLIPSE)]
        points = [value for turn in turns for value in (x + across * math.cos(turn), y + up * math.sin(turn))]
        centre = x, y
    else:
        return points
    return _turned(points, centre, shape.rotation) if shape.rotation else points


def _turned(flat: Sequence[float], centre: Point, degrees: float) -> list[float]:
    """Clockwise, as `y` points downwards."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turned = []
    for x, y in zip(flat[::2], flat[1::2], strict=False):
        dx, dy = x - centre[0], y - centre[1]
        turned += [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos]
    return turned


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(11)
