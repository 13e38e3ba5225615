"""Which frames of a task measure quality: those of the ground truth job, and honeypots that show them again."""

from __future__ import annotations

from dataclasses import dataclass, field

from labelkeep.media import documents, vault
from labelkeep.projects.models import Job, Task


@dataclass(frozen=True)
class Honeypots:
    """Frames that show a frame of the pool: `frames`, and which one each shows: `real`. All task-relative."""

    frames: list[int] = field(default_factory=list)
    real: list[int] = field(default_factory=list)

    def within(self, start: int, stop: int) -> Honeypots:
        """Those from `start` to `stop`, both included."""
        pairs = [pair for pair in zip(self.frames, self.real, strict=True) if start <= pair[0] <= stop]
        return Honeypots([frame for frame, _ in pairs], [real for _, real in pairs])


@dataclass(frozen=True)
class Layout:
    """What the validation of a task is made of (spec/cvat-protocol.md §8.8). `mode` None: nothing is validated."""

    mode: str | None = None
    frames_per_job: int | None = None
    validation: list[int] = field(default_factory=list)
    disabled: list[int] = field(default_factory=list)
    honeypots: Honeypots = field(default_factory=Honeypots)


def layout_of(task: Task) -> Layout:
    """The validation layout of a task."""
    truth = Job.objects.filter(task=task, type=Job.Type.GROUND_TRUTH).first()
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
