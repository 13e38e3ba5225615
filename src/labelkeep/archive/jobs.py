"""Fits the jobs of task.json to the number of frames that the task really has, and says which file shows which frame.

Archives know the size of a task only from its settings or its media, so this runs when the size is known: at once where
the settings say it, else when the media were looked at.
"""

from __future__ import annotations

from labelkeep.archive.cvat import ArchiveJob, ArchiveTask
from labelkeep.archive.reports import Report
from labelkeep.findings import Level

TASK = "task.json"


def settle(task: ArchiveTask, size: int, member: str, report: Report) -> None:
    """Make ranges, ground truth frames and deleted frames of `task` fit `size` frames. Done twice, nothing changes.

    Ranges that reach too far end at the last frame, with a warning. Frames of ground truth jobs may be numbers of the
    source (archives up to 2.43); they become numbers of the task.
    """
    for i, job in enumerate(task.jobs):
        place = f"/jobs/{i}"
        if job.start_frame > job.stop_frame:
            report.error("bad-range", f"ends ({job.stop_frame}) before it begins", member, f"{place}/stop_frame")
        elif job.start_frame >= size:
            message = f"begins at frame {job.start_frame}, but the task has {size} frames"
            report.error("bad-range", message, member, f"{place}/start_frame")
        elif job.stop_frame >= size:
            message = f"ends at frame {job.stop_frame}, but the task has {size} frames; it was cut to {size - 1}"
            report.add(Level.WARNING, "range-cut", message, member, f"{place}/stop_frame")
            job.stop_frame = size - 1
        _settle_frames(task, job, size, f"{place}/frames", member, report)
    gone = [frame for frame in task.data.deleted_frames if frame >= size]
    if gone:
        message = f"frame {gone[0]} is not in the task, which has {size}; {len(gone)} such numbers were left out"
        report.add(Level.WARNING, "deleted-frames", message, member, "/data/deleted_frames")
        task.data.deleted_frames = [frame for frame in task.data.deleted_frames if frame < size]


def _settle_frames(task: ArchiveTask, job: ArchiveJob, size: int, place: str, member: str, report: Report) -> None:
    if not job.frames or job.frames[-1] < size:
        return
    start, step = task.data.start_frame, task.data.step
    moved = [(frame - start) // step for frame in job.frames if frame >= start and (frame - start) % step == 0]
    if len(moved) != len(job.frames) or moved[-1] >= size:
        message = f"names frame {job.frames[-1]}, but the task has {size} frames"
        report.error("bad-frames", message, member, place)
        return
    message = "frame numbers were those of the source and became those of the task"
    report.add(Level.NOTE, "absolute-frames", message, member, place)
    job.frames = moved


def judge(task: ArchiveTask, member: str, report: Report) -> None:
    """What can be wrong with jobs whatever the size is: ground truth, file lists, honeypots."""
    truth = [i for i, job in enumerate(task.jobs) if job.type == "ground_truth"]
    if len(truth) > 1:
        report.error("two-ground-truths", "there is more than one ground truth job", member, f"/jobs/{truth[1]}/type")
    for i, job in enumerate(task.jobs):
        if job.files is not None and len(job.files) != job.stop_frame - job.start_frame + 1:
            message = f"has {len(job.files)} files for frames {job.start_frame} to {job.stop_frame}"
            report.error("segment-files", message, member, f"/jobs/{i}/files")
        if task.data.custom_segments and job.type == "annotation" and job.files is None:
            report.error("segment-files", "has no files, although the task has custom segments", member, f"/jobs/{i}")
    layout = task.data.validation_layout
    if layout is None or layout.mode != "gt_pool":
        return
    if not truth:
        report.error("no-ground-truth", "there are honeypots but no ground truth job", member, "/jobs")
    elif set(task.jobs[truth[0]].files or ()) != set(layout.frames):
        message = "the files of the ground truth job are not those of the validation layout"
        report.error("segment-files", message, member, f"/jobs/{truth[0]}/files")


def frame_files(task: ArchiveTask) -> list[str] | None:
    """The path of each frame where the jobs say it (custom segments and honeypots), in order; None where they do not.

    The jobs of such a task stand one after the other and together cover it.
    """
    if not task.data.custom_segments:
        return None
    names: dict[int, str] = {}
    for job in task.jobs:
        if job.type == "annotation" or (job.type == "ground_truth" and job.frames is None):
            for i, name in enumerate(job.files or ()):
                names.setdefault(job.start_frame + i, name)
    if sorted(names) != list(range(len(names))):
        return None
    return [names[i] for i in range(len(names))]
