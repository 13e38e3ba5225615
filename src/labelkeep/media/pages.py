"""The pages of a PDF as images, one at a time, at 300 dots an inch."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from typing import BinaryIO

from labelkeep.errors import BadInput
from labelkeep.media.staged import Staged

DPI = 300
_LARGEST = 50_000_000  # pixels; a poster is drawn smaller than 300 dots an inch
_QUALITY = 95


def of_pdf(pdf: Staged) -> Iterator[Staged]:
    """Each page as a JPEG called `<name>-<page>.jpg`, numbers padded so that they sort.

    Raises:
        BadInput: it is not a PDF, or is locked.
    """
    import pypdfium2  # type: ignore[import-untyped]

    stem = posixpath.splitext(posixpath.basename(pdf.path))[0]
    with pdf.open() as file:
        try:
            document = pypdfium2.PdfDocument(file)
        except pypdfium2.PdfiumError as error:
            raise BadInput(f"{pdf.path}: cannot be read as a PDF: {error}") from error
        try:
            width = max(2, len(str(len(document))))
            for number in range(len(document)):
                data = _page(document, number)
                yield _staged(f"{stem}-{number + 1:0{width}d}.jpg", data)
        finally:
            document.close()


def _staged(path: str, data: bytes) -> Staged:
    def opened() -> BinaryIO:
        return io.BytesIO(data)

    return Staged(path, len(data), opened)


def _page(document: object, number: int) -> bytes:
    page = document[number]  # type: ignore[index]
    try:
        width, height = page.get_size()
        scale = DPI / 72
        scale = min(scale, (_LARGEST / max(1.0, width * height)) ** 0.5)
        image = page.render(scale=scale).to_pil().convert("RGB")
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=_QUALITY)
        return buffer.getvalue()
    finally:
        page.close()
