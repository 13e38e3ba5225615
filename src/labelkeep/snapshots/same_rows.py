"""The very same rows again: a plan to restore what was removed here, with the ids, uuids and people that it had.

A restore makes something new (design §3, invariant 4). An undo is the one exception: what it brings back is gone, so
its ids are free, and every address and every link to it leads there again. Its history of revisions begins anew, as
after a restore.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from labelkeep.accounts.models import User
from labelkeep.projects.models import Project, Task
from labelkeep.snapshots import codec
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import GuideRecord, ProjectManifest, TaskManifest
from labelkeep.snapshots.models import Removal
from labelkeep.snapshots.plan import Context, Plan, plan


def same_rows(removal: Removal, actor: User, get: Get, now: datetime) -> Plan:
    """The rows of the safety backup of `removal`, as they were. Whose they are now is for the caller to say: it may
    have changed since. Writes nothing."""
    assert removal.backup is not None
    subject = codec.read_subject(removal.backup.manifest, get)
    tasks = list(codec.read_tasks(subject, get))
    people = _people(removal.beside.get("people", {}))
    planned = plan(subject, tasks, Context(owner=actor, organization_id=None, origin={}, people=people, now=now))
    for kind, pairs in planned.origins.items():
        for old, row in pairs:
            row.pk = UUID(old) if kind == "assets" else old
    if planned.project is not None and isinstance(subject, ProjectManifest):
        _head(planned.project, subject, people, removal.beside.get("project", {}))
    for task, record in zip(planned.tasks, tasks, strict=True):
        _head(task, record, people, removal.beside["tasks"].get(str(record.id), {}))
    _jobs(planned, tasks)
    _guides(planned, subject, tasks, removal.beside["guides"], people)
    return planned


def _people(ids: Mapping[str, int]) -> dict[str, User]:
    """Those who are still here. By id: meanwhile somebody else may have the name."""
    found = User.objects.in_bulk(ids.values())
    return {name: found[id] for name, id in ids.items() if id in found}


def _head(row: Project | Task, record: Subject, people: Mapping[str, User], beside: Mapping[str, Any]) -> None:
    row.uuid = UUID(record.uuid)
    row.owner = people.get(record.owner)
    row.created_date = datetime.fromisoformat(record.created_date)
    row.origin = {}
    for name, value in beside.items():
        setattr(row, name, value)


def _jobs(planned: Plan, tasks: Iterable[TaskManifest]) -> None:
    records = [record for task in tasks for record in task.jobs]
    for job, record in zip(planned.jobs, records, strict=True):
        job.uuid = UUID(record.uuid)
        job.created_date = datetime.fromisoformat(record.created_date)
    for revision in planned.revisions:
        revision.actor = None  # who saved it last is not known any more; it was not who brings it back
        revision.created_date = revision.job.updated_date


def _guides(
    planned: Plan,
    subject: Subject,
    tasks: Iterable[TaskManifest],
    ids: Mapping[str, int],
    people: Mapping[str, User],
) -> None:
    """A guide's text names its assets, which have their uuids again."""
    records: dict[str, GuideRecord | None] = {str(task.id): task.guide for task in tasks}
    if isinstance(subject, ProjectManifest):
        records["project"] = subject.guide
    assets = {asset.uuid: asset for guide in records.values() if guide for asset in guide.assets}
    for row in planned.guides:
        home = "project" if row.project is not None else str(row.task.pk if row.task else "")
        record = records[home]
        assert record is not None, "it was planned from this record"
        row.pk, row.markdown = ids[home], record.markdown
    for old, row in planned.origins.get("assets", []):
        row.owner = people.get(assets[old].owner)
