"""A task and its jobs: what of an object lies in a job, and how the jobs look as the task (cvat-protocol §8.7).

In the frames that two jobs share, objects of the same label that cover each other are one object: shapes by
intersection over union from 0.75, tags always, tracks where they are alike on half of the frames. The earlier job's
object stands for both. A track that does not go on in the next job ends behind the shared frames.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import msgspec

from labelkeep.annotations import tracks
from labelkeep.annotations.assignment import pairs
from labelkeep.annotations.coverage import Coverage
from labelkeep.annotations.geometry import similarity
from labelkeep.annotations.model import Kind, Object, Shape, Track, TrackedShape

SHAPES_ALIKE = 0.75
TRACKS_ALIKE = 0.5


class Source(Protocol):
    """The annotations of one job."""

    def iterate(self, kind: Kind, start: int = 0, stop: int | None = None) -> Iterator[list[Object]]:
        """Objects on frames `start` up to but not including `stop`, by (frame, number)."""
        ...


@dataclass(frozen=True)
class JobView:
    """One job: its first and last frame, and its annotations."""

    start: int
    stop: int
    source: Source


Placed = tuple[int, Object]  # position of the job whose object it is, and the object


def cut(item: Object, start: int, stop: int, frames: Collection[int] | None = None) -> Object | None:
    """What of an object lies on frames `start` to `stop`; tracks get key frames on the borders.

    `frames`: the job has only these of them. A track that is seen on one of them keeps its other key frames: they say
    how it moves.
    """
    if isinstance(item, Track):
        part = tracks.piece(item, start, stop)
        return part if part is None or frames is None or tracks.is_seen(part, frames) else None
    return item if start <= item.frame <= stop and (frames is None or item.frame in frames) else None


def merged(jobs: Sequence[JobView], kind: Kind, *, overlap: int, spatial: bool = False) -> Iterator[list[Placed]]:
    """The task's objects of one kind. `jobs` are sorted by start; `overlap` is the task's; `spatial`: point clouds.

    Tags and shapes are held frame by frame, and only where jobs share frames; of tracks those of two jobs.
    """
    if kind == "tracks" and len(jobs) > 1:
        yield from _tracks(jobs, overlap, spatial)
        return
    for start, stop, present in Coverage([(job.start, job.stop) for job in jobs]):
        if len(present) == 1:
            position = present[0]
            for objects in jobs[position].source.iterate(kind, start, stop):
                yield [(position, item) for item in objects]
        else:
            yield from _shared(jobs, kind, present, start, stop, overlap, spatial)


def _shared(
    jobs: Sequence[JobView], kind: Kind, present: Sequence[int], start: int, stop: int, overlap: int, spatial: bool
) -> Iterator[list[Placed]]:
    """Frame by frame through frames that several jobs have."""
    flows = {position: _frames(jobs[position].source.iterate(kind, start, stop)) for position in present}
    heads = {position: next(flow, None) for position, flow in flows.items()}
    while any(heads.values()):
        frame = min(head[0] for head in heads.values() if head)
        result: list[Placed] = []
        for position in present:
            head = heads[position]
            if head is None or head[0] != frame:
                continue
            heads[position] = next(flows[position], None)
            new = head[1]
            if result and frame < jobs[position].start + overlap:
                taken = _alike(new, [item for _, item in result], spatial)
                new = [item for i, item in enumerate(new) if i not in taken]
            result += [(position, item) for item in new]
        yield result


def _frames(parts: Iterable[list[Object]]) -> Iterator[tuple[int, list[Object]]]:
    for frame, group in groupby((item for part in parts for item in part), key=lambda item: item.frame):
        yield frame, list(group)


def _alike(new: Sequence[Object], old: Sequence[Object], spatial: bool) -> dict[int, int]:
    """Positions in `new` of objects that are there already → their positions in `old`.

    Equal ones are paired first: the best pairing of all has them too, as a distance by overlap obeys the triangle
    inequality. What was saved through the task is equal in all its jobs, however crowded the frame.
    """
    same = _equal(new, old, spatial)
    taken = set(same.values())
    left = [j for j in range(len(old)) if j not in taken]
    similar = {
        (i, j): value
        for i, one in enumerate(new)
        if i not in same
        for j in left
        if (value := _likeness(one, old[j], spatial)) > 0
    }
    return same | pairs(similar, SHAPES_ALIKE)


def _equal(new: Sequence[Object], old: Sequence[Object], spatial: bool) -> dict[int, int]:
    waiting: dict[object, list[int]] = {}
    for j, item in enumerate(old):
        waiting.setdefault(_form(item), []).append(j)
    found: dict[int, int] = {}
    for i, item in enumerate(new):
        there = waiting.get(_form(item))
        if there and _likeness(item, old[there[0]], spatial) >= SHAPES_ALIKE:
            found[i] = there.pop(0)
    return found


def _form(item: Object) -> object:
    return (item.label, item.type, *item.points) if isinstance(item, Shape) else item.label


def _likeness(one: Object, other: Object, spatial: bool) -> float:
    if one.label != other.label:
        return 0.0
    if isinstance(one, Shape) and isinstance(other, Shape):
        return similarity(one, other, spatial=spatial)
    return 1.0


def _tracks(jobs: Sequence[JobView], overlap: int, spatial: bool) -> Iterator[list[Placed]]:
    """Job after job; what cannot change any more is delivered."""
    held: list[tuple[int, Track]] = []
    for position, job in enumerate(jobs):
        arriving = [item for part in job.source.iterate("tracks") for item in part if isinstance(item, Track)]
        open_tracks = [entry for entry in held if _goes_on(entry[1], job.start)]
        done: list[Placed] = [entry for entry in held if not _goes_on(entry[1], job.start)]
        if done:
            yield done
        held = _joined(open_tracks, arriving, position, job.start, overlap, spatial) if position else []
        if not position:
            held = [(position, track) for track in arriving]
    if held:
        yield list(held)


def _goes_on(track: Track, start: int) -> bool:
    last = _last(track)
    return last is not None and (last.frame >= start or not last.outside)


def _last(track: Track) -> TrackedShape | None:
    return track.shapes[-1] if track.shapes else None


def _joined(
    old: list[tuple[int, Track]], new: list[Track], position: int, start: int, overlap: int, spatial: bool
) -> list[tuple[int, Track]]:
    end = start + overlap
    candidates = [i for i, track in enumerate(new) if track.frame < end]
    similar = {}
    for i in candidates:
        for j, (_, track) in enumerate(old):
            value = _track_similarity(new[i], track, start, end, spatial)
            if value > 0:
                similar[i, j] = value
    same = pairs(similar, TRACKS_ALIKE)
    partner = {j: i for i, j in same.items()}
    result = []
    for j, (owner, track) in enumerate(old):
        result.append((owner, _united(track, new[partner[j]]) if j in partner else _closed(track, end)))
    return result + [(position, track) for i, track in enumerate(new) if i not in same]


def _closed(track: Track, end: int) -> Track:
    """A track that ends before frame `end` at the latest; a skeleton's elements do so too."""
    last = _last(track)
    shapes = track.shapes
    if last is not None and not last.outside:
        shapes = [*shapes, msgspec.structs.replace(last, frame=end, outside=True)]
    return msgspec.structs.replace(track, shapes=shapes, elements=[_closed(item, end) for item in track.elements])


