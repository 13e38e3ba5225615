"""Move data of a backup back into a project or task that is there: the operations `transfer:project`, `transfer:task`.

A safety backup is made first. Then documents are written, and all rows in one transaction, when nothing has changed
since the safety backup; else it is all planned anew. So it happens wholly or not at all, and the safety backup is the
state before it exactly. A second time it finds everything there, and changes nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import orjson

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import require
from labelkeep.errors import BadInput, Conflict, Unavailable
from labelkeep.media import vault
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects import touch
from labelkeep.projects.holding import hold_project, hold_task
from labelkeep.projects.hooks import Outdated
from labelkeep.projects.models import Attribute, Label, Project, Task
from labelkeep.projects.queries.subjects import kind_of, subject_of
from labelkeep.projects.quotas import Home, room
from labelkeep.projects.saved.saving import commit
from labelkeep.snapshots import rows
from labelkeep.snapshots.backup_queries import get_backup
from labelkeep.snapshots.capture import Frozen, Reason, freeze, keep
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.contents import contents_of
from labelkeep.snapshots.manifest import LabelRecord, ProjectManifest
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.plan import Context, Plan, people_of, plan
from labelkeep.snapshots.restore import people, save
from labelkeep.snapshots.restore_backup import actor_of
from labelkeep.snapshots.safety import take_back
from labelkeep.snapshots.selection import ALL, Chosen, Selection, choose, narrowed
from labelkeep.snapshots.transfer import How, Item, Mode, items
from labelkeep.store import name_of

KINDS = ("transfer:project", "transfer:task")
MODES = ("append", "replace", "skip")
_ATTEMPTS = 10


@dataclass(frozen=True)
class Choices:
    """What is transferred, and how."""

    mode: Mode = "append"
    selection: Selection = ALL
    users: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Transfer:
    """What would change: an item a task of the backup, and the rows of those that are added."""

    items: list[Item]
    added: Plan

    def to_json(self) -> dict[str, Any]:
        """The report."""
        tallies = [item.tally for item in self.items]
        return {
            "tasks": [item.to_json() for item in self.items],
            "new": self.added.contents.counts,
            "size": self.added.contents.size,
            "not_carried": [finding.to_json() for finding in self.added.findings],
            **{name: _sum(getattr(tally, name) for tally in tallies) for name in ("added", "removed", "same")},
        }


def _sum(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counts:
        for kind, number in count.items():
            found[kind] = found.get(kind, 0) + number
    return found


def start_transfer(*, actor: Actor, now: datetime, id: UUID, target: Project | Task, choices: Choices) -> Operation:
    """Start transferring a backup into `target`.

    Raises:
        NotFound, Forbidden: there is no such backup, or the actor may not have it, or not change the target so.
        BadInput: an unknown mode, or a part that it does not have. Conflict: it is known to be damaged.
        AlreadyRunning: the same is under way.
    """
    backup = _transferable(actor, id, target, choices)
    params = {
        "backup": str(backup.pk),
        "mode": choices.mode,
        "selection": msgspec.to_builtins(choices.selection),
        "users": dict(choices.users or {}),
    }
    kind = kind_of(target)
    how = hashlib.sha256(orjson.dumps(params, option=orjson.OPT_SORT_KEYS)).hexdigest()[:8]
    return start(
        kind=f"transfer:{kind}",
        key=keys.transfer_backup(kind, target.pk, backup.pk, actor.id, how),
        actor=actor,
        now=now,
        params=params,
        project_id=target.pk if isinstance(target, Project) else target.project_id,
        task_id=target.pk if isinstance(target, Task) else None,
        organization_id=target.organization_id,
    )


def plan_transfer(*, actor: Actor, now: datetime, id: UUID, target: Project | Task, choices: Choices) -> Transfer:
    """What `start_transfer` would change; nothing is written. Raises as that."""
    backup = _transferable(actor, id, target, choices)
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        return _planned(actor, backup, target, choices, now, Path(folder), writes=False)


@collecting_rarely()
def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    actor, params = actor_of(operation), operation.params
    choices = Choices(params["mode"], msgspec.convert(params["selection"], Selection), params["users"])
    target = _target(operation)
    backup = _transferable(actor, UUID(params["backup"]), target, choices)
    for _ in range(_ATTEMPTS):
        now = clock.now()
        work.progress(0.1, "A safety backup is being made...")
        frozen = freeze(actor=None, kind=_kind(target), id=target.pk)
        work.progress(0.3, "What changes is being prepared...")
        planned = _planned(actor, backup, target, choices, now, work.tmp, writes=True)
        try:
            return _publish(work, planned, target, frozen, backup, actor, now)
        except Outdated:
            work.check()
    raise Unavailable("The target is changed again and again; try again.")


def _target(operation: Operation) -> Project | Task:
    found: Project | Task | None = (
        Task.objects.filter(pk=operation.task_id or 0).first()
        if operation.target == "task"
        else Project.objects.filter(pk=operation.project_id or 0).first()
    )
    if found is None:
        raise Conflict("The project or task to transfer into is gone")
    return found


def _kind(target: Project | Task) -> rows.Kind:
    return "project" if isinstance(target, Project) else "task"


def _note(backup: Backup) -> str:
    return f"Made before data of backup {backup.pk} was transferred here."


def _transferable(actor: Actor, id: UUID, target: Project | Task, choices: Choices) -> Backup:
    backup = get_backup(actor, id, "backup:download")
    require(actor, f"{kind_of(target)}:update", subject_of(target))
    if isinstance(target, Project):
        require(actor, "task:create-in-project", subject_of(target))
    else:
        require(actor, "task:update-annotations", subject_of(target))
    if choices.mode not in MODES:
        raise BadInput({"mode": [f"It is one of {', '.join(MODES)}."]})
    if backup.state == Backup.State.DAMAGED:
        raise Conflict("The backup is damaged; its findings say where. Choose another one, or repair it first.")
    choose(backup.manifest, vault.live().get_document, choices.selection)
    return backup


def _planned(
    actor: Actor, backup: Backup, target: Project | Task, choices: Choices, now: datetime, folder: Path, *, writes: bool
) -> Transfer:
    store = vault.live()
    chosen = choose(backup.manifest, store.get_document, choices.selection)
    found = list(items(chosen, target, How(choices.mode, store.get_document, folder, writes)))
    new = [item for item in found if item.outcome == "added"]
    if not new or not isinstance(target, Project):
        return Transfer(found, Plan())
    labels = _labels_by_name(chosen.subject.labels, target)
    for item in new:
        item.missing_labels = _missing(chosen, item, labels)
    taken = frozenset(labels) if chosen.labels is None else chosen.labels & labels.keys()
    part = replace(chosen, tasks=[item.record for item in new], labels=taken)
    part = narrowed(part, store.get_document, store.put_document if writes else name_of, folder)
    context = Context(
        owner=actor.user,
        organization_id=target.organization_id,
        origin={"server": store.server, "backup": str(backup.pk)},
        people=people(people_of(_bare(part), part.tasks), choices.users or {}),
        now=now,
        into=target,
        labels={**labels, **_points(chosen.subject.labels, labels)},
        attributes=_attributes(chosen.subject.labels, labels),
    )
    added = plan(part.subject, part.tasks, context)
    added.contents = contents_of(_bare(part), part.tasks, store.get_document)
    for item, task in zip(new, added.tasks, strict=True):
        task.media_size = added.contents.sizes.get(item.record.id)
        counts = added.contents.tasks[item.record.id]
        item.tally.added.update({kind: counts[kind] for kind in ("tags", "shapes", "tracks") if counts.get(kind)})
    return Transfer(found, added)


def _bare(part: Chosen) -> Any:
    """The subject without what stays behind: the project's own guide and assignee."""
    if isinstance(part.subject, ProjectManifest):
        return msgspec.structs.replace(part.subject, guide=None, assignee="")
    return part.subject


