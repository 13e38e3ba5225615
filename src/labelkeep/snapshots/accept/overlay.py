"""What the extra member adds to CVAT's members: facts about the same thing, taken only where they fit.

The member comes from outside like everything else, so nothing in it is believed: a fact must be of the right form and
range, and must speak of what CVAT's members say. Where a CVAT member was edited by hand, the facts about what is in it
are left aside (the reader has named the member). A task whose facts do not fit is restored from CVAT's members alone,
with a warning. Media and annotations never come from here, only their numbering (invariant 13).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from labelkeep.archive.cvat import SORTINGS, STATUSES
from labelkeep.snapshots.accept.labels import flat
from labelkeep.snapshots.manifest import (
    FORMAT,
    DataRecord,
    IssueRecord,
    JobRecord,
    LabelKeys,
    LabelRecord,
    ProjectManifest,
    TaskManifest,
)

_MOST = 2**31 - 1
_NUMBERS = 2**28
_STAGES = ("annotation", "validation", "acceptance")
_STATES = ("new", "in progress", "completed", "rejected")
_CHUNKS = ("imageset", "video")
S = TypeVar("S", ProjectManifest, TaskManifest)


class Unfit(Exception):
    """Facts that do not fit. `place` is a JSON pointer into the record."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(message)
        self.place = place


def decode(value: dict[str, Any], kind: type[S]) -> S:
    """A record out of the extra member.

    Raises:
        Unfit: it is not one.
    """
    try:
        return msgspec.convert(value, kind, str_keys=True)
    except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as error:
        message, _, path = str(error).partition(" - at `$")
        raise Unfit(path.rstrip("`").replace("[", "/").replace("]", "").replace(".", "/"), message) from error


def head(record: S, facts: S) -> S:
    """The record with whose it was, where, and when: what a project and a task have in common."""
    return msgspec.structs.replace(
        record,
        id=_range("/id", facts.id, 0, 2**63 - 1),
        uuid=_uuid("/uuid", facts.uuid),
        owner=_name("/owner", facts.owner),
        assignee=_name("/assignee", facts.assignee),
        assignee_updated_date=_date("/assignee_updated_date", facts.assignee_updated_date, empty=True),
        organization=_name("/organization", facts.organization),
        status_kept=facts.status_kept,
        source_storage=_storage("/source_storage", facts.source_storage),
        target_storage=_storage("/target_storage", facts.target_storage),
        created_date=_date("/created_date", facts.created_date),
        updated_date=_date("/updated_date", facts.updated_date),
    )


def labels(found: list[LabelRecord], facts: list[LabelRecord]) -> list[LabelRecord]:
    """The labels of the facts, deleted ones among them, where the living ones are those of CVAT's member."""
    living = [label for label in facts if not label.deleted_at]
    if [_bare(label) for label in living] != [_bare(label) for label in found]:
        raise Unfit("/labels", "the labels are others")
    for label in flat(facts):
        _date(f"/labels/{label.id}/deleted_at", label.deleted_at, empty=True)
        if label.deleted_at:
            _bounded(label)
    _unique("/labels", [label.id for label in flat(facts)])
    _unique("/labels", [attribute.id for label in flat(facts) for attribute in label.attributes])
    return facts


def _bare(label: LabelRecord) -> Any:
    """A label without ids and tombstones. The same colour may be written in capitals."""
    attributes = [
        (item.name, item.mutable, item.input_type, item.default_value, item.values) for item in label.attributes
    ]
    sublabels = [_bare(item) for item in label.sublabels if not item.deleted_at]
    return (label.name, label.color.lower(), label.type, label.svg, attributes, sublabels)


def _bounded(label: LabelRecord) -> None:
    texts = [(label.name, 64), (label.color, 8), (label.type, 16)]
    for item in label.attributes:
        texts += [(item.name, 64), (item.input_type, 16), (item.default_value, 128)]
    if any(len(text) > limit for text, limit in texts):
        raise Unfit("/labels", f"the deleted label {label.name[:64]!r} has a text that is too long")


