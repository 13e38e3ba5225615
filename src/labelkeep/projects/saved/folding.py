"""Deltas into parts: the same annotations, written down for good. A capture does so first: it names documents."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from labelkeep.annotations.document import Written, edit
from labelkeep.errors import Unavailable
from labelkeep.media import vault
from labelkeep.projects.models import AnnotationDelta, Revision
from labelkeep.projects.saved import history
from labelkeep.projects.saved.loading import ATTEMPTS, BUSY, Saved, load
from labelkeep.projects.saved.saving import swapped


def fold(job_ids: Iterable[int]) -> None:
    """Make the documents of these jobs hold everything. Revision, dates and what readers see stay the same.

    Raises:
        NotFound: a job is gone.
        Unavailable: a job was saved again and again in between.
    """
    waiting = AnnotationDelta.objects.filter(job_id__in=list(job_ids)).values_list("job_id", flat=True).distinct()
    for job_id in list(waiting):
        for _ in range(ATTEMPTS):
            if _fold(load(job_id)):
                break
        else:
            raise Unavailable(BUSY)


def _fold(saved: Saved) -> bool:
    if not saved.edits:
        return True
    store = vault.live()
    shown = saved.ids.table.shown
    written = edit(saved.index, saved.edits, store.get_document, store.put_document, shown=shown)
    return _set(saved, written, history.log_of(saved))


def _set(saved: Saved, written: Written, log: str) -> bool:
    with transaction.atomic():
        counts = written.index.counts()
        if not swapped(saved.version, document=written.name, delta_bytes=0, counts=counts):
            return False
        history.settle({saved.version: log})
        Revision.objects.filter(job_id=saved.job, number=saved.revision).update(document=written.name)
    return True
