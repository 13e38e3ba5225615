"""Jobs as rows of values: a page costs four statements, whatever its length."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require, visible
from labelkeep.errors import NotFound
from labelkeep.projects.models import Issue, Job
from labelkeep.projects.queries.rows import Row, batches, known_projects, person
from labelkeep.projects.queries.subjects import subject_of

STAFF = ("assignee", "task__owner", "task__assignee", "task__project__owner", "task__project__assignee")
COLUMNS = (
    "id",
    "task_id",
    "type",
    "parent_id",
    "start_frame",
    "stop_frame",
    "frames",
    "stage",
    "state",
    "status",
    "created_date",
    "updated_date",
    "assignee_updated_date",
    "task__name",
    "task__project_id",
    "task__project__name",
    "task__project__bug_tracker",
    "task__project__guide__id",
    "task__guide__id",
    "task__bug_tracker",
    "task__dimension",
    "task__mode",
    "task__media_type",
    "task__chunk_size",
    "task__compressed_chunk_type",
    "task__original_chunk_type",
    "task__organization_id",
    "task__source_storage",
    "task__target_storage",
    *person("assignee"),
)


def visible_jobs(actor: Actor) -> QuerySet[Job]:
    """The jobs that the actor may see, in the organization that the request names."""
    return visible(actor, Job.objects.all(), organization="task__organization", staff=STAFF)


def get_job(actor: Actor, id: int, action: str = "job:view") -> Job:
    """The job with its task and project, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    job = Job.objects.select_related("task__project", "assignee").filter(pk=id).first()
    if job is None:
        raise NotFound("No Job matches the given query.")
    require(actor, action, subject_of(job))
    return job


def job_rows(actor: Actor, jobs: QuerySet[Job]) -> list[Row]:
    """COLUMNS of each job, with `issue_count`, `replicas_count` and `project_name` (None where the actor may not see
    the project)."""
    rows: list[Row] = list(jobs.values(*COLUMNS))
    by_id = {row["id"]: row for row in rows}
    known = known_projects(actor, {row["task__project_id"] for row in rows})
    for row in rows:
        row.update(issue_count=0, replicas_count=0)
        row["project_name"] = row["task__project__name"] if row["task__project_id"] in known else None
    for batch in batches(by_id):
        issues = Issue.objects.filter(job_id__in=batch).order_by()
        for job_id, count in issues.values_list("job_id").annotate(count=Count("id")):
            by_id[job_id]["issue_count"] = count
        replicas = Job.objects.filter(parent_id__in=batch).order_by()
        for job_id, count in replicas.values_list("parent_id").annotate(count=Count("id")):
            by_id[job_id]["replicas_count"] = count
    return rows