def _labels_by_name(records: Iterable[LabelRecord], project: Project) -> dict[int, Label]:
    """The project's label for each of the backup that has the same name; a skeleton is only ever a skeleton."""
    there = {label.name: label for label in project.labels.filter(deleted_at=None, parent=None)}
    return {
        record.id: there[record.name]
        for record in records
        if not record.deleted_at
        and record.name in there
        and (there[record.name].type == "skeleton") == (record.type == "skeleton")
    }


def _points(records: Iterable[LabelRecord], labels: Mapping[int, Label]) -> dict[int, Label]:
    found: dict[int, Label] = {}
    for record in records:
        if record.id in labels:
            there = {point.name: point for point in labels[record.id].sublabels.filter(deleted_at=None)}
            found |= {point.id: there[point.name] for point in record.sublabels if point.name in there}
    return found


def _attributes(records: Iterable[LabelRecord], labels: Mapping[int, Label]) -> dict[int, Attribute]:
    found: dict[int, Attribute] = {}
    points = _points(records, labels)
    for record in records:
        for one in (record, *record.sublabels):
            label = labels.get(one.id) or points.get(one.id)
            there = {attribute.name: attribute for attribute in label.attributes.all()} if label else {}
            found |= {item.id: there[item.name] for item in one.attributes if item.name in there}
    return found