def keys(facts: LabelKeys, known: Iterable[LabelRecord]) -> LabelKeys:
    """The key map, without keys of labels that are gone for good."""
    listed = list(flat(known))
    ids = {label.id for label in listed}
    attribute_ids = {item.id for label in listed for item in label.attributes}
    every = [*facts.labels.values(), *facts.attributes.values()]
    if any(not 0 < key < facts.next for key in every) or not 0 < facts.next <= _MOST:
        raise Unfit("/label_keys", "a key is out of range")
    _unique("/label_keys", every)
    return LabelKeys(
        labels={id: key for id, key in facts.labels.items() if id in ids},
        attributes={id: key for id, key in facts.attributes.items() if id in attribute_ids},
        next=facts.next,
    )


def task(record: TaskManifest, facts: TaskManifest, *, own_range: bool) -> TaskManifest:
    """The record of a task with its facts; labels and their keys are not looked at here.

    `own_range`: task.json does not have the task's start, stop and step, because the archive lists its files otherwise.
    """
    if record.data is None or facts.data is None:
        raise Unfit("/data", "one of both has no data")
    return msgspec.structs.replace(
        head(record, facts),
        segment_size=_range("/segment_size", facts.segment_size, 0, _MOST),
        overlap=None if facts.overlap is None else _range("/overlap", facts.overlap, 0, _MOST),
        consensus_replicas=_range("/consensus_replicas", facts.consensus_replicas, 0, _MOST),
        data=_data(record.data, facts.data, own_range),
        jobs=_jobs(record.jobs, facts.jobs),
    )


def without_data(facts: TaskManifest) -> TaskManifest:
    """A task that has no place in CVAT's layout, from its facts alone."""
    for name, limit in (("name", 256), ("bug_tracker", 2000), ("subset", 64)):
        if len(getattr(facts, name)) > limit:
            raise Unfit(f"/{name}", "is too long")
    _one_of("/status", facts.status, STATUSES)
    made = TaskManifest(
        format=FORMAT,
        id=0,
        uuid="",
        name=facts.name,
        bug_tracker=facts.bug_tracker,
        subset=facts.subset,
        status=facts.status,
        created_date="",
        updated_date="",
        segment_size=_range("/segment_size", facts.segment_size, 0, _MOST),
        overlap=None if facts.overlap is None else _range("/overlap", facts.overlap, 0, _MOST),
        consensus_replicas=_range("/consensus_replicas", facts.consensus_replicas, 0, _MOST),
        label_keys=LabelKeys(),
    )
    return head(made, facts)


def _data(data: DataRecord, facts: DataRecord, own_range: bool) -> DataRecord:
    found = msgspec.structs.replace(
        data,
        compressed_chunk_type=_one_of("/data/compressed_chunk_type", facts.compressed_chunk_type, _CHUNKS),
        original_chunk_type=_one_of("/data/original_chunk_type", facts.original_chunk_type, _CHUNKS),
        storage_method=_one_of("/data/storage_method", facts.storage_method, ("cache", "file_system")),
        storage=_one_of("/data/storage", facts.storage, ("local", "share")),
        sorting_method=_one_of("/data/sorting_method", facts.sorting_method, SORTINGS),
        custom_segments=facts.custom_segments,
        chunks_updated_date=_date("/data/chunks_updated_date", facts.chunks_updated_date, empty=True),
        validation_layout=_layout(data, facts.validation_layout),
    )
    if not own_range:
        return found
    step = facts.frame_filter.removeprefix("step=") or "1"
    if not step.isdecimal() or not 0 < int(step[:10]) <= _MOST:
        raise Unfit("/data/frame_filter", "is not of the form step=N")
    if facts.start_frame + (data.size - 1) * int(step) != _range("/data/stop_frame", facts.stop_frame, 0, _MOST):
        raise Unfit("/data/stop_frame", f"start, stop and step do not make {data.size} frames")
    return msgspec.structs.replace(
        found,
        start_frame=_range("/data/start_frame", facts.start_frame, 0, _MOST),
        stop_frame=facts.stop_frame,
        frame_filter=facts.frame_filter,
    )


class _Layout(msgspec.Struct):
    mode: str
    frames_per_job_count: int | None = None
    frames: list[str] = []
    disabled_frames: list[int] = []


