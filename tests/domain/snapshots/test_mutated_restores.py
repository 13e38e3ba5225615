"""Whatever is accepted can be restored, and backed up again: no accepted archive breaks a row."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import golden_archives
from tests.support.backups import members, repacked
from tests.support.mutations import mutated
from tests.support.projects import NOW

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import Refused
from labelkeep.media import vault
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.restore import restore

ROUNDS = 6


@pytest.mark.parametrize("path", golden_archives(), ids=lambda path: path.stem)
def test_a_changed_archive_that_is_accepted_restores(path: Path, alice: User, tmp_path: Path) -> None:
    kind: Any = path.name.split(".")[-2].removesuffix("s")
    original, store, actor = members(path.read_bytes()), vault.live(), Actor.of(alice)
    for seed in range(ROUNDS):
        files = mutated(original, random.Random(f"rows {path.name}{seed}"))
        try:
            found = accept(io.BytesIO(repacked(files)), kind=kind, store=store, spool_dir=tmp_path, now=NOW)
        except Refused:
            continue
        made = restore(actor=actor, manifest=found.manifest, get=store.get_document, now=NOW)
        assert capture(actor=actor, kind=kind, id=made.id, now=NOW).counts
