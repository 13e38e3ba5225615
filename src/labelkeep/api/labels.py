"""/api/labels. There is no POST: labels are made through their project or task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, cast

from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.api.base import ListView, View
from labelkeep.api.schema import Method, Natural, Parameter
from labelkeep.api.shapes import Json
from labelkeep.errors import BadInput
from labelkeep.projects import svg
from labelkeep.projects.actions.delete_label import delete_label
from labelkeep.projects.actions.update_label import update_label
from labelkeep.projects.label_input import LabelInput
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.projects.queries.jobs import get_job
from labelkeep.projects.queries.labels import get_label, label_rows, labels_of, visible_labels
from labelkeep.projects.queries.projects import get_project
from labelkeep.projects.queries.tasks import get_task

PARENTS = ("job_id", "task_id", "project_id")


LabelType = Literal[
    "any", "cuboid", "ellipse", "mask", "points", "polygon", "polyline", "rectangle", "skeleton", "tag"
]  # fmt: skip


class Attribute(TypedDict):
    """What can be said of an object with a label."""

    id: int
    name: str
    mutable: bool
    input_type: Literal["checkbox", "radio", "number", "text", "select"]
    default_value: str
    values: list[str]


class Sublabel(TypedDict):
    """A point of a skeleton."""

    id: int
    name: str
    color: str
    attributes: list[Attribute]
    type: LabelType
    has_parent: bool


class LabelRead(Sublabel):
    """A label (cvat-protocol §8.6). It has the id of its project or that of its task."""

    sublabels: list[Sublabel]
    parent_id: int | None
    project_id: NotRequired[int]
    task_id: NotRequired[int]
    svg: NotRequired[str]


def label_json(row: Json) -> LabelRead:
    """A row of `label_rows` as Label. A sublabel shown on its own names its parent."""
    answer = cast(LabelRead, sublabel_json(row))
    answer["sublabels"] = [sublabel_json(point) for point in row["sublabels"]]
    answer["parent_id"] = row["parent_id"]
    if row["project_id"] is not None:
        answer["project_id"] = row["project_id"]
    else:
        answer["task_id"] = row["task_id"]
    if row["type"] == "skeleton":
        answer["svg"] = svg.with_ids(row["svg"], {point["name"]: point["id"] for point in row["sublabels"]})
    return answer


def sublabel_json(row: Json) -> Sublabel:
    """A row of `label_rows` as Sublabel: a label inside its skeleton."""
    return {
        "id": row["id"],
        "name": row["name"],
        "color": row["color"],
        "attributes": row["attributes"],
        "type": row["type"],
        "has_parent": row["parent_id"] is not None,
    }


def one(label: Label) -> LabelRead:
    """One label as Label."""
    return label_json(label_rows(Label.objects.filter(pk=label.pk))[0])


class Labels(ListView):
    """The labels of one project, task or job, or all that the actor may see; those of skeletons' points are inside."""

    fields = {
        "id": "id",
        "name": "name",
        "parent": "parent__name",
        "type": "type",
        "color": "color",
        "parent_id": "parent_id",
    }
    search = ("name", "parent")
    simple = ("name", "parent", "type", "color", "parent_id")
    order = "id"
    row = LabelRead
    methods = {
        "GET": Method(
            query={name: Parameter("Those of one; at most one of the three may be said.", Natural) for name in PARENTS}
        )
    }

    def queryset(self) -> QuerySet[Label]:
        """The labels that are asked for."""
        thing = parent_of(self.request.query_params, self.actor)
        labels = visible_labels(self.actor) if thing is None else labels_of(thing)
        query = self.request.query_params
        nested = query.get("parent") or query.get("parent_id") or "parent_id" in query.get("filter", "")
        return labels if nested else labels.filter(parent=None)

    def rows(self, queryset: QuerySet[Label]) -> list[LabelRead]:
        """One page."""
        return [label_json(row) for row in label_rows(queryset)]


def parent_of(query: Mapping[str, str], actor: Actor) -> Project | Task | Job | None:
    """The project, task or job that a query names, when the actor may see it.

    Raises:
        BadInput: more than one is named, or an id is no number.
        NotFound, Forbidden: there is none, or the actor may not see it.
    """
    named = [name for name in PARENTS if query.get(name)]
    if len(named) > 1:
        raise BadInput(f"{', '.join(PARENTS)} parameters are mutually exclusive")
    if not named:
        return None
    text = query[named[0]]
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadInput({named[0]: ["A valid integer is required."]})
    if named[0] == "job_id":
        return get_job(actor, int(text))
    return get_task(actor, int(text)) if named[0] == "task_id" else get_project(actor, int(text))


class OneLabel(View):
    """One label."""

    methods = {
        "GET": Method(gives=LabelRead),
        "PATCH": Method(takes=LabelInput, gives=LabelRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The label."""
        return Response(one(get_label(self.actor, pk)))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        label = get_label(self.actor, pk, "label:update")
        given = self.body(LabelInput)
        return Response(one(update_label(actor=self.actor, now=clock.now(), label=label, given=given)))

    def delete(self, request: Request, pk: int) -> Response:
        """Delete it with its sublabels."""
        label = get_label(self.actor, pk, "label:delete")
        delete_label(actor=self.actor, now=clock.now(), label=label)
        return Response(status=204)


urlpatterns: list[Any] = [
    path("api/labels", Labels.as_view()),
    path("api/labels/<int:pk>", OneLabel.as_view()),
]