def _layout(data: DataRecord, facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """Which frames validation leaves out: CVAT's archives do not say it."""
    if facts is None:
        return data.validation_layout
    try:
        layout = msgspec.convert(facts, _Layout)
    except msgspec.ValidationError as error:
        raise Unfit("/data/validation_layout", str(error)) from error
    pool = data.validation_layout
    if (layout.mode == "gt_pool") != (pool is not None) or layout.mode not in ("gt", "gt_pool"):
        raise Unfit("/data/validation_layout/mode", "is another than CVAT's member says")
    for frame in layout.disabled_frames:
        _range("/data/validation_layout/disabled_frames", frame, 0, data.size - 1)
    base = pool or {"mode": "gt", "frames_per_job_count": None, "frames": []}
    return {**base, "disabled_frames": sorted(set(layout.disabled_frames))}


def _jobs(jobs: Sequence[JobRecord], facts: Sequence[JobRecord]) -> list[JobRecord]:
    if len(jobs) != len(facts):
        raise Unfit("/jobs", f"there are {len(facts)} jobs, task.json has {len(jobs)}")
    return [_job(job, fact, f"/jobs/{index}") for index, (job, fact) in enumerate(zip(jobs, facts, strict=True))]


def _job(job: JobRecord, facts: JobRecord, place: str) -> JobRecord:
    same = "type start_frame stop_frame frames status"
    for name in same.split():
        if getattr(job, name) != getattr(facts, name):
            raise Unfit(f"{place}/{name}", "is another than in task.json")
    return msgspec.structs.replace(
        job,
        id=_range(f"{place}/id", facts.id, 0, 2**63 - 1),
        uuid=_uuid(f"{place}/uuid", facts.uuid),
        stage=_one_of(f"{place}/stage", facts.stage, _STAGES),
        state=_one_of(f"{place}/state", facts.state, _STATES),
        assignee=_name(f"{place}/assignee", facts.assignee),
        assignee_updated_date=_date(f"{place}/assignee_updated_date", facts.assignee_updated_date, empty=True),
        created_date=_date(f"{place}/created_date", facts.created_date),
        updated_date=_date(f"{place}/updated_date", facts.updated_date),
        revision=_range(f"{place}/revision", facts.revision, 0, _MOST),
        next_number=_range(f"{place}/next_number", facts.next_number, 1, _NUMBERS),
        issues=[_issue(issue, job, f"{place}/issues/{index}") for index, issue in enumerate(facts.issues)],
    )


def _issue(issue: IssueRecord, job: JobRecord, place: str) -> IssueRecord:
    _range(f"{place}/frame", issue.frame, job.start_frame, job.stop_frame)
    _range(f"{place}/id", issue.id, 0, 2**63 - 1)
    if not all(map(math.isfinite, issue.position)):
        raise Unfit(f"{place}/position", "a number is not finite")
    for name in ("owner", "assignee"):
        _name(f"{place}/{name}", getattr(issue, name))
    dates = [issue.created_date, issue.updated_date]
    for comment in issue.comments:
        dates += [comment.created_date, comment.updated_date]
    for date in dates:
        _date(f"{place}/dates", date)
    for comment in issue.comments:
        _range(f"{place}/comments", comment.id, 0, 2**63 - 1)
        _name(f"{place}/comments", comment.owner)
        if "\x00" in comment.message:
            raise Unfit(f"{place}/comments", "a message holds a null character")
    return issue


def _range(place: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise Unfit(place, f"{value} is not between {least} and {most}")
    return value


def _one_of(place: str, value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise Unfit(place, f"{value[:64]!r} is none of {', '.join(choices)}")
    return value


def _name(place: str, value: str) -> str:
    if len(value) > 150 or "\x00" in value:
        raise Unfit(place, "is no name")
    return value


def _uuid(place: str, value: str) -> str:
    return _parsed(place, value, lambda text: str(UUID(text)))


def _date(place: str, value: str, *, empty: bool = False) -> str:
    if empty and not value:
        return value
    return _parsed(place, value, _aware)


def _aware(text: str) -> str:
    if datetime.fromisoformat(text).utcoffset() is None:
        raise ValueError("it has no zone")
    return text


def _parsed(place: str, value: str, parse: Callable[[str], str]) -> str:
    try:
        return parse(value)
    except ValueError as error:
        raise Unfit(place, str(error)) from error


def _storage(place: str, value: dict[str, Any] | None) -> dict[str, Any] | None:
    if value is None:
        return None
    if value.get("location") not in ("local", "cloud_storage") or not value.keys() <= {
        "location",
        "cloud_storage_id",
        "id",
    }:
        raise Unfit(place, "is no storage")
    return value


def _unique(place: str, numbers: list[int]) -> None:
    if len(set(numbers)) != len(numbers):
        raise Unfit(place, "a number is there twice")
