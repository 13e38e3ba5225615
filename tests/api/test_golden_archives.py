"""Every archive that any version of Labelkeep ever wrote restores to what its API said of the original, for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.golden.make_archives import told
from tests.support.api import client_for
from tests.support.archives import GOLDEN, golden_archives
from tests.support.backups import send

from labelkeep.accounts.models import User


@pytest.mark.parametrize("path", golden_archives(), ids=lambda path: str(path.relative_to(GOLDEN)))
def test_a_golden_archive_restores_to_what_it_was(path: Path, alice: User, bob: User) -> None:
    client, kind = client_for(alice), path.name.split(".")[-2]
    operation = send(client, kind, path.read_bytes())
    assert operation.status == "finished", operation.message
    assert [operation.result["not_carried"], operation.result["findings"]] == [[], []]
    assert told(client, kind, operation.result["id"]) == json.loads(path.with_suffix(".expected.json").read_text())


def test_there_are_golden_archives() -> None:
    assert len(golden_archives()) >= 16
