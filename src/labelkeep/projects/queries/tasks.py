"""Tasks as rows of values: a page costs three statements, whatever its length."""

from __future__ import annotations

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require, visible
from labelkeep.errors import NotFound
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.rows import Row, batches, known_projects, person
from labelkeep.projects.queries.subjects import subject_of

STAFF = ("owner", "assignee", "project__owner", "project__assignee")
COLUMNS = (
    "id",
    "name",
    "project_id",
    "mode",
    "media_type",
    "bug_tracker",
    "created_date",
    "updated_date",
    "assignee_updated_date",
    "overlap",
    "segment_size",
    "consensus_replicas",
    "status",
    "subset",
    "dimension",
    "organization_id",
    "source_storage",
    "target_storage",
    "data_started",
    "has_data",
    "chunk_size",
    "original_chunk_type",
    "compressed_chunk_type",
    "cloud_storage_id",
    "size",
    "image_quality",
    "guide__id",
    *person("owner"),
    *person("assignee"),
)


def visible_tasks(actor: Actor) -> QuerySet[Task]:
    """The tasks that the actor may see, in the organization that the request names."""
    return visible(actor, Task.objects.all(), organization="organization", staff=STAFF)


def validation_mode() -> Case:
    """`gt_pool` where the pool is part of the task, `gt` where there is a ground truth job, else NULL."""
    truth = Job.objects.filter(task=OuterRef("pk"), type=Job.Type.GROUND_TRUTH)
    return Case(
        When(validation_layout__mode="gt_pool", then=Value("gt_pool")),
        When(Exists(truth), then=Value("gt")),
        default=None,
    )


def media_kind(lookup: str) -> Case:
    """The kind of media as the wire has it, which counts videos among images (their `mode` tells them apart)."""
    return Case(When(**{lookup: "video"}, then=Value("image")), default=F(lookup))


def get_task(actor: Actor, id: int, action: str = "task:view") -> Task:
    """The task with its project, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    task = Task.objects.select_related("project", "owner", "assignee").filter(pk=id).first()
    if task is None:
        raise NotFound("No Task matches the given query.")
    require(actor, action, subject_of(task))
    return task


def task_rows(actor: Actor, tasks: QuerySet[Task]) -> list[Row]:
    """COLUMNS of each task, with `project_name` (None where the actor may not see the project), `validation_mode`, and
    the numbers of its jobs: `job_count`, `completed_jobs` and `validation_jobs`."""
    shown = tasks.annotate(shown_name=F("project__name"), shown_mode=validation_mode())
    rows: list[Row] = list(shown.values(*COLUMNS, "shown_name", "shown_mode"))
    by_id = {row["id"]: row for row in rows}
    known = known_projects(actor, {row["project_id"] for row in rows})
    for row in rows:
        name, row["validation_mode"] = row.pop("shown_name"), row.pop("shown_mode")
        row["project_name"] = name if row["project_id"] in known else None
        row.update(job_count=0, completed_jobs=0, validation_jobs=0)
    annotation = Q(type=Job.Type.ANNOTATION)
    for batch in batches(by_id):
        jobs = Job.objects.filter(task_id__in=batch).order_by().values("task_id")
        groups = jobs.annotate(
            job_count=Count("id"),
            completed_jobs=Count("id", filter=annotation & Q(stage="acceptance", state="completed")),
            validation_jobs=Count("id", filter=annotation & Q(stage="validation")),
        )
        for group in groups:
            by_id[group["task_id"]].update(group)
    return rows
