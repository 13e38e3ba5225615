"""Labels as rows of values, with attributes and sublabels: a page costs three statements, whatever its length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import QuerySet

from labelkeep.accounts.actor import ANY, Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import NotFound
from labelkeep.projects.models import Attribute, Job, Label, Project, Task
from labelkeep.projects.queries.projects import visible_projects
from labelkeep.projects.queries.rows import Row, batches
from labelkeep.projects.queries.subjects import home_of_label, subject_of
from labelkeep.projects.queries.tasks import visible_tasks

COLUMNS = ("id", "name", "color", "type", "svg", "project_id", "task_id", "parent_id")


def visible_labels(actor: Actor) -> QuerySet[Label]:
    """The labels of all projects and tasks that the actor may see; deleted ones are not shown."""
    labels = Label.objects.filter(deleted_at=None)
    if actor.is_admin and actor.organization is ANY:
        return labels
    projects, tasks = visible_projects(actor).values("pk"), visible_tasks(actor).values("pk")
    every = Label.objects.order_by().values("pk")  # a union, as in `visible`: OR would read all labels
    return labels.filter(pk__in=every.filter(project__in=projects).union(every.filter(task__in=tasks), all=True))


def labels_of(thing: Project | Task | Job) -> QuerySet[Label]:
    """The labels that objects of a project, task or job may have: those of the project where there is one."""
    task = thing.task if isinstance(thing, Job) else thing
    home = task.project or task if isinstance(task, Task) else task
    return Label.objects.filter(**{home_field(home): home}, deleted_at=None)


def home_field(home: Project | Task) -> str:
    """The field of a label that refers to `home`."""
    return "project" if isinstance(home, Project) else "task"


def get_label(actor: Actor, id: int, action: str = "label:view") -> Label:
    """The label, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id, or it was deleted.
        Forbidden: the actor may not.
    """
    labels = Label.objects.select_related("project", "task__project", "parent")
    label = labels.filter(pk=id, deleted_at=None).first()
    if label is None:
        raise NotFound("No Label matches the given query.")
    require(actor, action, subject_of(home_of_label(label)))
    return label


def label_rows(labels: QuerySet[Label]) -> list[Row]:
    """COLUMNS of each label, with `attributes` (rows) and `sublabels` (rows with `attributes`)."""
    rows: list[Row] = list(labels.values(*COLUMNS))
    points = _sublabels([row["id"] for row in rows])
    every = rows + [point for listed in points.values() for point in listed]
    attributes = _attributes({row["id"] for row in every})
    for row in every:
        row["attributes"] = attributes[row["id"]]
    for row in rows:
        row["sublabels"] = points[row["id"]]
    return rows


def _sublabels(ids: Collection[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for batch in batches(ids):
        for row in Label.objects.filter(parent_id__in=batch, deleted_at=None).order_by("id").values(*COLUMNS):
            found[row["parent_id"]].append(row)
    return found


def _attributes(ids: Collection[int]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for batch in batches(ids):
        columns = ("id", "label_id", "name", "mutable", "input_type", "default_value", "values")
        for row in Attribute.objects.filter(label_id__in=batch).order_by("id").values(*columns):
            found[row.pop("label_id")].append(row)
    return found
