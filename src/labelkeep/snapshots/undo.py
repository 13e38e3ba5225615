"""Undo: what was removed comes back by one call, as long as its window is open.

A project, a task and a ground truth job come back from their safety backup as the very same rows (same_rows.py); a
label by taking away its tombstone (undo_label.py). What was saved elsewhere in the meantime stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction
from django.db.models import Q

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Conflict, Gone
from labelkeep.media import vault
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_project, hold_task
from labelkeep.projects.models import Comment, Issue, Job, Project, Revision, Task
from labelkeep.snapshots import undo_label
from labelkeep.snapshots.models import Backup, Removal
from labelkeep.snapshots.plan import Plan
from labelkeep.snapshots.removal_queries import get_removal
from labelkeep.snapshots.restore import BATCH, apply
from labelkeep.snapshots.same_rows import same_rows

_UNDONE = "It has been brought back already."
_PROJECT_GONE = "Its project is not there. Bring that back first, or restore the backup as a new task."
_TASK_GONE = "Its task is not there. Bring that back first."


def undo(*, actor: Actor, now: datetime, id: int) -> Removal:
    """Bring back what was removed, where it was, with the ids that it had.

    Raises:
        NotFound, Forbidden: as `get_removal`; who may change the backups of something may bring it back.
        Gone: too late. Conflict: it is back already, or something is in its place, or what it was in is not there.
    """
    removal = get_removal(actor, id, "backup:update")
    backup = _usable(removal, now)
    if removal.what == Removal.What.LABEL:
        undo_label.bring_back(removal, backup, actor, now, _claim)
    else:
        planned = same_rows(removal, actor.user, vault.live().get_document, now)
        {"project": _project, "task": _task, "job": _job}[removal.what](removal, backup, planned, now)
    removal.refresh_from_db()
    return removal


def _usable(removal: Removal, now: datetime) -> Backup:
    if removal.undone_date is not None:
        raise Conflict(_UNDONE)
    if now >= removal.until:
        raise Gone(f"It could be brought back until {removal.until:%Y-%m-%d %H:%M} UTC. That time has passed.")
    if removal.backup is None:
        raise Gone("Its safety backup has been deleted, so it cannot be brought back any more.")
    if removal.backup.state == Backup.State.DAMAGED:
        raise Conflict("Its safety backup is damaged; the findings of that backup say where.")
    return removal.backup


def _claim(removal: Removal, now: datetime) -> None:
    """One of several who undo the same at once; the others are told."""
    if not Removal.objects.filter(pk=removal.pk, undone_date=None).update(undone_date=now):
        raise Conflict(_UNDONE)


def _project(removal: Removal, backup: Backup, planned: Plan, now: datetime) -> None:
    """Whose it was last, it is again: the backup knows, even where an owner or organization went meanwhile."""
    assert planned.project is not None
    planned.project.owner_id = backup.source_owner_id
    planned.project.organization_id = backup.organization_id
    for task in planned.tasks:
        task.organization_id = backup.organization_id
    with transaction.atomic():
        _claim(removal, now)
        _require_free(Project, [planned.project])
        _require_free(Task, planned.tasks)
        apply(planned)


def _task(removal: Removal, backup: Backup, planned: Plan, now: datetime) -> None:
    (task,) = planned.tasks
    with transaction.atomic():
        _claim(removal, now)
        _require_free(Task, [task])
        if backup.project_uuid is None:
            task.owner_id, task.organization_id = backup.source_owner_id, backup.organization_id
            apply(planned)
            return
        project = Project.objects.filter(uuid=backup.project_uuid).first()
        if project is None:
            raise Conflict(_PROJECT_GONE)
        hold_project(project.pk)
        task.project, task.organization_id = project, project.organization_id
        planned.labels, planned.sublabels, planned.attributes = [], [], []  # they are the project's, and there
        apply(planned)
        touch.project_status_changed(project.pk, now)


def _job(removal: Removal, backup: Backup, planned: Plan, now: datetime) -> None:
    """The task has worked on meanwhile; of what was saved of it only this job comes back."""
    job = next(row for row in planned.jobs if row.pk == removal.subject_id)
    issues = [issue for issue in planned.issues if issue.job is job]
    with transaction.atomic():
        _claim(removal, now)
        task = Task.objects.filter(uuid=backup.source_uuid).first()
        if task is None:
            raise Conflict(_TASK_GONE)
        task = hold_task(task.pk)
        if Job.objects.filter(task=task, type=Job.Type.GROUND_TRUTH).exists():
            raise Conflict("The task has another ground truth job now. Delete that first.")
        job.task = task
        _insert(Job, [job])
        _insert(Revision, [revision for revision in planned.revisions if revision.job is job])
        _insert(Issue, issues)
        _insert(Comment, [comment for comment in planned.comments if comment.issue in issues])
        Task.objects.filter(pk=task.pk).update(validation_layout=planned.tasks[0].validation_layout)
        touch.status_changed(task, now)


def _insert(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    model._default_manager.bulk_create(rows, batch_size=BATCH)


def _require_free(model: type[Project] | type[Task], rows: list[Project] | list[Task]) -> None:
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        taken = Q(pk__in=[row.pk for row in batch]) | Q(uuid__in=[row.uuid for row in batch])
        if model._default_manager.filter(taken).exists():
            raise Conflict("It is there already, or a part of it is.")
