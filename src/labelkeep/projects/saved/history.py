"""Who saved which revision of a job, and when: every save stays known, also when its content is in a document by now.

A small save is a delta, which says so itself; a save that wrote a document is a `Revision`. When deltas go into a
document, a `Revision` without one takes the place of each: a line instead of its content, all written in one go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet
from django.db.models.functions import Length

from labelkeep.accounts.models import User
from labelkeep.projects.models import AnnotationDelta, Revision
from labelkeep.projects.queries.rows import Row, person

if TYPE_CHECKING:
    from labelkeep.projects.saved.saving import Change

_TOGETHER = 5_000  # rows
_COLUMNS = ("number", "created_date", "size", *person("actor"))


def note(changes: Collection[Change], actor: User | None, now: datetime) -> None:
    """Write down saves, in the transaction that makes them."""
    documents = [change for change in changes if change.delta is None]
    if documents:
        settle(change.before.job for change in documents)
    Revision.objects.bulk_create(
        Revision(
            job_id=change.before.job,
            number=change.revision,
            document=change.document,
            actor=actor,
            created_date=now,
        )
        for change in documents
    )
    AnnotationDelta.objects.bulk_create(
        AnnotationDelta(
            id=AnnotationDelta.key_of(change.before.job, change.revision),
            job_id=change.before.job,
            revision=change.revision,
            payload=change.delta,
            actor=actor,
            created_date=now,
        )
        for change in changes
        if change.delta is not None
    )


def settle(jobs: Iterable[int]) -> None:
    """The deltas of these jobs are in documents now: who made them stays, what they were goes."""
    deltas = AnnotationDelta.objects.filter(job__in=list(jobs))
    sized = deltas.annotate(size=Length("payload"))
    rows = sized.values("job_id", "size", "actor_id", "created_date", number=F("revision")).iterator()
    while some := list(islice(rows, _TOGETHER)):
        Revision.objects.bulk_create(Revision(**row) for row in some)
    deltas.delete()


def revisions_of(job: int) -> QuerySet[Revision, Row]:
    """Every save of a job, the last one first: number, date, size (of a small one, else None) and who made it."""
    documents = Revision.objects.filter(job=job).values(*_COLUMNS)
    edits = AnnotationDelta.objects.filter(job=job).annotate(number=F("revision"), size=Length("payload"))
    revisions: QuerySet[Revision, Row] = documents.union(edits.values(*_COLUMNS), all=True).order_by("-number")
    return revisions
