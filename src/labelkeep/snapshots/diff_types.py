"""What a comparison tells, as plain values."""

from __future__ import annotations

from typing import Any, TypedDict


class TaskRef(TypedDict):
    """A task, as the side where it stands knows it."""

    id: int
    uuid: str
    name: str


class FieldChange(TypedDict):
    """A field of the project, of a task, or of a task's job, that is not what it was."""

    task: TaskRef | None
    job: int | None
    field: str
    before: Any
    after: Any


class LabelChange(TypedDict):
    """A label that came, went or is another: what changed of it."""

    task: TaskRef | None
    label: str
    changes: list[str]
    renamed_to: str | None


class TaskChange(TypedDict):
    """A task that came or went, with what is in it; or one that changed, with how its frames did."""

    task: TaskRef
    change: str
    frames: dict[str, int]
    deleted_frames: list[int]
    restored_frames: list[int]
    jobs: dict[str, int]
    objects: dict[str, int]  # by change; of one that came or went, by kind
    fields: int


class Summary(TypedDict):
    """All that changed, but for single objects, which are counted: by kind and change, and by label and change."""

    fields: list[FieldChange]
    labels: list[LabelChange]
    tasks: list[TaskChange]
    objects: dict[str, dict[str, int]]
    objects_by_label: dict[str, dict[str, int]]
    count: int


class ObjectChange(TypedDict):
    """One object that is not what it was. `frames`: where something changed; of a track, its key frames there."""

    task: TaskRef
    job: int
    kind: str
    number: int
    frame: int
    frames: list[int]
    label: str
    changes: list[str]
    by: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
