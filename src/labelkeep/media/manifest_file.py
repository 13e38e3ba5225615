"""CVAT's `manifest.jsonl`: one line per frame of the source, in frame order (spec/cvat-backup-format.md §6)."""

from __future__ import annotations

import io
import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from labelkeep.errors import BadInput

LINE_LIMIT = 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """One image or point cloud of the source."""

    path: str
    width: int = 0
    height: int = 0
    related: tuple[str, ...] = field(default=())


def read(file: BinaryIO, name: str = "manifest.jsonl") -> Iterator[Entry]:
    """The images that a manifest lists, line by line. A video's manifest lists none: its stream says all.

    Raises:
        BadInput: a line is not what the format says; the message names it.
    """
    kind = ""
    for number, line in enumerate(_lines(file, name), 1):
        if not line.strip():
            continue
        item = _parse(line, name, number)
        if "version" in item and "name" not in item:
            _check_version(item["version"], name, number)
        elif "type" in item and "name" not in item:
            kind = str(item["type"])
            if kind == "video":
                return
        elif kind == "video":
            return
        else:
            yield _entry(item, name, number)


def write(entries: Iterable[Entry]) -> Iterator[bytes]:
    """The lines of a manifest of images, in order."""
    yield b'{"version":"1.1"}\n{"type":"images"}\n'
    for entry in entries:
        stem, extension = posixpath.splitext(entry.path)
        item = {
            "name": stem,
            "extension": extension,
            "width": entry.width,
            "height": entry.height,
            "meta": {"related_images": list(entry.related)},
        }
        yield json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    reader = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
    while line := reader.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            raise BadInput(f"{name}: a line is longer than {LINE_LIMIT} bytes")
        yield line


def _parse(line: bytes, name: str, number: int) -> dict[str, Any]:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise BadInput(f"{name}, line {number}: Invalid manifest was uploaded: {error}") from error
    if not isinstance(item, dict):
        raise BadInput(f"{name}, line {number}: Invalid manifest was uploaded: an object was expected")
    return item


def _check_version(version: Any, name: str, number: int) -> None:
    if str(version) not in ("1.0", "1.1"):
        raise BadInput(f"{name}, line {number}: version {version!r} of the manifest is not known")


def _entry(item: dict[str, Any], name: str, number: int) -> Entry:
    stem, extension = item.get("name"), item.get("extension")
    if not isinstance(stem, str) or not isinstance(extension, str) or not stem:
        raise BadInput(f"{name}, line {number}: Invalid manifest was uploaded: name and extension were expected")
    meta = item.get("meta")
    related = meta.get("related_images") if isinstance(meta, dict) else None
    paths = tuple(path for path in related if isinstance(path, str)) if isinstance(related, list) else ()
    return Entry(f"{stem}{extension}", _whole(item.get("width")), _whole(item.get("height")), paths)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
