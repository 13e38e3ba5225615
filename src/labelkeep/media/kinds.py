"""What kind of media a file is, told from its name: the same words that CVAT uses (spec/cvat-protocol.md §4, §8.4)."""

from __future__ import annotations

import posixpath
from typing import Literal

Kind = Literal["image", "video", "archive", "pdf", "pcd", "bin", "manifest", "unknown"]

IMAGES = frozenset(
    [
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".webp",
        ".bmp",
        ".dib",
        ".gif",
        ".tif",
        ".tiff",
        ".jp2",
        ".j2k",
        ".jpx",
        ".j2c",
        ".jpf",
        ".avif",
        ".avifs",
        ".apng",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".tga",
        ".ico",
        ".pcx",
        ".xbm",
        ".sgi",
        ".rgb",
        ".ras",
    ]
)
VIDEOS = frozenset(
    [
        ".mp4",
        ".m4v",
        ".webm",
        ".mkv",
        ".mov",
        ".qt",
        ".avi",
        ".mpg",
        ".mpeg",
        ".mpe",
        ".wmv",
        ".flv",
        ".3gp",
        ".3g2",
        ".ts",
        ".mts",
        ".m2ts",
        ".ogv",
        ".ogg",
        ".asf",
        ".vob",
    ]
)
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
MIXABLE = frozenset({"image", "manifest", "unknown"})


def kind_of(path: str) -> Kind:
    """The kind of the file at `path`, by its extension."""
    name = posixpath.basename(path).lower()
    extension = posixpath.splitext(name)[1]
    if extension in IMAGES:
        return "image"
    if extension in VIDEOS:
        return "video"
    if name.endswith(ARCHIVES):
        return "archive"
    by_extension: dict[str, Kind] = {".pdf": "pdf", ".pcd": "pcd", ".bin": "bin", ".jsonl": "manifest"}
    return by_extension.get(extension, "unknown")


def wire_kind(path: str) -> str:
    """The `mime_type` that listings of a share report."""
    kind = kind_of(path)
    return {"pcd": "image", "bin": "image", "manifest": "unknown"}.get(kind, kind)
