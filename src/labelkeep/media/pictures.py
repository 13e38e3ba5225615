"""Pictures made of pictures: what annotators see (upright JPEG, 16 bits scaled to 8), previews, clouds from above."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import BinaryIO

from PIL import Image, ImageDraw, ImageOps

from labelkeep.errors import BadInput
from labelkeep.media import pointclouds
from labelkeep.media.probe import open_image

PREVIEW = (256, 256)


def upright(file: BinaryIO, *, small: bool = False) -> Image.Image:
    """The image as RGB, turned as its EXIF says, deep greys scaled so that the brightest is white.

    `small`: it will be shown as a preview; a JPEG is then decoded at a fraction of its size.

    Raises:
        BadInput: its pixels cannot be decoded.
    """
    image = open_image(file)
    try:
        if small:
            image.draft("RGB", PREVIEW)
        image.load()
        return eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise BadInput(f"cannot be decoded: {error}") from error


def eight_bits(image: Image.Image) -> Image.Image:
    """Greys of more than eight bits as eight; other images as they are."""
    if not (image.mode.startswith("I") or image.mode == "F"):
        return image
    wide = image.convert("F")
    extrema = wide.getextrema()
    low, high = float(extrema[0]), float(extrema[1])  # type: ignore[arg-type]
    base = min(low, 0.0)
    scale = 255.0 / (high - base) if high > base else 0.0
    return wide.point(lambda value: value * scale - base * scale).convert("L")


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The image as JPEG."""
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=max(1, quality))
    return buffer.getvalue()


def png(image: Image.Image) -> bytes:
    """The image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def black(size: tuple[int, int]) -> Image.Image:
    """A black image, where nothing may be shown."""
    return Image.new("RGB", size)


def thumbnail(image: Image.Image) -> bytes:
    """The image as a JPEG that fits a preview; its proportions stay."""
    image = image.convert("RGB")
    image.thumbnail(PREVIEW)
    return jpeg(image, 80)


def from_above(file: BinaryIO) -> Image.Image:
    """A point cloud seen from above: x to the right, y upwards, higher points brighter."""
    points = pointclouds.positions(file)
    image = Image.new("RGB", PREVIEW, (16, 16, 24))
    if points:
        _draw(ImageDraw.Draw(image), points)
    return image


def _draw(draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float, float]]) -> None:
    finite = [point for point in points if all(abs(value) < 1e12 for value in point)]
    if not finite:
        return
    lows = [min(values) for values in zip(*finite, strict=True)]
    highs = [max(values) for values in zip(*finite, strict=True)]
    span = max(highs[0] - lows[0], highs[1] - lows[1]) or 1.0
    rise = (highs[2] - lows[2]) or 1.0
    for x, y, z in finite:
        across = 8 + (x - lows[0]) / span * (PREVIEW[0] - 17)
        down = PREVIEW[1] - 9 - (y - lows[1]) / span * (PREVIEW[1] - 17)
        bright = 90 + int((z - lows[2]) / rise * 165)
        draw.point((across, down), fill=(bright, bright, 255))
