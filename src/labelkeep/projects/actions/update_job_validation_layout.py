"""Change which frames of the pool the honeypots of one job show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput
from labelkeep.projects import honeypots
from labelkeep.projects.actions.update_validation_layout import NO_POOL, check_method
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.queries.validation import Honeypots, Layout
from labelkeep.projects.validation_changes import Change, carry_out


def update_job_validation_layout(
    *, actor: Actor, now: datetime, job: Job, method: str, real_frames: Sequence[int] | Unset = UNSET
) -> None:
    """Let the honeypots of a job show other frames: by hand, one for each, or those that the task shows least.

    Raises:
        Forbidden: the actor does not look after the task; who only annotates the job must not know its honeypots.
        BadInput: the task has no honeypots, the job can have none, or a frame cannot be meant.
    """
    require(actor, "job:update-validation-layout", subject_of(job))
    check_method(method, real_frames)

    def decide(task: Task, layout: Layout) -> Change:
        if layout.mode != "gt_pool":
            raise BadInput(NO_POOL)
        if job.type == Job.Type.GROUND_TRUTH:
            raise BadInput("Honeypots cannot exist in ground_truth jobs")
        own = layout.honeypots.within(job.start_frame, job.stop_frame)
        if isinstance(real_frames, Unset):
            return Change(None, honeypots.changed(layout, honeypots.by_chance(layout, [own], anew=False)), [job.pk])
        return Change(None, honeypots.changed(layout, _by_hand(layout, own, real_frames)))

    carry_out(actor, now, job.task_id, decide)


def _by_hand(layout: Layout, own: Honeypots, real: Sequence[int]) -> dict[int, int]:
    if not real:
        raise BadInput({"honeypot_real_frames": ["This list may not be empty."]})
    honeypots.check(layout, real)
    if len(real) != len(own.frames):
        raise BadInput(
            "Could not update honeypot frames: the number of honeypots must remain the same. "
            f"Requested {len(real)}, current {len(own.frames)}"
        )
    return honeypots.by_hand(layout, [own], real)
