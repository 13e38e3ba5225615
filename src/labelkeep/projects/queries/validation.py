"""Which frames of a task measure quality: those of the ground truth job, and honeypots that show them again."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from labelkeep.media import documents, vault
from labelkeep.projects.models import Job, Task

NO_TRACKS = "Tracks are not supported when task validation mode is gt_pool"  # whichever way they come
NO_EDITS = "Annotations on validation frames can only be edited via task import or the GT job"


@dataclass(frozen=True)
class Honeypots:
    """Frames that show a frame of the pool: `frames`, ascending, and which each shows: `real`. All task-relative."""

    frames: list[int] = field(default_factory=list)
    real: list[int] = field(default_factory=list)

    def within(self, start: int, stop: int) -> Honeypots:
        """Those from `start` to `stop`, both included."""
        inside = slice(bisect_left(self.frames, start), bisect_right(self.frames, stop))
        return Honeypots(self.frames[inside], self.real[inside])

    def showing(self, *reals: int) -> list[int]:
        """The honeypots that show one of these frames of the pool."""
        wanted = set(reals)
        return [frame for frame, real in zip(self.frames, self.real, strict=True) if real in wanted]


@dataclass(frozen=True)
class Pool:
    """What annotations must keep to where the ground truth is a pool: its frames, and the honeypots that show them.

    `first` to `last`, both included, are the pool. Saved there through the task, annotations are also those of the
    honeypots that show the frame; a job's own annotations of a honeypot are what validation compares with them.
    """

    first: int
    last: int
    honeypots: Honeypots

    def refuses(
        self, action: Literal["replace", "create", "update", "delete"], frames: Collection[int], *, tracks: bool
    ) -> str:
        """Why annotations on these frames cannot be saved through the task, or "". `tracks`: some are tracks."""
        if tracks:
            return NO_TRACKS
        validated = any(self.first <= frame <= self.last for frame in frames)
        return NO_EDITS if validated and action in ("update", "delete") else ""


@dataclass(frozen=True)
class Layout:
    """What the validation of a task is made of (spec/cvat-protocol.md §8.8). `mode` None: nothing is validated."""

    mode: str | None = None
    frames_per_job: int | None = None
    validation: list[int] = field(default_factory=list)
    disabled: list[int] = field(default_factory=list)
    honeypots: Honeypots = field(default_factory=Honeypots)

    @property
    def active(self) -> list[int]:
        """The validation frames that are not left out."""
        disabled = set(self.disabled)
        return [frame for frame in self.validation if frame not in disabled]


def layout_of(task: Task) -> Layout:
    """The validation layout of a task."""
    truth = truth_of(task)
    if truth is None:
        return Layout()
    stored = task.validation_layout or {}
    pool = stored.get("mode") == "gt_pool"
    return Layout(
        mode="gt_pool" if pool else "gt",
        frames_per_job=stored.get("frames_per_job_count"),
        validation=truth.frames or list(range(truth.start_frame, truth.stop_frame + 1)),
        disabled=stored.get("disabled_frames", []),
        honeypots=honeypots_of(task, truth) if pool else Honeypots(),
    )


def pool_of(task: Task) -> Pool | None:
    """The pool of a task with honeypots; None where there are none."""
    truth = truth_of(task) if (task.validation_layout or {}).get("mode") == "gt_pool" else None
    if truth is None:
        return None
    return Pool(truth.start_frame, truth.stop_frame, honeypots_of(task, truth))


def truth_of(task: Task) -> Job | None:
    """The ground truth job of a task; it has at most one."""
    return Job.objects.filter(task=task, type=Job.Type.GROUND_TRUTH).first()


def honeypots_of(task: Task, truth: Job) -> Honeypots:
    """Frames before the pool whose file is one of the pool's. The frames document is read page by page."""
    get = vault.live().get_document
    index = documents.read_index(task.frames_document, get)
    first, last = truth.start_frame, truth.stop_frame + 1
    pool = {frame.path: first + n for n, frame in enumerate(documents.read_frames(index, get, first, last))}
    frames: list[int] = []
    real: list[int] = []
    for number, frame in enumerate(documents.read_frames(index, get, 0, first)):
        if frame.path in pool:
            frames.append(number)
            real.append(pool[frame.path])
    return Honeypots(frames, real)
