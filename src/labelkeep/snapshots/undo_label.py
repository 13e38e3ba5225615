"""A deleted label comes back: its tombstone goes, and where objects of it were dropped meanwhile, they are put back.

A deleted label's objects stay in the documents, unseen, until the part that holds them is rewritten. Those that are
not there any more are taken from the safety backup. Numbers are never used again, so each is known by its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from labelkeep.accounts.actor import Actor
from labelkeep.errors import Conflict
from labelkeep.media import vault
from labelkeep.projects import label_rows, touch
from labelkeep.projects.holding import hold_home
from labelkeep.projects.models import Job, Label, Project, Task
from labelkeep.projects.queries.subjects import home_of_label
from labelkeep.projects.saved import plans
from labelkeep.projects.saved.keys import table_for
from labelkeep.projects.saved.saving import save
from labelkeep.snapshots import codec
from labelkeep.snapshots.manifest import JobRecord
from labelkeep.snapshots.models import Backup, Removal

Claim = Callable[[Removal, datetime], None]


def bring_back(removal: Removal, backup: Backup, actor: Actor, now: datetime, claim: Claim) -> None:
    """Take the tombstone away, put back what was dropped, and `claim` last: who is stopped in between begins again.

    Raises:
        Conflict: another label has its name now, or its project or task is not there.
    """
    label = Label.objects.select_related("project", "task").filter(pk=removal.subject_id).first()
    if label is None:
        raise Conflict("The project or task that it belonged to is not there. Bring that back first.")
    home = home_of_label(label)
    _unbury(label, home, removal.created_date, now)
    get = vault.live().get_document
    for record in codec.read_tasks(codec.read_subject(backup.manifest, get), get):
        key = record.label_keys.labels.get(label.pk)
        task = Task.objects.filter(uuid=record.uuid).first() if key is not None else None
        if key is not None and task is not None and task.label_keys.get("labels", {}).get(str(label.pk)) == key:
            _put_back(task, [job for job in record.jobs if job.counts.get(str(key))], key, actor, now)
    with transaction.atomic():
        claim(removal, now)


def _unbury(label: Label, home: Project | Task, deleted_at: datetime, now: datetime) -> None:
    with transaction.atomic():
        hold_home(home)
        others = label_rows.labels_of(home).filter(parent=None, name=label.name).exclude(pk=label.pk)
        if others.exists():
            raise Conflict(f"There is another label named {label.name!r} now. Rename that one first.")
        Label.objects.filter(pk=label.pk, deleted_at=deleted_at).update(deleted_at=None)
        label.sublabels.filter(deleted_at=deleted_at).update(deleted_at=None)
        touch.labels_changed(home, now)


def _put_back(task: Task, jobs: Iterable[JobRecord], key: int, actor: Actor, now: datetime) -> None:
    there = dict(Job.objects.filter(task=task).values_list("pk", "document"))
    changed = {job.id: job.document for job in jobs if job.id in there and there[job.id] != job.document}
    wanted = {id: plans.returned(document, key) for id, document in changed.items() if document}
    if wanted:
        save(task, wanted, ids=table_for(task), actor=actor.user, now=now)
