"""How the frames of a task become jobs.   Pure; the rules are those of spec/cvat-protocol.md §8.3.

A task of N frames is cut into ranges of S frames, each beginning O frames before the end of the one before it, so that
an object that crosses a cut is drawn by both annotators. Where the uploader names the files of each job, those lists
are the jobs instead. Everything here is task-relative: frame 0 is the first frame of the task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labelkeep.errors import BadInput

MAX_JOBS = 5000
VIDEO_OVERLAP = 5


@dataclass(frozen=True, slots=True)
class Segment:
    """The frames of one job: `start` to `stop`, both included."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start + 1


@dataclass(frozen=True, slots=True)
class Cut:
    """The segments of a task, with the segment size and overlap that really came out and that the task reports."""

    segments: tuple[Segment, ...]
    segment_size: int
    overlap: int
    custom: bool = False


def cut(size: int, segment_size: int = 0, overlap: int | None = None, mode: str = "annotation") -> Cut:
    """Cut `size` frames into segments.

    `segment_size` 0, or one above the size, makes one segment. `overlap` None is 5 for video (`interpolation`) and 0
    otherwise; it is never more than half a segment. Every frame is in at least one segment.

    Raises:
        BadInput: there would be no frame, or more than MAX_JOBS segments.
    """
    if size < 1:
        raise BadInput("No media data found")
    length = segment_size if 0 < segment_size <= size else size
    wanted = overlap if overlap is not None else (VIDEO_OVERLAP if mode == "interpolation" else 0)
    shared = min(wanted, length // 2)
    starts = range(0, size - shared, length - shared)
    _limit(len(starts))
    segments = tuple(Segment(start, min(start + length, size) - 1) for start in starts)
    return Cut(segments, length, shared)


def cut_by_files(lists: Sequence[Sequence[str]], frames: int) -> Cut:
    """One segment a list of files (`job_file_mapping`); the task's frames stand in the order of the lists.

    Raises:
        BadInput: an empty list, a file named twice, a count that differs from the task's frames, too many lists.
    """
    _limit(len(lists))
    names = [name for files in lists for name in files]
    if not lists or not all(lists):
        raise BadInput({"job_file_mapping": ["Empty job file lists are not allowed"]})
    if len(names) != len(set(names)):
        raise BadInput({"job_file_mapping": ["The same file cannot be used multiple times in the job file mapping"]})
    if len(names) != frames:
        raise BadInput(f"The job file mapping names {len(names)} files, but the task has {frames} frames")
    segments, start = [], 0
    for files in lists:
        segments.append(Segment(start, start + len(files) - 1))
        start += len(files)
    return Cut(tuple(segments), 0, 0, custom=True)


def _limit(count: int) -> None:
    if count > MAX_JOBS:
        raise BadInput(
            f"Too many jobs would be created for the task: {count} is more than the maximum of {MAX_JOBS}. "
            "Please use a larger segment size."
        )
