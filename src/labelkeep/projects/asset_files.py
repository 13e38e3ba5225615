"""What may be an asset of a guide: a few kinds of picture, and PDF. The bytes decide, not names or headers."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from labelkeep.errors import BadInput

if TYPE_CHECKING:
    from PIL import Image

LIMIT = 10 * 2**20
LONGEST_SIDE = 1920
MAX_PIXELS = 100_000_000  # a picture that unfolds to more is refused, not decoded
KINDS = ("image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf")
_SCALED = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I;16B")  # others would lose values
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}


def kind(content: bytes) -> str:
    """The media type that the bytes have.

    Raises:
        BadInput: too large, or none of KINDS.
    """
    if len(content) > LIMIT:
        raise BadInput("Maximum size of asset is 10 MB")
    found = _sniff(content)
    if not found:
        raise BadInput(f"File is not supported as an asset. Supported are ({', '.join(KINDS)})")
    return found


def shrunk(content: bytes, media_type: str) -> bytes:
    """The file itself, or a smaller picture where a side is longer than LONGEST_SIDE. PDF and animations stay.

    Raises:
        BadInput: the picture cannot be read.
    """
    if media_type not in _FORMATS:
        return content
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]]) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise BadInput("The picture has too many pixels")
                if max(image.size) <= LONGEST_SIDE or getattr(image, "is_animated", False) or image.mode not in _SCALED:
                    image.verify()
                    return content
                smaller = ImageOps.exif_transpose(image)
                smaller.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
                return _encoded(smaller, _FORMATS[media_type])
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadInput("The picture cannot be read") from error


def _encoded(image: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def _sniff(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    return "application/pdf" if content.startswith(b"%PDF-") else ""
