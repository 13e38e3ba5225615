"""Prune the live store: what no project, backup, upload or operation needs is condemned, and removed after a grace.

The operation `prune:store`, started by admins and once a day by a chore. Killed at any instant, the next one goes on:
whatever was dropped from the catalog and not from the store is found by `sweep` again, and condemned anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Min

from labelkeep import clock, store
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import AlreadyRunning, BadInput
from labelkeep.findings import Finding
from labelkeep.media import space, uploads, vault
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.snapshots import caches, needed, strays
from labelkeep.store import Store
from labelkeep.store import prune as pruning
from labelkeep.store.needed import Needed

KIND = "prune:store"
KEY = "action=prune&target=store"
GRACE = timedelta(days=1)  # longer than any request, and than any download that goes on without a break
SHOWN = 100  # findings in the result

Check = Callable[[], None]


@dataclass
class Pruned:
    """What prune did, or would do. Bytes are as stored."""

    dry_run: bool
    needed: int = 0  # contents that something needs
    needed_bytes: int = 0
    unneeded: int = 0  # contents that nothing needs; they go once their grace is over
    unneeded_bytes: int = 0
    due: int = 0  # of these, those whose grace is over
    due_bytes: int = 0
    stray_manifests: int = 0  # removed (to be removed) because no backup answers for them
    removed_objects: int = 0
    removed_bytes: int = 0
    repacked: int = 0
    stopped: bool = False  # nothing was removed: see the findings
    findings: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For the operation's result."""
        return asdict(self)


def start_prune(
    *, actor: Actor, now: datetime, dry_run: bool = False, grace: timedelta = GRACE, force: bool = False
) -> Operation:
    """Start pruning the live store.

    `grace` below a day is for a server on which nobody works. `force`: also where a document is lost, so that what it
    names goes too.

    Raises:
        Forbidden: the actor is no admin. BadInput: a negative grace. AlreadyRunning: it is under way.
    """
    require(actor, "server:administer", Subject())
    if grace < timedelta(0):
        raise BadInput({"grace_hours": ["Ensure this value is greater than or equal to 0."]})
    params = {"dry_run": dry_run, "grace": grace.total_seconds(), "force": force}
    return start(kind=KIND, key=KEY, actor=actor, now=now, target="store", params=params)


def prune_daily(now: datetime) -> None:
    """Start the server's own prune."""
    params = {"dry_run": False, "grace": GRACE.total_seconds(), "force": False}
    try:
        start(kind=KIND, key=KEY, actor=None, now=now, target="store", params=params)
    except AlreadyRunning:
        return


def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    work.progress(0.0, "What is needed is being worked out...")
    params = operation.params
    return prune(
        now=clock.now(),
        grace=timedelta(seconds=params["grace"]),
        dry_run=params["dry_run"],
        force=params["force"],
        check=work.check,
    ).to_json()


def prune(
    *,
    now: datetime,
    grace: timedelta = GRACE,
    dry_run: bool = False,
    force: bool = False,
    check: Check = lambda: None,
) -> Pruned:
    """Condemn what nobody needs at this moment, and remove what was condemned a grace ago and is unneeded still."""
    live, before = vault.live(), _before(now, grace)
    pruned = Pruned(dry_run)
    if not dry_run:
        space.give_up_reserve()
        store.sweep(live, now, uploads=uploads.known_to_store())
        strays.note(live, now)
        pruned.stray_manifests = strays.remove(live, before)
        caches.drop_unused(live, before)
    else:
        pruned.stray_manifests = len(strays.due(before))
    names = Needed()
    try:
        lost = needed.work_out(live, names, check)
        _condemn(live, names, pruned, now, before, check)
    finally:
        names.close()
    pruned.stopped = bool(lost) and not force
    pruned.findings = [finding.to_json() for finding in lost[:SHOWN]]
    if not dry_run and not pruned.stopped:
        _remove(live, pruned, _before(_not_before(now), grace), check)  # without a grace, what was marked just now too
    return pruned


def _before(now: datetime, grace: timedelta) -> datetime:
    """Only what was condemned up to here may go: a grace ago, and before anything that is under way began.

    An operation may refer to what it met at its start; it has rescued that then, which a later mark undid.
    """
    others = Operation.objects.filter(status=Status.STARTED).exclude(kind=KIND)
    oldest = others.aggregate(oldest=Min("started_date"))["oldest"]
    return min(now - grace, oldest) if oldest else now - grace


def _condemn(live: Store, names: Needed, pruned: Pruned, now: datetime, before: datetime, check: Check) -> None:
    moment = partial(_not_before, now)
    seen = pruning.condemn(live, names, moment, before, dry_run=pruned.dry_run, check=check)
    pruned.needed, pruned.needed_bytes = seen.needed, seen.needed_bytes
    pruned.unneeded, pruned.unneeded_bytes = seen.unneeded, seen.unneeded_bytes
    pruned.due, pruned.due_bytes = seen.due, seen.due_bytes


def _not_before(now: datetime) -> datetime:
    """The time as it is when something is marked."""
    return max(now, clock.now())


def _remove(live: Store, pruned: Pruned, before: datetime, check: Check) -> None:
    removed = pruning.remove(live, before, check=check)
    pruned.removed_objects, pruned.removed_bytes = removed.objects, removed.bytes
    pruned.repacked = removed.repacked
    shown: list[Finding] = removed.findings[:SHOWN]
    pruned.findings += [finding.to_json() for finding in shown]
