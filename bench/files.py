"""Test material: files that look like photographs to a store (they do not compress), and names for them."""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from pathlib import Path

from PIL import Image

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
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "#88aacc").save(buffer, "JPEG")
    return buffer.getvalue()


def archive_of(target: Path, count: int, size: int) -> Path:
    """A task archive as CVAT writes it, of `count` pictures of `size` bytes."""
    data = {
        "chunk_size": 72, "image_quality": 70, "start_frame": 0, "stop_frame": count - 1, "storage_method": "cache",
        "storage": "local", "sorting_method": "lexicographical", "chunk_type": "imageset", "deleted_frames": [],
    }  # fmt: skip
    job = {"status": "annotation", "type": "annotation", "start_frame": 0, "stop_frame": count - 1}
    task = {"name": "large", "bug_tracker": "", "status": "annotation", "subset": "", "labels": [], "version": "1.0"}
    chance, head = random.Random(1), real_jpeg(64, 48)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("task.json", json.dumps({**task, "data": data, "jobs": [job]}))
        archive.writestr("annotations.json", '[{"version":0,"tags":[],"shapes":[],"tracks":[]}]')
        for number in range(count):
            archive.writestr(f"data/img_{number:06}.jpg", head + chance.randbytes(max(8, size - len(head))))
    return target
