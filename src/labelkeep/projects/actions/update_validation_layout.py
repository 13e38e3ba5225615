"""Change which frames validate a task, and which frame of the pool each of its honeypots shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, listed
from labelkeep.projects import fields, honeypots
from labelkeep.projects.fields import UNSET, Unset
from labelkeep.projects.models import Job, Task
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.queries.validation import Layout
from labelkeep.projects.validation_changes import Change, carry_out

NOT_CONFIGURED = "Validation is not configured in the task"
NO_POOL = "Honeypots can only be modified if the task validation mode is 'gt_pool'"


def update_validation_layout(
    *,
    actor: Actor,
    now: datetime,
    task: Task,
    disabled_frames: Sequence[int] | Unset = UNSET,
    method: str | Unset = UNSET,
    real_frames: Sequence[int] | Unset = UNSET,
) -> None:
    """Leave frames out of validation, and let honeypots show other frames: by hand, one for each of the task, or drawn.

    Raises:
        Forbidden: the actor may not change the task's data.
        BadInput: nothing validates the task, it has no honeypots, or a frame cannot be meant.
    """
    require(actor, "task:update-metadata", subject_of(task))
    check_method(method, real_frames)

    def decide(held: Task, layout: Layout) -> Change:
        if layout.mode is None:
            raise BadInput(NOT_CONFIGURED)
        disabled = None
        if not isinstance(disabled_frames, Unset):
            _check_disabled(layout, disabled_frames)
            disabled = sorted(set(disabled_frames))
            layout = Layout(layout.mode, layout.frames_per_job, layout.validation, disabled, layout.honeypots)
        if isinstance(method, Unset):
            return Change(disabled)
        if layout.mode != "gt_pool":
            raise BadInput(NO_POOL)
        jobs = list(Job.objects.filter(task=held, type=Job.Type.ANNOTATION).order_by("start_frame"))
        return _shown(layout, jobs, method, real_frames, disabled)

    carry_out(actor, now, task.pk, decide)


def check_method(method: str | Unset, real_frames: Sequence[int] | Unset) -> None:
    """Let pass a method with what it needs.

    Raises:
        BadInput: an unknown method, or frames missing or too much.
    """
    if not isinstance(method, Unset):
        fields.choice("frame_selection_method", method, honeypots.METHODS)
    if method == "manual" and isinstance(real_frames, Unset):
        raise BadInput({"non_field_errors": ['The "honeypot_real_frames" field is required']})
    if method != "manual" and not isinstance(real_frames, Unset):
        sentence = '"honeypot_real_frames" can only be used when "frame_selection_method" is "manual"'
        raise BadInput({"non_field_errors": [sentence]})


def _check_disabled(layout: Layout, frames: Sequence[int]) -> None:
    if unknown := sorted(set(frames).difference(layout.validation)):
        raise BadInput(f"Unknown frames requested for exclusion from the validation set: {listed(unknown)}")


def _shown(
    layout: Layout, jobs: Sequence[Job], method: str, real: Sequence[int] | Unset, disabled: list[int] | None
) -> Change:
    scopes = [layout.honeypots.within(job.start_frame, job.stop_frame) for job in jobs]
    if isinstance(real, Unset):
        shown = honeypots.changed(layout, honeypots.by_chance(layout, scopes, anew=True))
        return Change(disabled, shown, [job.pk for job in jobs])
    expected = len(layout.honeypots.frames)
    if len(real) != expected:
        raise BadInput(f"Invalid size of 'honeypot_real_frames' array, expected {expected}")
    return Change(disabled, honeypots.changed(layout, honeypots.by_hand(layout, scopes, real)))
