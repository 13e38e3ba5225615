"""Check one backup: the operation `check:backup`. Quick: all that it names is there. Full: all of it is read too.

What lists other content (manifests, indexes, pages) is read in either. What is wrong becomes a finding that names
project, task and file; the backup is damaged then, and complete again when a later check finds it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.errors import LabelkeepError, Refused, StoreError
from labelkeep.findings import Finding, Level
from labelkeep.media import proof, vault
from labelkeep.media.models import StoredObject
from labelkeep.operations import keys as request_ids
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.snapshots import codec, named
from labelkeep.snapshots.backup_queries import get_backup
from labelkeep.snapshots.codec import Get, Subject
from labelkeep.snapshots.manifest import ProjectManifest, Root, TaskManifest
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.named import Named
from labelkeep.store import Store, keys

KIND = "check:backup"
CODES = frozenset({"missing", "damaged", "unreadable", "refused"})  # of findings that a check makes
SHOWN = 100
_BATCH = 500

Check = Callable[[], None]


@dataclass
class Judged:
    """What a check has found. `read` is the oldest reading of all that the backup names; None: some was never read."""

    findings: list[Finding] = field(default_factory=list)
    read: datetime | None = None
    never_read: bool = False

    def see(self, at: datetime | None) -> None:
        """One more content, read then."""
        self.never_read |= at is None
        if at is not None:
            self.read = min(self.read or at, at)


def start_check(*, actor: Actor, now: datetime, id: UUID, read: bool = False) -> Operation:
    """Start checking a backup; `read`: by reading all of it.

    Raises:
        NotFound, Forbidden: as `get_backup`. AlreadyRunning: it is under way.
    """
    backup = get_backup(actor, id)
    return start(
        kind=KIND,
        key=str(request_ids.Key("check", backup.kind, id=str(backup.pk))),
        actor=actor,
        now=now,
        target=backup.kind,
        params={"backup": str(backup.pk), "read": read},
    )


def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    backup = Backup.objects.filter(pk=operation.params["backup"]).first()
    if backup is None:
        return {"backup": operation.params["backup"], "is_gone": True}
    work.progress(0.0, "The backup is being read..." if operation.params["read"] else "The backup is being checked...")
    state, findings = check_backup(backup, now=clock.now(), read=operation.params["read"], check=work.check)
    return {"backup": str(backup.pk), "state": state, "findings": [finding.to_json() for finding in findings[:SHOWN]]}


def check_backup(
    backup: Backup, *, now: datetime, read: bool = False, check: Check = lambda: None
) -> tuple[str, list[Finding]]:
    """Check a backup and write down its state; returns that and the findings."""
    judged = judge(backup, now=now, read=read, check=check)
    is_whole = not any(finding.is_error for finding in judged.findings)
    state = Backup.State.COMPLETE if is_whole else Backup.State.DAMAGED
    kept = [finding for finding in backup.findings if finding.get("code") not in CODES]
    Backup.objects.filter(pk=backup.pk).update(
        state=state,
        findings=[*kept, *(finding.to_json() for finding in judged.findings[:SHOWN])],
        checked_date=now,
        read_date=judged.read if is_whole and not judged.never_read else None,
    )
    return state, judged.findings


def judge(backup: Backup, *, now: datetime, read: bool, check: Check = lambda: None) -> Judged:
    """Look at all that a backup names, and write down nothing but what was read."""
    store, judged = vault.live(), Judged()
    judged.findings += _of_root(backup, store)
    for contents in _contents(backup, store.get_document, judged.findings):
        while batch := list(islice(contents, _BATCH)):
            check()
            if read:
                proof.read_back([item.name for item in batch], now, check)
            _judge(batch, store, judged)
    return judged


def _of_root(backup: Backup, store: Store) -> list[Finding]:
    key = keys.manifest(str(backup.source_uuid), backup.created_date, str(backup.pk))
    try:
        root = codec.decode(store.get_manifest(key), Root)
    except LabelkeepError as error:
        return [_finding(error, "the manifest in the store", key)]
    if root.subject != backup.manifest:
        message = "the manifest in the store names another content than the backup's row"
        return [Finding(Level.ERROR, "damaged", message, key)]
    return []


def _contents(backup: Backup, get: Get, findings: list[Finding]) -> Iterator[Iterator[Named]]:
    """What the backup names, task by task, so that one that cannot be read does not hide the others."""
    where = f"{backup.kind} {backup.source_name!r}"
    try:
        subject = codec.read_subject(backup.manifest, get)
    except LabelkeepError as error:
        findings.append(_finding(error, "the manifest", where))
        return
    yield _careful(_of_subject(backup.manifest, subject, get), where, findings)
    for name in subject.tasks if isinstance(subject, ProjectManifest) else [backup.manifest]:
        yield _careful(_of_task(name, get), f"{where}, a task", findings)


def _of_subject(name: str, subject: Subject, get: Get) -> Iterator[Named]:
    where = f"{subject.kind} {subject.name!r}"
    yield Named(name, len(get(name)), "the manifest", where)
    if isinstance(subject, ProjectManifest):
        yield from named.of_guide(subject.guide, where)


def _of_task(name: str, get: Get) -> Iterator[Named]:
    data = get(name)
    task = codec.decode(data, TaskManifest)
    yield Named(name, len(data), "the task's manifest", f"task {task.name!r}")
    yield from named.of_task(task, get)


def _careful(items: Iterator[Named], where: str, findings: list[Finding]) -> Iterator[Named]:
    """The items, until a list of them cannot be read."""
    try:
        yield from items
    except Refused as error:
        findings += error.findings
    except (LabelkeepError, ValueError) as error:
        findings.append(_finding(error, "a list of its content", where))


def _judge(batch: list[Named], store: Store, judged: Judged) -> None:
    missing = set(store.missing((item.name, item.size) for item in batch))
    names = [item.name for item in batch]
    rows = StoredObject.objects.filter(name__in=names).values_list("name", "read_at", "fault")
    known = {name: (read_at, fault) for name, read_at, fault in rows}
    for item in batch:
        read_at, fault = known.get(item.name, (None, "missing"))
        if item.name in missing:
            judged.findings.append(_lost(item, "missing"))
        elif fault:
            judged.findings.append(_lost(item, fault))
        judged.see(read_at)


def _lost(item: Named, code: str) -> Finding:
    words = {
        "missing": "is missing from the store, or has another size",
        "damaged": "is not what it was: its bytes have changed",
        "unreadable": "cannot be read from the store",
    }
    return Finding(Level.ERROR, code, f"{item.what} {words[code]} ({item.name})", item.where, item.what)


def _finding(error: Exception, what: str, where: str) -> Finding:
    code = proof.code_of(error) if isinstance(error, StoreError) else "damaged"
    return Finding(Level.ERROR, code, f"{what} cannot be read: {error}", where)
