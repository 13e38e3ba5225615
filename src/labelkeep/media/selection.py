"""Which source frames a task shows, as arithmetic: start/stop/step, and jobs that name their files.   Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labelkeep.errors import BadInput


def order_of_jobs(jobs: Iterable[tuple[int, Sequence[str]]]) -> list[str]:
    """The frames' order that jobs with `files` state: `(start_frame, files)` of every job, replicas included.

    Raises:
        BadInput: two jobs disagree about a frame, or a frame belongs to no job.
    """
    order: dict[int, str] = {}
    for start, files in jobs:
        for number, path in enumerate(files, start):
            if order.setdefault(number, path) != path:
                raise BadInput(f"jobs disagree about frame {number}: {order[number]} and {path}")
    if any(number not in order for number in range(len(order))):
        raise BadInput("segment files do not match segment size")
    return [order[number] for number in range(len(order))]


def select(count: int, start: int, stop: int | None, step: int) -> tuple[int, int]:
    """How many of `count` source frames start/stop/step leave, and the normalised stop, `start + (size-1)*step`.

    Raises:
        BadInput: they leave none.
    """
    last = count - 1 if stop is None else min(stop, count - 1)
    if step < 1:
        raise BadInput({"frame_filter": ["Invalid frame filter expression"]})
    if stop is not None and stop < start:
        raise BadInput({"stop_frame": ["Stop frame must be more or equal start frame"]})
    if start > last:
        raise BadInput(f"No media data found: start frame {start} is beyond the last frame {count - 1}")
    size = (last - start) // step + 1
    return size, start + (size - 1) * step
