"""Projects and tasks for tests, made through the real actions, the real store and real ingest.

project = a_project(alice, labels=["cat", a_skeleton("pose", "head", "tail")])
task = a_task(alice, project=project, frames=3)        # three drawn PNGs, one job
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from PIL import Image, ImageDraw

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization, User
from labelkeep.media import uploads
from labelkeep.media.ingest import DataParams
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued
from labelkeep.projects.actions.attach_data import attach_data
from labelkeep.projects.actions.create_project import create_project
from labelkeep.projects.actions.create_task import create_task
from labelkeep.projects.label_input import AttributeInput, LabelInput, SublabelInput
from labelkeep.projects.models import Job, Project, Task

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LabelLike = str | LabelInput


def a_project(
    owner: User,
    name: str = "zoo",
    *,
    labels: Sequence[LabelLike] = ("cat", "dog"),
    organization: Organization | None = None,
    now: datetime = NOW,
    **fields: Any,
) -> Project:
    """A project of `owner`; a text is a label of type `any`."""
    actor = Actor.of(owner, organization) if organization else Actor.of(owner)
    return create_project(actor=actor, now=now, name=name, labels=[label(it) for it in labels], **fields)


def a_task(
    owner: User,
    name: str = "pictures",
    *,
    project: Project | None = None,
    labels: Sequence[LabelLike] | None = None,
    frames: int = 3,
    files: Mapping[str, bytes] | None = None,
    params: Mapping[str, Any] | None = None,
    organization: Organization | None = None,
    now: datetime = NOW,
    **fields: Any,
) -> Task:
    """A task of `owner` with its data: `files`, or `frames` drawn pictures; with `frames=0` none.

    On its own it has `labels` ("cat" and "dog" if none are named); `params` are DataParams.
    """
    actor = Actor.of(owner, organization) if organization else Actor.of(owner)
    given = labels if labels is not None else (() if project else ("cat", "dog"))
    task = create_task(actor=actor, now=now, name=name, project=project, labels=[label(it) for it in given], **fields)
    files = pictures(frames) if files is None else files
    if files:
        operation = attach(actor, task, files, params=params, now=now)
        assert operation.status == Status.FINISHED, operation.message
    return Task.objects.get(pk=task.pk)


def attach(
    actor: Actor,
    task: Task,
    files: Mapping[str, bytes],
    *,
    params: Mapping[str, Any] | None = None,
    now: datetime = NOW,
) -> Operation:
    """Send `files` for the task and carry out the operation; how it ended is in the row."""
    ids = upload(actor, task, files, now)
    operation = attach_data(actor=actor, now=now, task=task, params=DataParams(**(params or {})), upload_ids=ids)
    run_queued()
    operation.refresh_from_db()
    return operation


def upload(actor: Actor, task: Task, files: Mapping[str, bytes], now: datetime = NOW) -> list[str]:
    """Send files for a task; returns the ids of the uploads."""
    with uploads.Incoming(actor, "task-data", now, task.pk) as incoming:
        for name, content in files.items():
            incoming.begin(name)
            incoming.receive(content)
            incoming.end()
        return [upload.pk for upload in incoming.keep()]


def jobs_of(task: Task) -> list[Job]:
    """The task's jobs in order of id."""
    return list(Job.objects.filter(task=task).order_by("id"))


def label(given: LabelLike) -> LabelInput:
    """A label; a text is one of type `any`."""
    return LabelInput(name=given) if isinstance(given, str) else given


def an_attribute(name: str, *values: str, mutable: bool = False, input_type: str = "select") -> AttributeInput:
    """An attribute whose default is the first of its values."""
    return AttributeInput(
        name=name,
        mutable=mutable,
        input_type=input_type,
        values=list(values),
        default_value=values[0] if values else "",
    )


def a_skeleton(name: str, *points: str) -> LabelInput:
    """A skeleton with these points in a row, joined by edges."""
    nodes = "".join(
        f'<circle r="1.5" cx="{10 + 10 * i}" cy="50" data-type="element node" data-element-id="{i + 1}" '
        f'data-node-id="{i + 1}" data-label-name="{point}"></circle>'
        for i, point in enumerate(points)
    )
    edges = "".join(
        f'<line x1="{10 * i}" y1="50" x2="{10 * i + 10}" y2="50" data-type="edge" data-node-from="{i}" '
        f'data-node-to="{i + 1}"></line>'
        for i in range(1, len(points))
    )
    sublabels = [SublabelInput(name=point, type="points") for point in points]
    return LabelInput(name=name, type="skeleton", sublabels=sublabels, svg=edges + nodes)


def pictures(count: int, *, size: tuple[int, int] = (64, 48), folder: str = "") -> dict[str, bytes]:
    """`count` PNG files, each with shapes at another place: no two are the same bytes."""
    return {f"{folder}frame_{number:04}.png": picture(number, size=size) for number in range(count)}


def picture(number: int = 0, *, size: tuple[int, int] = (64, 48), format: str = "PNG") -> bytes:
    """A small drawn picture; `number` moves what is in it."""
    image = Image.new("RGB", size, (number % 256, 120, 200 - number % 100))
    draw = ImageDraw.Draw(image)
    x = number * 7 % max(1, size[0] - 12)
    draw.rectangle((x, 8, x + 10, 24), fill=(250, 240, 20), outline=(0, 0, 0))
    draw.text((2, size[1] - 12), str(number), fill=(255, 255, 255))
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()
