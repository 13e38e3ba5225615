"""What a task whose ground truth is a pool makes of a request (cvat-protocol §8.7, §8.8).

There are no tracks. Through the task, a frame of the pool is annotated together with the honeypots that show it; what
is drawn on honeypots goes its own way only through their jobs, or where no frame of the pool is annotated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

import msgspec

from labelkeep.annotations.model import Kind, Object, Tag
from labelkeep.annotations.spool import Incoming, Numbered, Spool
from labelkeep.errors import BadInput
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.validation import Pool, pool_of

Action = Literal["replace", "create", "update", "delete"]
Arriving = Iterable[tuple[Kind, list[Numbered]]]


def through_pool(place: Job | Task, action: Action, arriving: Arriving, spool: Spool) -> Arriving:
    """What arrives for a job or task, as its pool lets it through; everything where there is none.

    Raises:
        BadInput: while it is read: a track, or an edit of the pool through the task.
    """
    pool = pool_of(place.task if isinstance(place, Job) else place)
    if pool is None:
        return arriving
    if isinstance(place, Job):
        return _checked(pool, action, arriving, whole_task=False)
    checked = _checked(pool, action, arriving, whole_task=True)
    return _with_honeypots(pool, action, checked, spool) if action in ("replace", "create") else checked


def _checked(pool: Pool, action: Action, arriving: Arriving, *, whole_task: bool) -> Arriving:
    for kind, objects in arriving:
        frames = [item.frame for _, item in objects] if whole_task else []
        tracks = kind == "tracks" and bool(objects) and (whole_task or action != "delete")
        if why := pool.refuses(action, frames, tracks=tracks):
            raise BadInput(why)
        yield kind, objects


def _with_honeypots(pool: Pool, action: Action, arriving: Arriving, spool: Spool) -> Arriving:
    showing: dict[int, list[int]] = defaultdict(list)
    for frame, real in zip(pool.honeypots.frames, pool.honeypots.real, strict=True):
        showing[real].append(frame)
    honeypots, theirs = frozenset(pool.honeypots.frames), Incoming(spool)
    validated = action == "replace"
    for kind, objects in arriving:
        theirs.add(kind, [(id, item) for id, item in objects if item.frame in honeypots])
        yield kind, [(id, item) for id, item in objects if item.frame not in honeypots]
        for _, item in objects:
            validated = validated or pool.first <= item.frame <= pool.last
            if frames := showing.get(item.frame):
                yield kind, [(0, _on(frame, item)) for frame in frames]
    if not validated:
        yield from theirs


def _on(frame: int, item: Object) -> Object:
    """The same object on another frame."""
    if isinstance(item, Tag):
        return msgspec.structs.replace(item, frame=frame)
    elements = [msgspec.structs.replace(element, frame=frame) for element in item.elements]
    return msgspec.structs.replace(item, frame=frame, elements=elements)
