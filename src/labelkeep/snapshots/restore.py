"""Restore: a manifest becomes a new project or task. Rows only; not a byte of media is copied (design §1).

One transaction (invariant 4): either everything is there or nothing. The documents must be in the live store already,
which capture and accept have proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import models, transaction

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput
from labelkeep.findings import Finding
from labelkeep.projects.models import (
    Asset,
    Attribute,
    Comment,
    Guide,
    Issue,
    Job,
    Label,
    Revision,
    Task,
)
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.contents import Contents, contents_of
from labelkeep.snapshots.plan import Context, Plan, people_of, plan
from labelkeep.snapshots.selection import ALL, Put, Selection, choose, narrowed
from labelkeep.store import name_of

BATCH = 500  # rows an INSERT; SQLite allows 32,766 variables


@dataclass(frozen=True)
class Restored:
    """What a restore made: the new project or task, every old id with its new one, and what was not carried."""

    kind: str
    id: int
    ids: dict[str, dict[str, Any]]
    not_carried: list[Finding]
    contents: Contents

    def to_json(self) -> dict[str, Any]:
        """For the result of an operation."""
        return {
            "kind": self.kind,
            "id": self.id,
            "ids": self.ids,
            "counts": self.contents.counts,
            "labels": self.contents.labels,
            "size": self.contents.size,
            "not_carried": [finding.to_json() for finding in self.not_carried],
        }


def prepare(
    *,
    actor: Actor,
    manifest: str,
    get: Get,
    now: datetime,
    origin: Mapping[str, str],
    name: str = "",
    users: Mapping[str, str] | None = None,
    selection: Selection = ALL,
    put: Put = name_of,
    spool_dir: Path | None = None,
) -> Plan:
    """Plan to make a new project or task from the manifest named `manifest`; the actor will own it. Writes no row.

    `origin` says where the manifest comes from: the uuids of a `server` and a `backup`, where known. `name` is what it
    is called, if not as before. `users` leads usernames of the manifest to usernames of this server. `selection` is
    what of it to take; where that makes new documents, `put` keeps them. Without it nothing is written at all, and the
    plan is for looking at.

    Raises:
        Forbidden: the actor may not create here. BadInput: the manifest is of a newer format, or there is no such part.
    """
    require(actor, "backup:restore", Subject(organization_id=actor.organization_id, owner=actor.id))
    chosen = narrowed(choose(manifest, get, selection), get, put, spool_dir)
    subject, tasks = chosen.subject, chosen.tasks
    named = people_of(subject, tasks)
    context = Context(
        owner=actor.user,
        organization_id=actor.organization_id,
        origin={key: value for key, value in origin.items() if value},
        people=people(named, users or {}),
        now=now,
        name=name,
    )
    planned = plan(subject, tasks, context)
    planned.contents = contents_of(subject, tasks, get)
    for record, task in zip(tasks, planned.tasks, strict=True):
        task.media_size = planned.contents.sizes.get(record.id)
    planned.unknown_users = sorted(named - context.people.keys())
    return planned


def apply(planned: Plan) -> Restored:
    """Write what was planned. Call it inside a transaction."""
    save(planned)
    made = planned.project or planned.tasks[0]
    kind = "task" if planned.project is None else "project"
    return Restored(kind, made.pk, planned.old_to_new(), planned.findings, planned.contents)


def restore(
    *, actor: Actor, manifest: str, get: Get, now: datetime, origin: Mapping[str, str] | None = None
) -> Restored:
    """Prepare and apply in a transaction of its own."""
    planned = prepare(actor=actor, manifest=manifest, get=get, now=now, origin=origin or {})
    with transaction.atomic():
        return apply(planned)


def people(names: set[str], users: Mapping[str, str]) -> dict[str, User]:
    """The users that are here, by the name that the manifest has for them.

    Raises:
        BadInput: a name of the user map that nobody has here.
    """
    here = {name: users.get(name, name) for name in names}
    found = {user.username: user for user in User.objects.filter(username__in={*here.values(), *users.values()})}
    if strangers := sorted(set(users.values()) - found.keys()):
        raise BadInput({"users": [f"There is no user {name!r} here." for name in strangers]})
    return {name: found[named] for name, named in here.items() if named in found}


def save(planned: Plan) -> None:
    """Parents before children; labels before tasks where they are the project's, so that a task is written once."""
    if planned.project is not None:
        planned.project.save(force_insert=True)
        _insert_labels(planned)
        _set_keys(planned)
        _insert(Task, planned.tasks)
    else:
        _insert(Task, planned.tasks)
        _insert_labels(planned)
        _set_keys(planned)
        for task in planned.tasks:
            task.save(update_fields=["label_keys"])
    _insert(Job, planned.jobs)
    _link_replicas(planned)
    _insert(Revision, planned.revisions)
    _insert(Issue, planned.issues)
    _insert(Comment, planned.comments)
    _insert(Guide, planned.guides)
    _insert(Asset, planned.assets)


def _insert_labels(planned: Plan) -> None:
    _insert(Label, planned.labels)
    _insert(Label, planned.sublabels)
    _insert(Attribute, planned.attributes)


def _insert(model: type[models.Model], rows: list[Any]) -> None:
    model._default_manager.bulk_create(rows, batch_size=BATCH)


def _link_replicas(planned: Plan) -> None:
    for job, parent in planned.replicas:
        job.parent = parent
    Job.objects.bulk_update([job for job, _ in planned.replicas], ["parent"], batch_size=BATCH)


def _set_keys(planned: Plan) -> None:
    """Keys stay as they are in the documents; the map leads them to the new labels."""
    labels = {old: row.pk for old, row in planned.origins.get("labels", [])}
    attributes = {old: row.pk for old, row in planned.origins.get("attributes", [])}
    for task, keys in planned.keys:
        task.label_keys = {
            "labels": {str(labels[old]): key for old, key in keys.labels.items() if old in labels},
            "attributes": {str(attributes[old]): key for old, key in keys.attributes.items() if old in attributes},
            "next": keys.next,
        }
