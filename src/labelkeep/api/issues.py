"""/api/issues and /api/comments."""

from __future__ import annotations

from typing import Any, TypedDict

import msgspec
from django.db.models import QuerySet
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.api.base import BasicUser, ListView, View, base, iso, user_in
from labelkeep.api.schema import Address, Method, Moment
from labelkeep.api.shapes import UNSET, Json, Unset
from labelkeep.projects.actions.create_comment import create_comment
from labelkeep.projects.actions.create_issue import create_issue
from labelkeep.projects.actions.delete_comment import delete_comment
from labelkeep.projects.actions.delete_issue import delete_issue
from labelkeep.projects.actions.update_comment import update_comment
from labelkeep.projects.actions.update_issue import update_issue
from labelkeep.projects.models import Comment, Issue
from labelkeep.projects.queries.issues import (
    comment_rows,
    get_comment,
    get_issue,
    issue_rows,
    visible_comments,
    visible_issues,
)
from labelkeep.projects.queries.jobs import get_job


class IssueBody(msgspec.Struct, kw_only=True):
    """What makes an issue."""

    frame: int
    position: list[float]
    job: int
    message: str
    assignee: int | None = None
    resolved: bool = False


class IssuePatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    position: list[float] | Unset = UNSET
    assignee: int | Unset | None = UNSET
    resolved: bool | Unset = UNSET


class CommentBody(msgspec.Struct, kw_only=True):
    """What makes a comment."""

    issue: int
    message: str


class CommentPatch(msgspec.Struct, kw_only=True):
    """What may be changed."""

    message: str | Unset = UNSET


class CommentsSummary(TypedDict):
    """How many comments, and where they are listed."""

    count: int
    url: Address


class IssueRead(TypedDict):
    """An issue (cvat-protocol §8.9)."""

    id: int
    frame: int
    position: list[float]
    job: int
    owner: BasicUser | None
    assignee: BasicUser | None
    created_date: Moment
    updated_date: Moment
    resolved: bool
    comments: CommentsSummary


class CommentRead(TypedDict):
    """A comment on an issue."""

    id: int
    issue: int
    owner: BasicUser | None
    message: str
    created_date: Moment
    updated_date: Moment


def issue_json(row: Json, address: str) -> IssueRead:
    """A row of `issue_rows` as IssueRead."""
    return {
        "id": row["id"],
        "frame": row["frame"],
        "position": row["position"],
        "job": row["job_id"],
        "owner": user_in(row, "owner", address),
        "assignee": user_in(row, "assignee", address),
        "created_date": iso(row["created_date"]),
        "updated_date": iso(row["updated_date"]),
        "resolved": row["resolved"],
        "comments": {"count": row["comment_count"], "url": f"{address}/api/comments?issue_id={row['id']}"},
    }


def comment_json(row: Json, address: str) -> CommentRead:
    """A row of `comment_rows` as CommentRead."""
    return {
        "id": row["id"],
        "issue": row["issue_id"],
        "owner": user_in(row, "owner", address),
        "message": row["message"],
        "created_date": iso(row["created_date"]),
        "updated_date": iso(row["updated_date"]),
    }


class Issues(ListView):
    """The list, and a new one."""

    fields = {
        "id": "id",
        "owner": "owner__username",
        "assignee": "assignee__username",
        "job_id": "job_id",
        "task_id": "job__task_id",
        "resolved": "resolved",
        "frame_id": "frame",
        "updated_date": "updated_date",
    }
    search = ("owner", "assignee")
    simple = ("owner", "assignee", "job_id", "task_id", "resolved", "frame_id")
    row = IssueRead
    methods = {"POST": Method(takes=IssueBody, gives=IssueRead, status=201)}

    def queryset(self) -> QuerySet[Issue]:
        """What the actor may see."""
        return visible_issues(self.actor)

    def rows(self, queryset: QuerySet[Issue]) -> list[IssueRead]:
        """One page."""
        address = base(self.request)
        return [issue_json(row, address) for row in issue_rows(queryset)]

    def post(self, request: Request) -> Response:
        """Make an issue with its first comment."""
        body = self.body(IssueBody)
        issue = create_issue(
            actor=self.actor,
            now=clock.now(),
            job=get_job(self.actor, body.job, "issue:create"),
            frame=body.frame,
            position=body.position,
            message=body.message,
            assignee_id=body.assignee,
            resolved=body.resolved,
        )
        return Response(_issue(issue, request), status=201)


class OneIssue(View):
    """One issue."""

    methods = {
        "GET": Method(gives=IssueRead),
        "PATCH": Method(takes=IssuePatch, gives=IssueRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The issue."""
        return Response(_issue(get_issue(self.actor, pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Change it."""
        issue = get_issue(self.actor, pk, "issue:update")
        body = self.body(IssuePatch)
        update_issue(
            actor=self.actor,
            now=clock.now(),
            issue=issue,
            position=body.position,
            assignee_id=body.assignee,
            resolved=body.resolved,
        )
        return Response(_issue(issue, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it with its comments."""
        delete_issue(actor=self.actor, issue=get_issue(self.actor, pk, "issue:delete"))
        return Response(status=204)


class Comments(ListView):
    """The list, and a new one."""

    fields = {
        "id": "id",
        "owner": "owner__username",
        "issue_id": "issue_id",
        "frame_id": "issue__frame",
        "job_id": "issue__job_id",
    }
    search = ("owner",)
    simple = ("owner", "issue_id", "frame_id", "job_id")
    row = CommentRead
    methods = {"POST": Method(takes=CommentBody, gives=CommentRead, status=201)}

    def queryset(self) -> QuerySet[Comment]:
        """What the actor may see."""
        return visible_comments(self.actor)

    def rows(self, queryset: QuerySet[Comment]) -> list[CommentRead]:
        """One page."""
        address = base(self.request)
        return [comment_json(row, address) for row in comment_rows(queryset)]

    def post(self, request: Request) -> Response:
        """Say something."""
        body = self.body(CommentBody)
        issue = get_issue(self.actor, body.issue, "comment:create")
        comment = create_comment(actor=self.actor, now=clock.now(), issue=issue, message=body.message)
        return Response(_comment(comment, request), status=201)


class OneComment(View):
    """One comment."""

    methods = {
        "GET": Method(gives=CommentRead),
        "PATCH": Method(takes=CommentPatch, gives=CommentRead),
        "DELETE": Method(status=204),
    }

    def get(self, request: Request, pk: int) -> Response:
        """The comment."""
        return Response(_comment(get_comment(self.actor, pk), request))

    def patch(self, request: Request, pk: int) -> Response:
        """Reword it."""
        comment = get_comment(self.actor, pk, "comment:update")
        body = self.body(CommentPatch)
        update_comment(actor=self.actor, now=clock.now(), comment=comment, message=body.message)
        return Response(_comment(comment, request))

    def delete(self, request: Request, pk: int) -> Response:
        """Remove it."""
        delete_comment(actor=self.actor, comment=get_comment(self.actor, pk, "comment:delete"))
        return Response(status=204)


def _issue(issue: Issue, request: Request) -> IssueRead:
    return issue_json(issue_rows(Issue.objects.filter(pk=issue.pk))[0], base(request))


def _comment(comment: Comment, request: Request) -> CommentRead:
    return comment_json(comment_rows(Comment.objects.filter(pk=comment.pk))[0], base(request))


urlpatterns: list[Any] = [
    path("api/issues", Issues.as_view()),
    path("api/issues/<int:pk>", OneIssue.as_view()),
    path("api/comments", Comments.as_view()),
    path("api/comments/<int:pk>", OneComment.as_view()),
]
