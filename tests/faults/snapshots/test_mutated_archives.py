"""Archives in which something was changed at random: accepted or refused by name, never anything else, and a refused
one leaves nothing."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.archives import golden_archives, real_archives
from tests.support.backups import members, repacked
from tests.support.mutations import mutated
from tests.support.projects import NOW

from labelkeep.errors import Refused
from labelkeep.snapshots import codec
from labelkeep.snapshots.accept.accept import accept
from labelkeep.snapshots.named import named
from labelkeep.store import MemoryCatalog, Store, open_backend

SOURCES = [path for path in (*golden_archives(), *real_archives()) if path.stat().st_size < 100_000]
ROUNDS = 12


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_changed_archive_is_accepted_or_refused_and_nothing_else(path: Path, tmp_path: Path) -> None:
    original = members(path.read_bytes())
    kind: Any = "project" if "project.json" in original else "task"
    for seed in range(ROUNDS):
        store = Store.create(open_backend("memory://"), server="s", catalog=MemoryCatalog())
        before = [entry.key for entry in store.backend.list("")]
        files = mutated(original, random.Random(f"{path.name}{seed}"))
        if not files:
            continue
        try:
            found = accept(io.BytesIO(repacked(files)), kind=kind, store=store, spool_dir=tmp_path, now=NOW)
        except Refused:
            assert [entry.key for entry in store.backend.list("")] == before
        else:
            _is_whole(found.manifest, store)
        assert list(tmp_path.iterdir()) == []


def _is_whole(manifest: str, store: Store) -> None:
    get: Callable[[str], bytes] = store.get_document
    subject = codec.read_subject(manifest, get)
    assert store.missing((item.name, item.size) for item in named(manifest, subject, get)) == []
