"""Makes zips by hand, right ones and wrong ones: every field of every header can be given a value of its own."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REGULAR, SYMLINK, FOLDER, DEVICE = 0o100644 << 16, 0o120777 << 16, 0o040755 << 16, 0o020644 << 16


@dataclass
class Item:
    """A member. What is None is what it should be."""

    name: str | bytes
    data: bytes = b""
    deflated: bool = False
    flags: int = 0x0800
    method: int | None = None
    crc32: int | None = None
    size: int | None = None
    packed: int | None = None
    attributes: int = REGULAR
    system: int = 3
    offset: int | None = None
    extra: bytes = b""
    disk: int = 0
    local_name: str | bytes | None = None
    local_size: int | None = None
    local_crc32: int | None = None
    local_method: int | None = None
    without_local: bool = False

    @property
    def raw(self) -> bytes:
        """The bytes that stand in the zip."""
        if not self.deflated:
            return self.data
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()


def _bytes(name: str | bytes) -> bytes:
    return name if isinstance(name, bytes) else name.encode()


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


def make(
    items: Sequence[Item],
    *,
    count: int | None = None,
    directory: int | None = None,
    length: int | None = None,
    comment: bytes = b"",
    comment_size: int | None = None,
    disk: int = 0,
    before: bytes = b"",
    between: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A zip of `items`; the other values go into its end, or lie around its parts."""
    out, central = io.BytesIO(), io.BytesIO()
    out.write(before)
    for item in items:
        offset, raw, name = out.tell(), item.raw, _bytes(item.name)
        method = _or(item.method, 8 if item.deflated else 0)
        crc, size = _or(item.crc32, zlib.crc32(item.data)), _or(item.size, len(item.data))
        packed = _or(item.packed, len(raw))
        if not item.without_local:
            local = _bytes(item.name if item.local_name is None else item.local_name)
            values = (_or(item.local_method, method), 0, 0x21, _or(item.local_crc32, crc), packed)
            head = (b"PK\x03\x04", 20, item.flags, *values, _or(item.local_size, size), len(local), 0)
            out.write(struct.pack("<4s5H3L2H", *head) + local)
            out.write(raw)
        entry = (b"PK\x01\x02", 20, item.system, 20, 0, item.flags, method, 0, 0x21, crc, packed, size)
        tail = (len(name), len(item.extra), 0, item.disk, 0, item.attributes, _or(item.offset, offset))
        central.write(struct.pack("<4s4B4HL2L5H2L", *entry, *tail) + name + item.extra)
    out.write(between)
    begin, entries = out.tell(), central.getvalue()
    out.write(entries)
    number = _or(count, len(items))
    end = (b"PK\x05\x06", disk, disk, number, number, _or(length, len(entries)), _or(directory, begin))
    out.write(struct.pack("<4s4H2LH", *end, _or(comment_size, len(comment))) + comment + after)
    return out.getvalue()


def a_label(name: str = "car", **more: Any) -> dict[str, Any]:
    """A label of task.json, with one attribute."""
    attribute = {"name": "a", "mutable": False, "input_type": "text", "default_value": "", "values": [""]}
    return {"name": name, "color": "#ff0000", "attributes": [attribute], "type": "any", "sublabels": [], **more}


def a_task(**more: Any) -> dict[str, Any]:
    """A task.json with two images and one job."""
    data = {"chunk_size": 72, "image_quality": 70, "start_frame": 0, "stop_frame": 1, "storage_method": "cache"}
    data |= {"storage": "local", "sorting_method": "lexicographical", "chunk_type": "imageset", "deleted_frames": []}
    task = {"name": "t", "bug_tracker": "", "status": "annotation", "subset": "", "labels": [a_label()]}
    jobs = [{"status": "annotation", "type": "annotation", "start_frame": 0, "stop_frame": 1}]
    return {**task, "version": "1.0", "data": data, "jobs": jobs, **more}


def with_data(**more: Any) -> dict[str, Any]:
    """A task.json with other data settings."""
    task = a_task()
    return {**task, "data": {**task["data"], **more}}


def a_project(**more: Any) -> dict[str, Any]:
    """A project.json."""
    base = {"name": "p", "bug_tracker": "", "status": "annotation", "labels": [a_label()], "version": "1.0"}
    return {**base, **more}


def a_shape(**more: Any) -> dict[str, Any]:
    """A rectangle of annotations.json."""
    place = {"type": "rectangle", "occluded": False, "outside": False, "z_order": 0, "rotation": 0.0}
    place |= {"points": [1.0, 2.0, 3.0, 4.0], "frame": 0, "group": 0, "source": "manual"}
    return {**place, "attributes": [{"name": "a", "value": "x"}], "elements": [], "score": 1.0, "label": "car", **more}


def a_job(*, tags: Sequence[Any] = (), shapes: Sequence[Any] = (), tracks: Sequence[Any] = ()) -> dict[str, Any]:
    """An element of annotations.json."""
    return {"version": 0, "tags": list(tags), "shapes": list(shapes), "tracks": list(tracks)}


def task_members(
    task: Any = None, annotations: Any = None, *, prefix: str = "", media: Sequence[str] = ("1.jpg", "2.jpg")
) -> dict[str, bytes]:
    """The members of a task's archive, as bytes by name. Bytes are taken as they are, values become JSON."""
    return {
        prefix + "task.json": _json(a_task() if task is None else task),
        prefix + "annotations.json": _json([a_job(shapes=[a_shape()])] if annotations is None else annotations),
        **{f"{prefix}data/{name}": b"\xff\xd8\xff" + name.encode() for name in media},
    }


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


def items(members: dict[str, bytes]) -> list[Item]:
    """Members as items of a zip."""
    return [Item(name, data) for name, data in members.items()]


def archive(members: dict[str, bytes] | None = None, *more: Item) -> bytes:
    """A zip of members (a good task's where none are given) and further items."""
    return make([*items(task_members() if members is None else members), *more])


def saved(folder: Path, data: bytes) -> Path:
    """The zip as a file in `folder`."""
    path = folder / "archive.zip"
    path.write_bytes(data)
    return path
