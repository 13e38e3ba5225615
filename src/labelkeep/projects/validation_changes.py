"""Carrying out a change of a validation layout: documents first, then the rows of task and jobs in one transaction.

Which frame a honeypot shows is said by the frames document alone, so another layout is another document: previews and
chunks, which are kept by its name, are never stale. What was drawn on a honeypot goes when it shows another frame.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Unavailable
from labelkeep.media import documents, vault
from labelkeep.media.documents import Frame
from labelkeep.projects import honeypots
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.validation import Layout, layout_of, truth_of
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.saving import Plan, save

ATTEMPTS = 20


@dataclass(frozen=True)
class Change:
    """What shall be. `disabled`: frames left out of validation, None as before. `shown`: honeypot → the frame of the
    pool that it shows from now on. `jobs`: ids of jobs that count as changed even where nothing is drawn."""

    disabled: list[int] | None = None
    shown: Mapping[int, int] = field(default_factory=dict)
    jobs: Collection[int] = ()

    def __bool__(self) -> bool:
        return self.disabled is not None or bool(self.shown) or bool(self.jobs)


class _Moved(Exception):
    """Somebody else has changed the frames or the layout since they were read."""


def carry_out(actor: Actor, now: datetime, task_id: int, decide: Callable[[Task, Layout], Change]) -> None:
    """Ask `decide` what shall be, and make it so; where others were quicker, it is asked again.

    Raises:
        Unavailable: others were quicker again and again.
    """
    for _ in range(ATTEMPTS):
        task = Task.objects.select_related("project").get(pk=task_id)
        layout = layout_of(task)
        change = decide(task, layout)
        try:
            if change:
                _write(actor, now, task, layout, change)
        except _Moved:
            continue
        return
    raise Unavailable("The frames of the task are being changed by others; try again.")


def _write(actor: Actor, now: datetime, task: Task, layout: Layout, change: Change) -> None:
    document = _document(task, layout, change.shown) if change.shown else task.frames_document

    def alongside() -> None:
        held = hold_task(task.pk)
        if _moved(task, held):
            raise _Moved
        _set_rows(held, layout, change)
        if change.shown:
            held.frames_document, held.chunks_updated_date = document, now
        held.save(update_fields=_FIELDS)

    jobs = dict.fromkeys(change.jobs, _unchanged) | _cleared(task, change.shown)
    save(task, jobs, ids=table_for(task), actor=actor.user, now=now, alongside=alongside)


_FIELDS = ["frames_document", "chunks_updated_date", "validation_layout", "deleted_frames"]
_DECIDED_BY = ("frames_document", "validation_layout", "project_id")


def _moved(before: Task, held: Task) -> bool:
    """Whether what was decided by is not so any more; the ground truth job may be gone too."""
    return any(getattr(held, name) != getattr(before, name) for name in _DECIDED_BY) or truth_of(held) is None


def _set_rows(task: Task, layout: Layout, change: Change) -> None:
    if change.disabled is not None:
        stored = task.validation_layout or {"mode": "gt", "frames_per_job_count": None, "frames": []}
        task.validation_layout = {**stored, "disabled_frames": change.disabled}
        if layout.mode == "gt_pool":
            after = Layout(layout.mode, None, layout.validation, change.disabled, layout.honeypots)
            task.deleted_frames = honeypots.left_out(after, task.deleted_frames)
    task.deleted_frames = [frame for frame in task.deleted_frames if frame not in change.shown]


def _document(task: Task, layout: Layout, shown: Mapping[int, int]) -> str:
    """Another frames document, where the honeypots are what they show."""
    store = vault.live()
    index = documents.read_index(task.frames_document, store.get_document)
    first = min(layout.validation)
    pool: list[Frame] = list(documents.read_frames(index, store.get_document, first, max(layout.validation) + 1))
    frames = {honeypot: pool[real - first] for honeypot, real in shown.items()}
    return documents.replaced(task.frames_document, frames, store.get_document, store.put_document)


def _cleared(task: Task, shown: Mapping[int, int]) -> dict[int, Plan]:
    """For each job that has such a honeypot, replicas too: nothing is drawn there any more."""
    changed = sorted(shown)
    ranges = Job.objects.filter(task=task).values_list("pk", "start_frame", "stop_frame")
    frames = {job: changed[bisect_left(changed, start) : bisect_right(changed, stop)] for job, start, stop in ranges}
    return {job: plans.without(inside) for job, inside in frames.items() if inside}


def _unchanged(saved: object) -> None:
    """The plan of a job whose annotations stay."""