def _missing(chosen: Chosen, item: Item, labels: Mapping[int, Label]) -> list[str]:
    used = {int(key) for job in item.record.jobs for key in job.counts}
    keys = item.record.label_keys.labels
    return sorted(
        record.name
        for record in chosen.subject.labels
        if not record.deleted_at
        and record.id not in labels
        and keys.get(record.id) in used
        and (chosen.labels is None or record.id in chosen.labels)
    )


def _publish(
    work: Work, planned: Transfer, target: Project | Task, frozen: Frozen, backup: Backup, actor: Actor, now: datetime
) -> dict[str, Any]:
    """Everything in one transaction, when the target is still as it was frozen.

    Raises:
        Outdated: it is not.
    """
    changing = bool(planned.added.tasks) or any(item.changes for item in planned.items)
    room(Home.of(target)).require(bytes=planned.added.contents.size)
    safety = keep(frozen, Reason(actor, Backup.Trigger.SAFETY, _note(backup)), now=now) if changing else None
    try:
        with work.publish() as publication:
            _hold(target, frozen)
            if safety is not None:
                safety.save(force_insert=True)
                _write(planned, target, actor, now)
            result = _result(planned, target, backup, safety)
            publication.finish(result)
    except BaseException:
        if safety is not None:
            take_back(safety)
        raise
    return result


def _hold(target: Project | Task, frozen: Frozen) -> None:
    if isinstance(target, Project):
        hold_project(target.pk)
    else:
        hold_task(target.pk)
    if rows.read(_kind(target), target.pk, using="default") != frozen.rows:
        raise Outdated


def _write(planned: Transfer, target: Project | Task, actor: Actor, now: datetime) -> None:
    if planned.added.tasks:
        save(planned.added)
        new = dict(planned.added.origins["tasks"])
        for item in planned.items:
            item.task = item.task or new.get(item.record.id)
        touch.project_status_changed(target.pk, now)
    for item in planned.items:
        if item.task is not None and item.changes:
            commit(item.task, item.changes, [change.before.job for change in item.changes], actor.user, now)


def _result(planned: Transfer, target: Project | Task, backup: Backup, safety: Backup | None) -> dict[str, Any]:
    return {
        **planned.to_json(),
        "kind": _kind(target),
        "id": target.pk,
        "backup": str(backup.pk),
        "safety": str(safety.pk) if safety is not None else None,
        "ids": planned.added.old_to_new(),
    }
