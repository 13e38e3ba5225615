"""One object of a job as it was after an earlier save; nothing else changes. History goes on: reverting is a save."""

from __future__ import annotations

from datetime import datetime

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.annotations.model import Kind, Object, Shape, Track
from labelkeep.annotations.overlap import cut
from labelkeep.errors import Conflict, NotFound
from labelkeep.projects.models import Job
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.queries.validation import pool_of
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.saving import save
from labelkeep.projects.saved.versions import Version, versions


def revert(actor: Actor, job: Job, number: int, revision: int, *, now: datetime) -> list[Version]:
    """Let an object be as it was after save `revision`: changed back, there again, or gone again; all its versions.

    Raises:
        Forbidden: the actor may not change the annotations.
        NotFound: there never was such an object, or it was not there yet.
        Conflict: it cannot stand there any more: its label is deleted, its frame is not the job's, tracks are refused.
    """
    require(actor, "job:update-annotations", subject_of(job))
    known = versions(job.pk, [number])[number]
    if not known:
        raise NotFound(f"There is no object with number {number} in the job, and there never was.")
    past = [version for version in known if version.revision <= revision]
    if not past:
        raise NotFound(f"Revision {revision} does not have the object: it came with revision {known[0].revision}.")
    kind, item = past[-1].kind, past[-1].item
    if item is not None:
        _check(job, kind, item)
    plan = plans.put_back(kind, number, item)
    save(job.task, {job.pk: plan}, ids=table_for(job.task), actor=actor.user, now=now)
    return versions(job.pk, [number])[number]


def _check(job: Job, kind: Kind, item: Object) -> None:
    shown = table_for(job.task).table.shown
    if not {item.label, *_points(item)} <= shown:
        raise Conflict("The label that the object had is deleted.")
    frames = None if job.frames is None else frozenset(job.frames)
    if cut(item, job.start_frame, job.stop_frame, frames) is None:
        raise Conflict(f"The object stood on frame {item.frame}, which is not a frame of the job any more.")
    if kind == "tracks" and pool_of(job.task) is not None:
        raise Conflict("The object was a track, and the task takes no tracks any more.")


def _points(item: Object) -> list[int]:
    return [element.label for element in item.elements] if isinstance(item, (Shape, Track)) else []
