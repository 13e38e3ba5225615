"""The colour of a label that came without one.   Pure and deterministic: the same names give the same colours.

The name picks a place on a wheel of hues that are far apart; a colour that a sibling already has moves it on to the
next place. When the wheel is full, hues in between follow.
"""

from __future__ import annotations

import colorsys
import re
import zlib
from collections.abc import Collection, Iterator

WHEEL = 24
_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")


def is_color(text: str) -> bool:
    """Whether `text` is `#rrggbb`."""
    return _COLOR.match(text) is not None


def color_for(name: str, taken: Collection[str]) -> str:
    """A colour for the label `name` that none of its siblings (`taken`) has."""
    used = {color.lower() for color in taken}
    start = zlib.crc32(name.encode()) % WHEEL
    return next(color for color in _wheel(start) if color not in used)


def _wheel(start: int) -> Iterator[str]:
    for turn in range(4096):
        offset = 0.0 if turn == 0 else (turn * 0.618034) % 1
        for step in range(WHEEL):
            # 7 is coprime to the wheel, so neighbours in time are far apart in hue
            hue = ((start + 7 * step) % WHEEL + offset) / WHEEL
            yield _hex(hue, value=0.95 - 0.25 * (step % 2) - 0.3 * (turn % 2))


def _hex(hue: float, *, value: float) -> str:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, 0.75, value)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"
