"""Issues and comments as rows of values."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require, visible
from labelkeep.errors import NotFound
from labelkeep.projects.models import Comment, Issue
from labelkeep.projects.queries.rows import Row, batches, person
from labelkeep.projects.queries.subjects import subject_of_comment, subject_of_issue

_JOB_STAFF = ("assignee", "task__owner", "task__assignee", "task__project__owner", "task__project__assignee")
_ISSUE_STAFF = ("owner", "assignee", *(f"job__{lookup}" for lookup in _JOB_STAFF))
_COMMENT_STAFF = ("owner", *(f"issue__{lookup}" for lookup in _ISSUE_STAFF))
ISSUE_COLUMNS = (
    "id",
    "frame",
    "position",
    "job_id",
    "resolved",
    "created_date",
    "updated_date",
    *person("owner"),
    *person("assignee"),
)
COMMENT_COLUMNS = ("id", "issue_id", "message", "created_date", "updated_date", *person("owner"))


def visible_issues(actor: Actor) -> QuerySet[Issue]:
    """The issues that the actor may see, in the organization that the request names."""
    return visible(actor, Issue.objects.all(), organization="job__task__organization", staff=_ISSUE_STAFF)


def visible_comments(actor: Actor) -> QuerySet[Comment]:
    """The comments that the actor may see, in the organization that the request names."""
    return visible(actor, Comment.objects.all(), organization="issue__job__task__organization", staff=_COMMENT_STAFF)


def get_issue(actor: Actor, id: int, action: str = "issue:view") -> Issue:
    """The issue with its job, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    issue = Issue.objects.select_related("job__task__project", "owner", "assignee").filter(pk=id).first()
    if issue is None:
        raise NotFound("No Issue matches the given query.")
    require(actor, action, subject_of_issue(issue))
    return issue


def get_comment(actor: Actor, id: int, action: str = "comment:view") -> Comment:
    """The comment with its issue, when the actor may do `action` to it.

    Raises:
        NotFound: there is none with this id.
        Forbidden: the actor may not.
    """
    comment = Comment.objects.select_related("issue__job__task__project", "owner").filter(pk=id).first()
    if comment is None:
        raise NotFound("No Comment matches the given query.")
    require(actor, action, subject_of_comment(comment))
    return comment


def issue_rows(issues: QuerySet[Issue]) -> list[Row]:
    """ISSUE_COLUMNS of each issue, with `comment_count`."""
    rows: list[Row] = list(issues.values(*ISSUE_COLUMNS))
    by_id = {row["id"]: row for row in rows}
    for row in rows:
        row["comment_count"] = 0
    for batch in batches(by_id):
        comments = Comment.objects.filter(issue_id__in=batch).order_by()
        for issue_id, count in comments.values_list("issue_id").annotate(count=Count("id")):
            by_id[issue_id]["comment_count"] = count
    return rows


def comment_rows(comments: QuerySet[Comment]) -> list[Row]:
    """COMMENT_COLUMNS of each comment."""
    return list(comments.values(*COMMENT_COLUMNS))