def _united(old: Track, new: Track) -> Track:
    """One track; where both have a key frame, the old one's stands."""
    shapes = {shape.frame: shape for shape in [*new.shapes, *old.shapes]}
    parts = {element.label: element for element in new.elements}
    elements = [_united(item, parts.pop(item.label)) if item.label in parts else item for item in old.elements]
    return msgspec.structs.replace(
        old,
        frame=min(old.frame, new.frame),
        shapes=[shapes[frame] for frame in sorted(shapes)],
        elements=[*elements, *parts.values()],
    )


def _track_similarity(one: Track, other: Track, start: int, end: int, spatial: bool) -> float:
    if one.label != other.label:
        return 0.0
    count, error = 0, 0.0
    for frame in range(start, end):
        a, b = _visible(one, frame), _visible(other, frame)
        if a is None and b is None:
            continue
        count += 1
        if a is None or b is None or a.outside != b.outside:
            error += 1
        else:
            error += 1 - similarity(a, b, spatial=spatial)
    return 1 - error / count if count else 0.0


def _visible(track: Track, frame: int) -> TrackedShape | None:
    """The shape on a frame; behind an outside shape there is none."""
    shape = tracks.at(track, frame)
    if shape is not None and shape.outside and all(key.frame != frame for key in track.shapes):
        return None
    return shape
