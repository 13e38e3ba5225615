"""Restore a backup that is kept as a new project or task: the operations `restore:project` and `restore:task`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import orjson

from labelkeep import clock
from labelkeep.accounts.actor import SANDBOX, Actor
from labelkeep.accounts.models import Organization
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, Conflict, Forbidden
from labelkeep.media import space, vault
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.quotas import FREE, Home, Room, room
from labelkeep.snapshots import named
from labelkeep.snapshots.backup_queries import get_backup
from labelkeep.snapshots.collector import collecting_rarely
from labelkeep.snapshots.contents import Contents, contents_of
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.plan import Plan
from labelkeep.snapshots.restore import apply, prepare
from labelkeep.snapshots.selection import ALL, Selection, choose

KINDS = ("restore:project", "restore:task")


def start_restore(
    *,
    actor: Actor,
    now: datetime,
    id: UUID,
    name: str = "",
    users: Mapping[str, str] | None = None,
    selection: Selection = ALL,
) -> Operation:
    """Start restoring a backup as a new project or task, in the organization that the request names.

    `name`: what it is called, if not as before. `users`: usernames of the backup → usernames here. `selection`: what of
    it to take.

    Raises:
        NotFound: there is no such backup. Forbidden: the actor may not have it, or not create there.
        BadInput: a name that is too long, a part that it does not have.
        Conflict: it is known to be damaged, or the quota does not allow it. StoreFull: there is no room on the disk.
        AlreadyRunning: the same is under way.
    """
    backup = _restorable(actor, id, name)
    space.require(0, "A restore")
    get, left = vault.live().get_document, room_of(actor)
    if selection or left != FREE:  # else there is nothing to be refused, and a whole project need not be read
        chosen = choose(backup.manifest, get, selection)
        _require_room(left, backup.kind, contents_of(chosen.subject, chosen.tasks, get))
    params = {
        "backup": str(backup.pk),
        "name": name,
        "users": dict(users or {}),
        "selection": msgspec.to_builtins(selection),
    }
    choices = orjson.dumps([params, actor.organization_id], option=orjson.OPT_SORT_KEYS)
    return start(
        kind=f"restore:{backup.kind}",
        key=keys.restore_backup(backup.kind, backup.pk, actor.id, hashlib.sha256(choices).hexdigest()[:8]),
        actor=actor,
        now=now,
        params=params,
        organization_id=actor.organization_id,
    )


def plan_restore(
    *,
    actor: Actor,
    now: datetime,
    id: UUID,
    name: str = "",
    users: Mapping[str, str] | None = None,
    selection: Selection = ALL,
) -> Plan:
    """What `start_restore` with the same choices would make. Nothing is written.

    Raises:
        NotFound, Forbidden, BadInput, Conflict: as `start_restore`; and BadInput where `users` leads to nobody.
    """
    backup = _restorable(actor, id, name)
    origin = _origin_of(backup)
    get = vault.live().get_document
    return prepare(
        actor=actor, manifest=backup.manifest, get=get, now=now, origin=origin, name=name, users=users,
        selection=selection,
    )  # fmt: skip


def _restorable(actor: Actor, id: UUID, name: str) -> Backup:
    backup = get_backup(actor, id, "backup:download")
    require(actor, "backup:restore", Subject(organization_id=actor.organization_id, owner=actor.id))
    if len(name) > 256:
        raise BadInput({"name": ["Ensure this field has no more than 256 characters."]})
    if backup.state == Backup.State.DAMAGED:
        raise Conflict("The backup is damaged; its findings say where. Choose another one, or repair it first.")
    return backup


def room_of(actor: Actor) -> Room:
    """What the quota leaves where the actor restores to."""
    return room(Home(actor.id, actor.organization_id))


def _require_room(left: Room, kind: str, contents: Contents) -> None:
    left.require(projects=int(kind == "project"), bytes=contents.size)


def _origin_of(backup: Backup) -> dict[str, str]:
    return {"server": vault.live().server, "backup": str(backup.pk)}


@collecting_rarely()
def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler: documents of a part where a part was chosen, then rows in one transaction with the end."""
    actor, store, params = actor_of(operation), vault.live(), operation.params
    backup = get_backup(actor, UUID(params["backup"]), "backup:download")
    work.progress(0.1, "The restore is being planned...")
    named.rescue(backup.manifest, store)
    planned = prepare(
        actor=actor,
        manifest=backup.manifest,
        get=store.get_document,
        now=clock.now(),
        origin=_origin_of(backup),
        name=params["name"],
        users=params["users"],
        selection=msgspec.convert(params.get("selection", {}), Selection),
        put=store.put_document,
        spool_dir=work.tmp,
    )
    _require_room(room_of(actor), backup.kind, planned.contents)
    with work.publish() as publication:
        result = {**apply(planned).to_json(), "backup": str(backup.pk)}
        publication.finish(result)
    return result


def actor_of(operation: Operation) -> Actor:
    """Who asked, where he asked.

    Raises:
        Forbidden: he or the organization is gone.
    """
    if operation.owner is None:
        raise Forbidden("The user who asked for this is gone")
    if operation.organization_id is None:
        return Actor.of(operation.owner, SANDBOX)
    organization = Organization.objects.filter(pk=operation.organization_id).first()
    if organization is None:
        raise Forbidden("The organization to restore into is gone")
    return Actor.of(operation.owner, organization)
