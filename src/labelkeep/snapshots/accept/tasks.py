"""A task of an archive as a record of a manifest: what CVAT's members say, before the extra member adds to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from labelkeep.annotations.document import Builder, Written
from labelkeep.annotations.parts import Put
from labelkeep.archive.cvat import ArchiveData, ArchiveJob, ArchiveReviewIssue, ArchiveTask
from labelkeep.archive.reader import Archive, TaskMembers
from labelkeep.errors import BadInput
from labelkeep.media.compose import Composed
from labelkeep.projects.segments import cut
from labelkeep.snapshots.accept import labels
from labelkeep.snapshots.manifest import (
    FORMAT,
    CommentRecord,
    DataRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    TaskManifest,
)
from labelkeep.snapshots.records import moment
from labelkeep.snapshots.render.cvat import label_table

# CVAT's archives have no stage, and a status follows from stage and state: the least that gives the status.
_STAGES = {
    "annotation": ("annotation", "new"),
    "validation": ("validation", "new"),
    "completed": ("acceptance", "completed"),
}


class Ids:
    """Numbers for what has no id in an archive of CVAT: in the order of the archive, each once, so that a restore can
    say what became of everything."""

    def __init__(self) -> None:
        self.jobs, self.issues, self.comments = count(1), count(1), count(1)


def record(task: TaskMembers, position: int, uuid: str, composed: Composed, now: datetime, ids: Ids) -> TaskManifest:
    """The task without labels, guide and annotations."""
    archived = task.task
    size, overlap = _segmentation(archived, composed)
    return TaskManifest(
        format=FORMAT,
        id=position,
        uuid=uuid,
        name=archived.name,
        bug_tracker=archived.bug_tracker,
        subset=archived.subset,
        status=archived.status,
        created_date=moment(now),
        updated_date=moment(now),
        segment_size=size,
        overlap=overlap,
        consensus_replicas=archived.consensus_replicas,
        label_keys=LabelKeys(),
        data=_data(archived.data, composed, now),
        jobs=[_job(job, now, ids) for job in archived.jobs],
    )


def _segmentation(task: ArchiveTask, composed: Composed) -> tuple[int, int]:
    """Segment size and overlap, as the first two annotation jobs show them. One job shows none: what was not said is
    then what every task of its kind has.
    """
    if task.data.custom_segments:
        return 0, 0
    ranges = [(job.start_frame, job.stop_frame) for job in task.jobs if job.type == "annotation"]
    if not ranges:
        return 0, 0
    if len(ranges) == 1:
        usual = cut(composed.size, mode=composed.mode)
        return usual.segment_size, usual.overlap
    return ranges[0][1] - ranges[0][0] + 1, max(0, ranges[0][1] - ranges[1][0] + 1)


def _data(data: ArchiveData, composed: Composed, now: datetime) -> DataRecord:
    return DataRecord(
        mode=composed.mode,
        dimension=composed.dimension,
        media_type=composed.media_type,
        size=composed.size,
        chunk_size=data.chunk_size or composed.chunk_size,
        image_quality=data.image_quality,
        compressed_chunk_type=data.chunk_type,
        original_chunk_type=composed.original_chunk_type,
        start_frame=composed.start_frame,
        stop_frame=composed.stop_frame,
        frame_filter=composed.frame_filter,
        storage_method=data.storage_method,
        sorting_method=data.sorting_method,
        custom_segments=data.custom_segments,
        deleted_frames=data.deleted_frames,
        validation_layout=_validation(data),
        chunks_updated_date=moment(now),
        sources=composed.sources_document,
        frames=composed.frames_document,
    )


def _validation(data: ArchiveData) -> dict[str, Any] | None:
    layout = data.validation_layout
    if layout is None or layout.mode != "gt_pool":
        return None
    return {
        "mode": "gt_pool",
        "frames_per_job_count": layout.frames_per_job_count,
        "frames": layout.frames,
        "disabled_frames": [],
    }


def _job(job: ArchiveJob, now: datetime, ids: Ids) -> JobRecord:
    stage, state = _STAGES.get(job.status, _STAGES["annotation"])  # a wrong status is an error already
    return JobRecord(
        id=next(ids.jobs),
        uuid="",
        type=job.type,
        start_frame=job.start_frame,
        stop_frame=job.stop_frame,
        frames=job.frames,
        parent=job.parent,
        stage=stage,
        state=state,
        status=job.status,
        created_date=moment(now),
        updated_date=moment(now),
        issues=[_issue(issue, now, ids) for issue in job.issues if job.start_frame <= issue.frame <= job.stop_frame],
    )


def _issue(issue: ArchiveReviewIssue, now: datetime, ids: Ids) -> IssueRecord:
    """An issue of a review, as archives of 1.5 to 1.7 have them."""
    written = _date(issue.created_date, now)
    return IssueRecord(
        id=next(ids.issues),
        frame=issue.frame,
        position=issue.position,
        resolved=issue.resolved,
        created_date=written,
        updated_date=written,
        comments=[
            CommentRecord(
                id=next(ids.comments), message=text, created_date=_date(date, now), updated_date=_date(date, now)
            )
            for text, date in issue.comments
        ],
    )


def _date(text: str, now: datetime) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return moment(now)
    return moment(found) if found.tzinfo else moment(now)


def annotate(
    archive: Archive,
    task: TaskMembers,
    made: TaskManifest,
    known: list[LabelRecord],
    *,
    put: Put,
    spool_dir: Path,
    check: Callable[[int], None],
) -> None:
    """Read annotations.json into documents and name them in `made.jobs`; problems go into the archive's report.

    Jobs come one after the other, so one builder is open at a time, and a job whose lists come twice cannot be.
    """
    made.label_keys = labels.complete(made.label_keys, known)
    table = label_table(made, known)
    position, builder = -1, None
    try:
        for batch in archive.annotations(task, table):
            if batch.job != position:
                if builder is not None:
                    _name(made.jobs[position], builder.finish())
                position, builder = batch.job, _builder(made.jobs[batch.job], put, spool_dir)
            if builder is not None:
                builder.add(batch.kind, batch.objects)
            check(len(batch.objects))
        if builder is not None and not archive.report.has_errors:
            _name(made.jobs[position], builder.finish())
    except BadInput as error:
        archive.report.error("bad-annotation", str(error), task.annotations, f"/{position}")
    finally:
        if builder is not None:
            builder.close()


def _builder(job: JobRecord, put: Put, spool_dir: Path) -> Builder:
    frames = (job.start_frame, job.stop_frame)
    return Builder(put, frames=frames, spool_dir=spool_dir, next_number=job.next_number)


def _name(job: JobRecord, written: Written) -> None:
    """A job without objects has no document, as a new one has not."""
    job.next_number = written.index.next
    if written.index.parts:
        job.document = written.name
        job.counts = {key: dict(sorted(kinds.items())) for key, kinds in sorted(written.index.counts().items())}
        job.revision = job.revision or 1
