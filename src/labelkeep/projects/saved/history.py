"""Who saved which revision of a job, and when: every save stays known, also when its content is in a document by now.

A small save is a delta, which says so itself; a save that wrote a document is a `Revision`. When deltas go into a
document, a `Revision` without one takes the place of each, all written in one go; what they were goes into one more
document, their log, which the last of these rows names (docs/decisions/0009-small-edits-are-kept.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet
from django.db.models.functions import Length

from labelkeep.accounts.models import User
from labelkeep.annotations import deltas
from labelkeep.media import vault
from labelkeep.projects.models import AnnotationDelta, Revision
from labelkeep.projects.queries.rows import Row, person

if TYPE_CHECKING:
    from labelkeep.projects.saved.loading import Saved, Version
    from labelkeep.projects.saved.saving import Change

_TOGETHER = 5_000  # rows
_COLUMNS = ("number", "created_date", "size", *person("actor"))


def note(changes: Collection[Change], actor: User | None, now: datetime) -> None:
    """Write down saves, in the transaction that makes them."""
    documents = [change for change in changes if change.delta is None]
    if documents:
        settle({change.before: change.log for change in documents})
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


def logged(saved: Saved, change: Change | None) -> Change | None:
    """A change that puts the deltas into a document, with what they were written down before."""
    if change is None or change.delta is not None:
        return change
    return replace(change, log=log_of(saved))


def log_of(saved: Saved) -> str:
    """The name of a document with the deltas of a job as they are; "" where there are none."""
    return vault.live().put_document(deltas.write_log(saved.deltas)) if saved.deltas else ""


def settle(logs: Mapping[Version, str]) -> None:
    """The deltas of these jobs are in documents now, and what they were in these logs: lines stay of who made them."""
    last = {(version.job, version.revision): log for version, log in logs.items()}
    settled = AnnotationDelta.objects.filter(job__in=[version.job for version in logs])
    sized = settled.annotate(size=Length("payload"))
    rows = sized.values("job_id", "size", "actor_id", "created_date", number=F("revision")).iterator()
    while some := list(islice(rows, _TOGETHER)):
        Revision.objects.bulk_create(Revision(**row, log=last.get((row["job_id"], row["number"]), "")) for row in some)
    settled.delete()


def revisions_of(job: int) -> QuerySet[Revision, Row]:
    """Every save of a job, the last one first: number, date, size (of a small one, else None) and who made it."""
    documents = Revision.objects.filter(job=job).values(*_COLUMNS)
    edits = AnnotationDelta.objects.filter(job=job).annotate(number=F("revision"), size=Length("payload"))
    revisions: QuerySet[Revision, Row] = documents.union(edits.values(*_COLUMNS), all=True).order_by("-number")
    return revisions
