"""Annotated tasks without media, objects as the wire sends them, and what real servers reported, as values."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from labelkeep.accounts.models import User
from labelkeep.annotations.labels import AttributeDef, LabelDef, LabelTable
from labelkeep.annotations.model import Attr, Shape
from labelkeep.annotations.stream import batches
from labelkeep.annotations.wire import Ids
from labelkeep.projects.models import Attribute, Job, Label, Project, Task

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class Documents(dict[str, bytes]):
    """A store of documents in memory."""

    def put(self, data: bytes) -> str:
        name = "b3:" + hashlib.sha256(data).hexdigest()
        self[name] = data
        return name

    def get_document(self, name: str) -> bytes:
        return self[name]


def a_shape(
    number: int = 1, frame: int = 0, label: int = 1, points: Iterable[float] = (1, 2, 3, 4), **more: Any
) -> Shape:
    """A rectangle, as it stands in documents."""
    points = [float(value) for value in points]
    return Shape(**{"number": number, "frame": frame, "label": label, "type": "rectangle", "points": points, **more})


def many_shapes(count: int, frames: int = 100) -> list[Shape]:
    """Rectangles spread over frames."""
    return [
        a_shape(
            i + 1,
            i * 7919 % frames,
            1 + i % 3,
            [i % 1920, i % 1080 + 0.5, i % 1920 + 10.25, 99.125],
            attributes=[Attr(1, "x")],
        )
        for i in range(count)
    ]


def a_box(label_id: int, frame: int = 0, points: Sequence[float] = (1, 2, 30, 40), **more: Any) -> dict[str, Any]:
    """A rectangle, as the wire sends it."""
    return {"type": "rectangle", "label_id": label_id, "frame": frame, "points": list(points), **more}


def a_tag(label_id: int, frame: int = 0, **more: Any) -> dict[str, Any]:
    """A tag, as the wire sends it."""
    return {"label_id": label_id, "frame": frame, **more}


def a_track(label_id: int, *keys: tuple[int, Sequence[float], bool], **more: Any) -> dict[str, Any]:
    """A track of rectangles: (frame, points, outside) each."""
    shapes = [
        {"type": "rectangle", "frame": frame, "points": list(points), "outside": outside}
        for frame, points, outside in keys
    ]
    return {"label_id": label_id, "frame": keys[0][0], "shapes": shapes, **more}


def a_task_with_jobs(
    owner: User, *ranges: tuple[int, int], overlap: int = 0, project: Project | None = None, **fields: Any
) -> Task:
    """A task with data and annotation jobs on these frames, and the labels car and person (unless in a project)."""
    ranges = ranges or ((0, 9),)
    task = Task.objects.create(
        name="street",
        owner=owner,
        project=project,
        has_data=True,
        data_started=True,
        size=max(stop for _, stop in ranges) + 1,
        mode="annotation",
        overlap=overlap,
        created_date=NOW,
        updated_date=NOW,
        **fields,
    )
    for start, stop in ranges:
        Job.objects.create(task=task, start_frame=start, stop_frame=stop, created_date=NOW, updated_date=NOW)
    if project is None:
        a_label(task, "car", color=("red", False), speed=("0", True))
        a_label(task, "person")
    return task


def a_label(
    home: Task | Project, name: str, type: str = "any", parent: Label | None = None, **attributes: tuple[str, bool]
) -> Label:
    """A label; attributes as name=(default, mutable)."""
    place = {"project": home} if isinstance(home, Project) else {"task": home}
    label = Label.objects.create(**place, parent=parent, name=name, color="#102030", type=type)
    for attribute, (default, mutable) in attributes.items():
        Attribute.objects.create(
            label=label, name=attribute, mutable=mutable, input_type="text", default_value=default, values=[]
        )
    return label


def a_project_of(owner: User) -> Project:
    """An empty project."""
    return Project.objects.create(name="city", owner=owner, created_date=NOW, updated_date=NOW)


def sent(data: Mapping[str, Any]) -> list[tuple[Any, int, bytes]]:
    """A body, split as the API splits it."""
    read = io.BytesIO(json.dumps(data).encode()).read
    return [(batch.key, batch.first, batch.items) for batch in batches(read, jobs=False) if batch.key]


def received(pieces: Iterable[bytes]) -> dict[str, Any]:
    """What a view or a patch gave."""
    result: dict[str, Any] = json.loads(b"".join(pieces))
    return result


def bare(value: Any) -> Any:
    """Annotations without ids, in an order of their own, so that equal ones compare equal."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in ("id", "version", "score")}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted((bare(item) for item in value), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def reported_labels(labels: Sequence[Mapping[str, Any]]) -> Ids:
    """Labels as a server reported them; their ids are their keys too."""
    table = [definition for label in labels for definition in _definitions(label, None)]
    attributes = {item.key: item.key for label in table for item in label.attributes}
    return Ids(LabelTable(table), {label.key: label.key for label in table}, attributes)


def _definitions(label: Mapping[str, Any], parent: int | None) -> Iterable[LabelDef]:
    attributes = tuple(
        AttributeDef(item["id"], item["name"], item["mutable"], item["input_type"], item["default_value"])
        for item in label["attributes"]
    )
    yield LabelDef(label["id"], label["name"], label["type"], parent, attributes)
    for point in label.get("sublabels", ()):
        yield from _definitions(point, label["id"])
