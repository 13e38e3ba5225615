"""What an image's header says, without decoding a pixel: its size as people see it (EXIF orientation applied)."""

from __future__ import annotations

import functools
import warnings
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from labelkeep.errors import BadInput

PIXELS = 400_000_000  # more than this is refused: decoding it would take gigabytes
# Formats whose readers call no other program. MPO is what some cameras' JPEGs are.
FORMATS = (
    *("PNG", "JPEG", "MPO", "WEBP", "BMP", "DIB", "GIF", "TIFF", "JPEG2000", "AVIF"),
    *("PPM", "TGA", "ICO", "PCX", "XBM", "SGI", "SUN"),
)
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)

Image.MAX_IMAGE_PIXELS = PIXELS // 2  # Pillow warns there, and refuses twice as much


def open_image(file: BinaryIO) -> Image.Image:
    """Open an image of a known format; its pixels are not read yet.

    Raises:
        BadInput: it is not an image, is damaged in its header, or has too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(file, formats=_formats())
    except UnidentifiedImageError as error:
        raise BadInput("cannot be read as an image") from error
    except Image.DecompressionBombError as error:
        raise BadInput(f"has more than {PIXELS} pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, TypeError, KeyError) as error:
        raise BadInput(f"cannot be read as an image: {error}") from error


@functools.cache
def _formats() -> tuple[str, ...]:
    """FORMATS that this Pillow has; asking loads their readers."""
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def image_size(file: BinaryIO) -> tuple[int, int]:
    """Width and height of an image, as shown.

    Raises:
        BadInput: as `open_image`.
    """
    image = open_image(file)
    width, height = image.size
    return (height, width) if is_sideways(image) else (width, height)


def is_sideways(image: Image.Image) -> bool:
    """Whether showing the image turns it by a quarter. Pillow turns TIFFs by itself."""
    if image.format == "TIFF":
        return False
    if image.format == "PNG" and "exif" not in image.info:
        return False  # asking a PNG for EXIF would decode all of it
    try:
        return image.getexif().get(_ORIENTATION) in _SIDEWAYS
    except (OSError, ValueError, SyntaxError, TypeError, KeyError):
        return False  # broken EXIF does not make a broken image
