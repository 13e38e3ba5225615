"""Check the live store: the operation `check:store`, which a chore starts once a day.

Each time a share of everything is read and hashed, so that all is read in a month; the indexes of packs are read, and
some of the backups are proved present. Where something is found damaged, or whole again, every backup is looked at, and
what it belongs to in living projects is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import F

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import AlreadyRunning, LabelkeepError
from labelkeep.findings import Finding, Level
from labelkeep.media import proof, vault
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.models import Asset, Job, Task
from labelkeep.snapshots import named
from labelkeep.snapshots.check_backup import check_backup
from labelkeep.snapshots.codec import Get
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.named import Named

KIND = "check:store"
KEY = "action=check&target=store"
SHOWN = 100
AT_LEAST = 50  # backups that are looked at each day, if there are so many

Check = Callable[[], None]


def start_check_store(*, actor: Actor, now: datetime, read_all: bool = False) -> Operation:
    """Start checking the live store; `read_all`: all of it now, not a day's share.

    Raises:
        Forbidden: the actor is no admin. AlreadyRunning: it is under way.
    """
    require(actor, "server:administer", Subject())
    return start(kind=KIND, key=KEY, actor=actor, now=now, target="store", params={"read_all": read_all})


def check_daily(now: datetime) -> None:
    """Start the server's own check."""
    try:
        start(kind=KIND, key=KEY, actor=None, now=now, target="store", params={"read_all": False})
    except AlreadyRunning:
        return


def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler."""
    work.progress(0.0, "The store is being read...")
    return check_store(now=clock.now(), read_all=operation.params["read_all"], check=work.check)


def check_store(*, now: datetime, read_all: bool = False, check: Check = lambda: None) -> dict[str, Any]:
    """Read what is due, or all; then say what that means for backups and projects."""
    before = proof.faulty()
    contents, size = proof.read_share(now, check, days=0 if read_all else proof.DAYS)
    faulty = proof.faulty()
    findings = list(proof.indexes(check))
    damaged = 0
    for backup in _backups(is_all=read_all or faulty != before):
        check()
        state, found = check_backup(backup, now=now, check=check)
        damaged += state == Backup.State.DAMAGED
        findings += [_of_backup(backup, finding) for finding in found[: SHOWN - len(findings)]]
    if faulty:
        findings += _in_living(faulty, vault.live().get_document, check)
    return {
        "contents_read": contents,
        "bytes_read": size,
        "faulty": len(faulty),
        "damaged_backups": damaged,
        "findings": [finding.to_json() for finding in findings[:SHOWN]],
        "findings_count": len(findings),
    }


def _backups(*, is_all: bool) -> Iterator[Backup]:
    """All, or those that were not looked at for the longest time."""
    rows = Backup.objects.order_by(F("checked_date").asc(nulls_first=True), "pk")
    share = rows.count() if is_all else max(AT_LEAST, rows.count() // proof.DAYS + 1)
    for pk in list(rows.values_list("pk", flat=True)[:share]):
        if backup := Backup.objects.filter(pk=pk).first():
            yield backup


def _of_backup(backup: Backup, finding: Finding) -> Finding:
    where = f"backup {backup.pk} of {backup.kind} {backup.source_name!r}, {finding.member}"
    return Finding(finding.level, finding.code, finding.message, where, finding.place)


def _in_living(faulty: set[str], get: Get, check: Check) -> Iterator[Finding]:
    """What is faulty of projects and tasks as they are now."""
    for task in Task.objects.exclude(sources_document="").select_related("project").iterator():
        check()
        where = f"project {task.project.name!r}, task {task.name!r}" if task.project else f"task {task.name!r}"
        try:
            yield from (_lost(item) for item in _of_task(task, where, get) if item.name in faulty)
        except (LabelkeepError, ValueError) as error:
            yield Finding(Level.ERROR, "unreadable", f"a list of its files or annotations is lost: {error}", where)
    for asset in Asset.objects.filter(blob__in=sorted(faulty)[:500]):
        yield _lost(Named(asset.blob, asset.size, f"asset {asset.filename!r} of the guide", "a guide"))


def _of_task(task: Task, where: str, get: Get) -> Iterator[Named]:
    yield from named.of_sources(task.sources_document, where, get)
    yield from named.of_frames(task.frames_document, where, get)
    for id, name in Job.objects.filter(task=task).exclude(document="").values_list("pk", "document"):
        yield from named.of_annotations(name, f"{where}, job {id}", get)


def _lost(item: Named) -> Finding:
    message = f"{item.what} is lost or damaged in the store ({item.name})"
    return Finding(Level.ERROR, "damaged", message, item.where, item.what)
