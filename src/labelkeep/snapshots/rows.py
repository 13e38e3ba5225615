"""One moment of a project or task, read as plain values.

Everything is read in one transaction of the `capture` connection (invariant 2), one query a table, never one a row, and
nothing else happens inside: documents are looked at afterwards, because no transaction spans file I/O.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.db import models, transaction
from django.db.models import Q

from labelkeep.errors import NotFound
from labelkeep.projects.models import (
    AnnotationDelta,
    Asset,
    Attribute,
    Comment,
    Guide,
    Issue,
    Job,
    Label,
    Project,
    Task,
)

ALIAS = "capture"
Kind = Literal["project", "task"]
_ASSETS = ("created_date", "filename", "blob", "uuid")  # their order: what a copy has too, before what it has not
Row = dict[str, Any]
Children = dict[int, list[Row]]  # rows by the id of what they belong to


@dataclass
class Rows:
    """The subject and all that hangs on it. A task's labels may be its project's."""

    kind: Kind
    subject: Row
    tasks: list[Row]
    project_labels: list[Row]
    task_labels: Children
    sublabels: Children
    attributes: Children
    jobs: Children
    deltas: Children
    issues: Children
    comments: Children
    project_guide: Row | None
    task_guides: dict[int, Row]
    assets: Children


def read(kind: Kind, id: int, using: str = ALIAS) -> Rows:
    """All rows of a project or task, at one moment. `using`: the connection whose transaction is to see them.

    Raises:
        NotFound: it is not there (any more).
    """
    with transaction.atomic(using=using):
        return _Reader(using).read(kind, id)


class _Reader:
    def __init__(self, using: str) -> None:
        self._using = using

    def read(self, kind: Kind, id: int) -> Rows:
        subject = self._one(Project if kind == "project" else Task, id)
        tasks = self._values(Task, Q(project_id=id)) if kind == "project" else [subject]
        jobs = self._values(Job, _within("task", kind, subject))
        edited = [job["id"] for job in jobs if job["delta_bytes"]]
        labels = self._values(Label, _labels("", kind, subject))
        guides = self._values(Guide, _guides(kind, subject))
        top = [row for row in labels if row["parent_id"] is None]
        return Rows(
            kind=kind,
            subject=subject,
            tasks=tasks,
            project_labels=[row for row in top if row["project_id"] is not None],
            task_labels=_by("task_id", top),
            sublabels=_by("parent_id", labels),
            attributes=_by("label_id", self._values(Attribute, _labels("label__", kind, subject))),
            jobs=_by("task_id", jobs),
            deltas=_by("job_id", self._values(AnnotationDelta, Q(job_id__in=edited), "revision")),
            issues=_by("job_id", self._values(Issue, _within("job__task", kind, subject))),
            comments=_by("issue_id", self._values(Comment, _within("issue__job__task", kind, subject))),
            project_guide=next((row for row in guides if row["project_id"] is not None), None),
            task_guides={row["task_id"]: row for row in guides if row["task_id"] is not None},
            assets=_by(
                "guide_id",
                self._values(
                    Asset, Q(guide_id__in=[row["id"] for row in guides]), "created_date", "filename", "blob", "uuid"
                ),
            ),
        )

    def _one(self, model: type[models.Model], id: int) -> Row:
        found = self._values(model, Q(pk=id))
        if not found:
            raise NotFound(f"There is no {model._meta.model_name} {id} to back up.")
        return found[0]

    def _values(self, model: type[models.Model], condition: Q, *order: str) -> list[Row]:
        """Rows as dictionaries, in order of id unless told; people come with their names, as `<field>__username`."""
        columns = [column.attname for column in model._meta.concrete_fields]
        people = [
            f"{column.name}__username"
            for column in model._meta.concrete_fields
            if column.related_model is not None and column.related_model._meta.label == "accounts.User"
        ]
        organizations = ["organization__slug"] if "organization_id" in columns else []
        return list(
            model._default_manager.using(self._using)
            .filter(condition)
            .order_by(*(order or ("pk",)))
            .values(*columns, *people, *organizations)
        )


def _within(path: str, kind: Kind, subject: Row) -> Q:
    """Rows whose task (along `path`) is the subject, or is in it."""
    return Q(**{f"{path}__project_id" if kind == "project" else f"{path}_id": subject["id"]})


def _guides(kind: Kind, subject: Row) -> Q:
    return _within("task", kind, subject) | (Q(project_id=subject["id"]) if kind == "project" else Q())


def _labels(path: str, kind: Kind, subject: Row) -> Q:
    """Labels (or along `path`, their attributes) of the subject's tasks and of their project, sublabels included."""
    project = subject["id"] if kind == "project" else subject["project_id"]
    condition = Q()
    for step in (path, f"{path}parent__"):
        condition |= _within(f"{step}task", kind, subject)
        if project is not None:
            condition |= Q(**{f"{step}project_id": project})
    return condition


def _by(column: str, rows: Iterable[Row]) -> Children:
    grouped: Children = defaultdict(list)
    for row in rows:
        if row[column] is not None:
            grouped[row[column]].append(row)
    return grouped
