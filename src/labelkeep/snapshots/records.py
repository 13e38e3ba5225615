"""Rows to the records of a manifest.   Pure: values in, values out.

Canonical (design §1): lists stand in a stated order, maps are sorted, times are UTC, people are usernames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from labelkeep.snapshots.manifest import (
    FORMAT,
    AssetRecord,
    AttributeRecord,
    CommentRecord,
    DataRecord,
    GuideRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    ProjectManifest,
    TaskManifest,
)
from labelkeep.snapshots.rows import Row, Rows


def moment(value: datetime | None) -> str:
    """A time as it stands in a manifest; "" where there is none."""
    return "" if value is None else value.astimezone(UTC).isoformat()


def of_project(rows: Rows, tasks: list[str], crcs: Mapping[str, int]) -> ProjectManifest:
    """The project itself; `tasks` are the names of its task manifests, `crcs` the CRC-32 of asset blobs."""
    return ProjectManifest(
        **_head(rows.subject),
        labels=_labels(rows, rows.project_labels),
        guide=_guide(rows, rows.project_guide, crcs),
        tasks=tasks,
    )


def of_task(rows: Rows, row: Row, crcs: Mapping[str, int], documents: Mapping[int, str]) -> TaskManifest:
    """One task. In a project's backup it has no labels of its own; alone it brings copies of its project's.

    `documents` has the annotation document of each job whose last small edits had to be folded for this backup.
    """
    labels = (
        rows.project_labels
        if rows.kind == "task" and row["project_id"] is not None
        else rows.task_labels.get(row["id"], [])
    )
    return TaskManifest(
        **_head(row),
        subset=row["subset"],
        segment_size=row["segment_size"],
        overlap=row["overlap"],
        consensus_replicas=row["consensus_replicas"],
        labels=_labels(rows, labels),
        label_keys=label_keys(row["label_keys"]),
        guide=_guide(rows, rows.task_guides.get(row["id"]), crcs),
        data=_data(row) if row["has_data"] else None,
        jobs=_jobs(rows, rows.jobs.get(row["id"], []), documents),
    )


def label_keys(stored: Mapping[str, Any]) -> LabelKeys:
    """The key map of a task row, sorted."""
    labels, attributes = stored.get("labels", {}), stored.get("attributes", {})
    return LabelKeys(
        labels={int(id): labels[id] for id in sorted(labels, key=int)},
        attributes={int(id): attributes[id] for id in sorted(attributes, key=int)},
        next=stored.get("next", 1),
    )


def _head(row: Row) -> dict[str, Any]:
    """What a project and a task have in common."""
    return {
        "format": FORMAT,
        "id": row["id"],
        "uuid": str(row["uuid"]),
        "name": row["name"],
        "owner": row["owner__username"] or "",
        "assignee": row["assignee__username"] or "",
        "assignee_updated_date": moment(row["assignee_updated_date"]),
        "organization": row["organization__slug"] or "",
        "bug_tracker": row["bug_tracker"],
        "status": row["status"],
        "status_kept": row["status_kept"],
        "source_storage": _in_order(row["source_storage"], _STORAGE),
        "target_storage": _in_order(row["target_storage"], _STORAGE),
        "created_date": moment(row["created_date"]),
        "updated_date": moment(row["updated_date"]),
    }


_STORAGE = ("location", "cloud_storage_id")
_LAYOUT = ("mode", "frames_per_job_count", "frames", "disabled_frames")


def _in_order(value: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, Any] | None:
    """The same with its keys in this order: PostgreSQL forgets theirs, and equal manifests have to be equal bytes."""
    if value is None:
        return None
    return {name: value[name] for name in (*names, *sorted(value.keys() - set(names))) if name in value}


def _labels(rows: Rows, labels: list[Row]) -> list[LabelRecord]:
    return [
        LabelRecord(
            id=row["id"],
            name=row["name"],
            color=row["color"],
            type=row["type"],
            svg=row["svg"],
            deleted_at=moment(row["deleted_at"]),
            attributes=[_attribute(item) for item in rows.attributes.get(row["id"], [])],
            sublabels=_labels(rows, rows.sublabels.get(row["id"], [])),
        )
        for row in labels
    ]


def _attribute(row: Row) -> AttributeRecord:
    names = ("id", "name", "mutable", "input_type", "default_value", "values")
    return AttributeRecord(**{name: row[name] for name in names})


def _data(row: Row) -> DataRecord:
    same = (
        "mode dimension media_type size chunk_size image_quality compressed_chunk_type original_chunk_type start_frame "
        "stop_frame frame_filter storage_method storage sorting_method custom_segments deleted_frames"
    )
    return DataRecord(
        **{name: row[name] for name in same.split()},
        validation_layout=_in_order(row["validation_layout"], _LAYOUT),
        chunks_updated_date=moment(row["chunks_updated_date"]),
        sources=row["sources_document"],
        frames=row["frames_document"],
    )


def archive_order(jobs: list[Row]) -> list[Row]:
    """Segment by segment, each annotation job followed by its replicas; the ground-truth job last."""
    return sorted(
        jobs,
        key=lambda job: (job["type"] == "ground_truth", job["parent_id"] or job["id"], job["id"]),
    )


def _jobs(rows: Rows, jobs: list[Row], documents: Mapping[int, str]) -> list[JobRecord]:
    ordered = archive_order(jobs)
    position = {row["id"]: index for index, row in enumerate(ordered)}
    return [_job(rows, row, position.get(row["parent_id"]), documents) for row in ordered]


def _job(rows: Rows, row: Row, parent: int | None, documents: Mapping[int, str]) -> JobRecord:
    same = ["id", "type", "start_frame", "stop_frame", "frames", "stage", "state", "status", "revision", "next_number"]
    return JobRecord(
        **{name: row[name] for name in same},
        uuid=str(row["uuid"]),
        parent=parent,
        assignee=row["assignee__username"] or "",
        assignee_updated_date=moment(row["assignee_updated_date"]),
        created_date=moment(row["created_date"]),
        updated_date=moment(row["updated_date"]),
        document=documents.get(row["id"], row["document"]),
        counts={key: dict(sorted(kinds.items())) for key, kinds in sorted(row["counts"].items())},
        issues=[_issue(rows, issue) for issue in rows.issues.get(row["id"], [])],
    )


def _issue(rows: Rows, row: Row) -> IssueRecord:
    return IssueRecord(
        id=row["id"],
        frame=row["frame"],
        position=[float(number) for number in row["position"]],
        owner=row["owner__username"] or "",
        assignee=row["assignee__username"] or "",
        resolved=row["resolved"],
        created_date=moment(row["created_date"]),
        updated_date=moment(row["updated_date"]),
        comments=[_comment(comment) for comment in rows.comments.get(row["id"], [])],
    )


def _comment(row: Row) -> CommentRecord:
    return CommentRecord(
        id=row["id"],
        owner=row["owner__username"] or "",
        message=row["message"],
        created_date=moment(row["created_date"]),
        updated_date=moment(row["updated_date"]),
    )


def _guide(rows: Rows, row: Row | None, crcs: Mapping[str, int]) -> GuideRecord | None:
    if row is None:
        return None
    return GuideRecord(
        markdown=row["markdown"],
        created_date=moment(row["created_date"]),
        updated_date=moment(row["updated_date"]),
        assets=[
            AssetRecord(
                uuid=str(asset["uuid"]),
                filename=asset["filename"],
                blob=asset["blob"],
                size=asset["size"],
                crc32=crcs.get(asset["blob"], 0),
                media_type=asset["media_type"],
                owner=asset["owner__username"] or "",
                created_date=moment(asset["created_date"]),
            )
            for asset in rows.assets.get(row["id"], [])
        ],
    )
