"""One frame before and after, with what is annotated on it: what went in red, what came in green, what changed in
yellow and blue, and all else in grey."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from django.conf import settings
from PIL import Image

from labelkeep.annotations import tracks
from labelkeep.annotations.changes import content
from labelkeep.annotations.document import iterate, read_index
from labelkeep.annotations.matching import matched
from labelkeep.annotations.model import KINDS, Object, Shape, Tag, Track
from labelkeep.errors import BadInput, NotFound
from labelkeep.media import pictures, vault
from labelkeep.media.cache import DiskCache
from labelkeep.media.frames import Frames
from labelkeep.snapshots.codec import Subject
from labelkeep.snapshots.diff import Comparison, TaskPair
from labelkeep.snapshots.diff_names import Names, labels_of, names_of, paths
from labelkeep.snapshots.drawing import Color, Mark, drawn, edges_of, on_frame, side_by_side
from labelkeep.snapshots.manifest import JobRecord, TaskManifest

SAME, GONE, NEW = (150, 150, 150), (255, 70, 70), (70, 230, 90)
WAS, IS = (255, 200, 40), (70, 170, 255)
_NO_FRAME = (640, 480)


@dataclass
class _Facts:
    """What frames.py asks of a task."""

    frames_document: str
    sources_document: str
    media_type: str
    image_quality: int
    chunk_size: int | None
    compressed_chunk_type: str
    original_chunk_type: str


def picture(comparison: Comparison, frame: int) -> bytes:
    """A PNG of one frame of the task that the comparison's options name, before and after.

    Raises:
        NotFound: there is no such task, or no such frame.
        BadInput: it is a point cloud.
    """
    pair = _pair(comparison)
    marks: tuple[list[Mark], list[Mark]] = ([], [])
    sides = (comparison.a, pair.before), (comparison.b, pair.after)
    pens = [_Words(subject, task) if task else None for subject, task in sides]
    for job, twin in pair.jobs:
        for before, after in _objects(comparison, job, twin, frame):
            _mark(marks[0], pens[0], before, frame, SAME if _same(before, after, frame) else WAS if after else GONE)
            _mark(marks[1], pens[1], after, frame, SAME if _same(before, after, frame) else IS if before else NEW)
    panels = [
        (drawn(_image(task, frame), marks[at]), f"{('before', 'after')[at]}: {pair.ref['name']}, frame {frame}")
        for at, (_, task) in enumerate(sides)
    ]
    return pictures.png(side_by_side(panels))


def _pair(comparison: Comparison) -> TaskPair:
    for pair in comparison.pairs(unchanged=True):
        return pair
    raise NotFound("There is no such task in the backup.")


def _image(task: TaskManifest | None, frame: int) -> Image.Image:
    if task is None or task.data is None:
        return Image.new("RGB", _NO_FRAME, (40, 40, 40))
    data = task.data
    if data.dimension == "3d":
        raise BadInput("Frames that are point clouds are not drawn.")
    facts = _Facts(
        data.frames,
        data.sources,
        data.media_type,
        data.image_quality,
        data.chunk_size,
        data.compressed_chunk_type,
        data.original_chunk_type,
    )
    return Frames(facts, vault.live(), DiskCache(Path(settings.DATA_DIR) / "cache")).picture(frame)


def _objects(
    comparison: Comparison, job: JobRecord | None, twin: JobRecord | None, frame: int
) -> Iterator[tuple[Object | None, Object | None]]:
    """What stands on the frame in a job, on both sides. Jobs that only judge others are not drawn."""
    if (job or twin).type != "annotation":  # type: ignore[union-attr]
        return
    for kind in KINDS:
        old, new = (_on(comparison, side, kind, frame) for side in (job, twin))
        if job and twin and job.uuid == twin.uuid and comparison.options.match != "overlap":
            theirs = {item.number: item for item in new}
            yield from ((item, theirs[item.number]) for item in old if item.number in theirs)
            known = {item.number for item in old}
            old = [item for item in old if item.number not in theirs]
            new = [item for item in new if item.number not in known]
        yield from matched(old, new)


def _on(comparison: Comparison, job: JobRecord | None, kind: str, frame: int) -> list[Object]:
    if job is None or not job.document:
        return []
    index = read_index(job.document, comparison.get)
    start = 0 if kind == "tracks" else frame
    found = [item for part in iterate(index, kind, comparison.get, start, frame + 1) for item in part]  # type: ignore[arg-type]
    return [item for item in found if not isinstance(item, Track) or tracks.is_seen(item, [frame])]


def _same(before: Object | None, after: Object | None, frame: int) -> bool:
    """Whether people see the same on this frame."""
    if before is None or after is None:
        return False
    return content(_there(before, frame)) == content(_there(after, frame))


def _there(item: Object, frame: int) -> Object:
    """A track as it stands on one frame."""
    if not isinstance(item, Track):
        return item
    shape = tracks.at(item, frame)
    parts = [part for element in item.elements if isinstance(part := _there(element, frame), Track)]
    return msgspec.structs.replace(item, frame=frame, shapes=[shape] if shape else [], elements=parts)


class _Words:
    """What one side calls things, and how the points of its skeletons are joined."""

    def __init__(self, subject: Subject, task: TaskManifest) -> None:
        self.names: Names = names_of(subject, task)
        self.svg = {path: label.svg for path, label, _ in paths(labels_of(subject, task)) if label.svg}

    def mark(self, item: Object, frame: int, color: Color) -> Mark:
        """How an object is drawn."""
        label = self.names.label(item)
        if isinstance(item, Tag):
            return Mark(None, color, label)
        points = {
            self.names.label(part).rpartition("/")[2]: shape
            for part in item.elements
            if (shape := on_frame(part, frame)) is not None
        }
        shape = None if isinstance(item, Shape) and item.type == "skeleton" else on_frame(item, frame)
        return Mark(shape, color, f"{label} {item.number}", points, edges_of(self.svg.get(label, "")))


def _mark(marks: list[Mark], words: _Words | None, item: Object | None, frame: int, color: Color) -> None:
    if item is not None and words is not None and item.label in words.names.shown:
        marks.append(words.mark(item, frame, color))
