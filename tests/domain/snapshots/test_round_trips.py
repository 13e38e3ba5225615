"""What was backed up comes back: from the store, and from the archive, for every kind of project."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import pytest
from tests.support.kinds import KINDS, LATER

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.media import vault
from labelkeep.projects.models import Project, Task
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.compare import compare
from labelkeep.snapshots.models import Backup
from labelkeep.snapshots.render import archive
from labelkeep.snapshots.restore import restore

# objects of a deleted label are not shown any more, and what is not shown is in no archive
LOST = {"deleted_label": ["/jobs/0/counts/1", "/jobs/0/document"]}


def backup_of(alice: User, thing: Project | Task) -> Backup:
    kind = "project" if isinstance(thing, Project) else "task"
    return capture(actor=Actor.of(alice), kind=kind, id=thing.pk, now=LATER)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_restoring_a_capture_gives_the_same_project(kind: str, alice: User, bob: User, now: datetime) -> None:
    original = backup_of(alice, KINDS[kind](alice, bob))
    get = vault.live().get_document
    made = restore(actor=Actor.of(alice), manifest=original.manifest, get=get, now=now)
    assert made.not_carried == []
    copy = capture(actor=Actor.of(alice), kind=original.kind, id=made.id, now=LATER)  # type: ignore[arg-type]
    assert compare(original.manifest, copy.manifest, get) == []
    assert copy.counts == original.counts
    assert original.state == Backup.State.COMPLETE


@pytest.mark.parametrize("kind", KINDS)
def test_accepting_a_rendering_gives_the_same_manifest(
    kind: str, alice: User, bob: User, now: datetime, tmp_path: Path
) -> None:
    store, original = vault.live(), backup_of(alice, KINDS[kind](alice, bob))
    data = b"".join(archive.plan(original.manifest, store, now).stream())
    found = accept(io.BytesIO(data), kind=original.kind, store=store, spool_dir=tmp_path, now=now)  # type: ignore[arg-type]
    assert [finding for finding in found.findings if finding.level != "note"] == []
    different = [finding.place for finding in compare(original.manifest, found.manifest, store.get_document)]
    assert different == LOST.get(kind, [])
    assert list(tmp_path.iterdir()) == []
    assert (found.manifest == original.manifest) is (kind not in LOST)
