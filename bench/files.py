"""Test material: files that look like photographs to a store (they do not compress), and names for them."""

from __future__ import annotations

import os
import random
from pathlib import Path

SMALL = bool(os.environ.get("BENCH_SMALL"))


def scale(full: int, small: int) -> int:
    """The size to measure at."""
    return small if SMALL else full


def jpeg_like(count: int, size: int, folder: Path, seed: int = 1) -> list[Path]:
    """`count` files of about `size` bytes that begin as a real JPEG does, and differ."""
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    head = real_jpeg()
    paths = []
    for number in range(count):
        path = folder / f"img_{number:06}.jpg"
        path.write_bytes(head + chance.randbytes(size - len(head)))
        paths.append(path)
    return paths


def real_jpeg(width: int = 640, height: int = 480) -> bytes:
    """A small picture that any reader opens; what follows its end marker is ignored by readers."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "#88aacc").save(buffer, "JPEG")
    return buffer.getvalue()
